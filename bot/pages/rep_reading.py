"""The rep's pages, read from what is kept: who is on the list, why now, what speaks against, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.copy_keys import MOMENTS
from bot.pages import rep_labels as labels
from bot.pages.rep_views import (
    BroadcastRow,
    Choice,
    Objection,
    Part,
    Question,
    RepBroadcastView,
    RepCardView,
    RepListView,
    RepManyView,
    RepPosterView,
    Row,
    Talk,
)
from bot.words import Words
from referral import best_hour, hours, nudges, poster_links, rep_list, scoring
from referral.broadcasts import FEWEST, BroadcastState, Target
from referral.campaigns import Campaign
from referral.changes import changes_of
from referral.decisions import Customer, Route, Send, gate_of
from referral.due_rows import ENDS_ASKS
from referral.facts import Facts
from referral.floor import barrier
from referral.history import history_of
from referral.nudges import ON_THE_LIST, Nudge, NudgeState, Purpose, Stop, Wait
from referral.people import Rep
from referral.scoring import Reason
from referral.wording import lint
from storage.transaction import Transaction

_CHIPS = 3
_LONGEST_TEASER = 40  # characters of a broadcast's text on the list
_WAIT_S = 5  # before a page looks again


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Reads one rep's pages at one moment."""

    tx: Transaction
    facts: Facts
    words: Words
    rep: Rep
    now: datetime

    def today(self, after: str | None = None) -> RepListView:
        """The whole list; `after` is the customer to whom the rep has just turned."""
        on_list = rep_list.today(self.tx, self.rep.id, self.now)
        waiting, known, in_broadcasts = on_list.waiting, on_list.known, self._carried()
        return RepListView(
            company=self.facts.company,
            rep=self.rep.name,
            day=labels.day(self.now),
            rows=tuple(self._row(nudge, known.get(nudge.person)) for nudge in on_list.asks),
            questions=tuple(
                Question(id=n.id, name=_name(known.get(n.person)), words=n.words) for n in on_list.questions
            ),
            unconfirmed=tuple(n.id for n in on_list.asks if _is_unconfirmed(n) and n.id not in in_broadcasts),
            broadcasts=tuple(self._broadcasts()),
            first=waiting[0].id if waiting else None,
            many=len(self._reachable(waiting)) >= FEWEST,
            talk=self.talk(after),
            withdrawn=on_list.withdrawn,
        )

    def card(self, nudge: Nudge, after: str | None = None) -> RepCardView:
        """One customer."""
        asks = [n for n in self.tx.nudges.on_list(self.rep.id, self.now) if n.purpose is Purpose.ASK]
        customer = self._customer(nudge)
        places = [each.id for each in asks]
        place = places.index(nudge.id) if nudge.id in places else None
        is_open = nudge.state is NudgeState.LISTED and place is not None
        held, against, change = self._against(nudge, customer) if is_open else (None, (), "")
        return RepCardView(
            company=self.facts.company,
            row=self._row(nudge, customer),
            words=nudge.words,
            place=f"{place + 1} / {len(places)}" if place is not None else "",
            previous=places[place - 1] if place else None,
            next=places[place + 1] if place is not None and place + 1 < len(places) else None,
            against=against,
            change=change,
            held=held,
            objections=self.objections(nudge.words) if is_open else (),
            skips=tuple(labels.SKIPS.items()),
            poster=place is not None and self._campaign(nudge) is not None,
            onwards=None if is_open else self.next_waiting(nudge),
            person=nudge.person,
            own_talk=self.talk(nudge.id),
            talk=self.talk(after) if after != nudge.id else None,
        )

    def next_waiting(self, nudge: Nudge) -> str | None:
        """The next customer still to be asked: after this one in the list's order, else from its beginning."""
        asks = [n for n in self.tx.nudges.on_list(self.rep.id, self.now) if n.purpose is Purpose.ASK]
        behind = [n.id for n in asks if n.state is NudgeState.LISTED and (-n.score, n.id) > (-nudge.score, nudge.id)]
        before = [n.id for n in asks if n.state is NudgeState.LISTED and (-n.score, n.id) < (-nudge.score, nudge.id)]
        return next(iter([*behind, *before]), None)

    def talk(self, nudge_id: str | None) -> Talk | None:
        """The customer to whom the rep has turned and of whom she has not told yet whether it was said."""
        nudge = self.own(nudge_id) if nudge_id else None
        if nudge is None or not _is_unconfirmed(nudge) or nudge.id in self._carried():
            return None
        customer = self._customer(nudge)
        held = barrier(customer.moment, self.facts.policy, self.now) if customer else None
        if held and held.code in ENDS_ASKS:
            return None
        return Talk(
            id=nudge.id,
            name=_name(customer),
            words=nudge.words,
            handle=self.tx.broadcasts.handles(self.rep.id, [nudge.person]).get(nudge.person),
        )

    def own(self, nudge_id: str) -> Nudge | None:
        """One of this rep's nudges; nobody else's."""
        nudge = self.tx.nudges.get(nudge_id)
        return nudge if nudge and nudge.rep == self.rep.id else None

    def poster(self, nudge: Nudge) -> RepPosterView | None:
        """The poster that was made for this customer, None where none was."""
        campaign, person = self._campaign(nudge), self.tx.people.get(nudge.person)
        if campaign is None or person is None:
            return None
        mine = [code for code in self.tx.codes.of_advocate(person.id) if code.campaign == campaign.id]
        code = next((code.code for code in mine if not code.channel), None)
        if code is None:
            return None
        terms = self.tx.campaigns.terms(campaign.id, campaign.version)
        link = poster_links.link_in_words(self.tx, self.facts, code)
        history = history_of(self.tx, person.id)
        said = self.words.share(
            person, campaign, terms, edition="friend", link=link, code=code, now=self.now, history=history
        )
        return RepPosterView(
            company=self.facts.company,
            id=nudge.id,
            name=_name(self._customer(nudge)),
            campaign=campaign.name,
            code_spaced=f"{code[:4]} {code[4:]}",
            poster_url=f"/p/{code}.jpg?edition=friend",
            link=link,
            words=said,
            next=self.next_waiting(nudge),
        )

    def many(self, chosen: Sequence[str] = (), words: str = "") -> RepManyView:
        """Who can get one text together; with `words` as the rep left them."""
        waiting = self.reachable()
        known = self._customers(waiting)
        choices = [
            Choice(
                id=nudge.id,
                name=_name(known.get(nudge.person)),
                chips=self._chips(nudge, known.get(nudge.person))[:1],
                chosen=nudge.id in chosen,
            )
            for nudge in waiting
        ]
        text = words or self._text_for_many(waiting)
        return RepManyView(
            company=self.facts.company, choices=tuple(choices), words=text, objections=self.objections(text)
        )

    def reachable(self) -> list[Nudge]:
        """Those still to be asked who are the rep's contacts at the platform."""
        asks = [n for n in self.tx.nudges.on_list(self.rep.id, self.now) if n.purpose is Purpose.ASK]
        return self._reachable([nudge for nudge in asks if nudge.state is NudgeState.LISTED])

    def broadcast(self, broadcast_id: str) -> RepBroadcastView | None:
        """How one of the rep's broadcasts stands."""
        found = self.tx.broadcasts.get(broadcast_id)
        if found is None or found.rep != self.rep.id:
            return None
        targets = self.tx.broadcasts.targets(broadcast_id)
        known = {c.moment.person: c for c in self.tx.customers.load([t.person for t in targets], self.now)}
        title, _, advice = labels.STANDS[found.state]
        return RepBroadcastView(
            company=self.facts.company,
            title=title,
            advice=advice,
            text=found.text,
            parts=tuple(_part(target, known.get(target.person), found.state) for target in targets),
            refresh_s=_WAIT_S if found.state is BroadcastState.QUEUED else None,
        )

    def is_carried(self, nudge: Nudge) -> bool:
        """Whether an ask travels in a broadcast, so that the platform tells what came of it."""
        return nudge.id in self._carried()

    def broadcast_of(self, nudge_ids: Sequence[str]) -> str | None:
        """The broadcast that carries one of these asks already."""
        carried = self._carried()
        return next((carried[each] for each in nudge_ids if each in carried), None)

    def held_words(self, held: Mapping[str, Wait | Stop]) -> tuple[str, ...]:
        """Who could not be written to together with the others, and why."""
        found = [nudge for nudge in map(self.own, held) if nudge]
        known = self._customers(found)
        return tuple(f"{labels.short(_name(known.get(n.person)), 16)}：{self._why_held(held[n.id])}" for n in found)

    def objections(self, words: str) -> tuple[Objection, ...]:
        """What in the rep's words may not be said to a customer."""
        found = lint(words, edition="friend", industry=self.facts.industry)
        return tuple(Objection(text=each.text, why=each.why, suggestion=each.suggestion) for each in found)

    def _row(self, nudge: Nudge, customer: Customer | None) -> Row:
        gate = gate_of(customer, self.now) if customer and nudge.state is NudgeState.LISTED else None
        row = Row(
            id=nudge.id,
            name=_name(customer),
            state="waiting",
            label="待聊",
            chips=(*self._chips(nudge, customer), *self._hour(nudge, customer)),
            gate=self.words.say(f"gate.{gate.value}") if gate else None,
        )
        match nudge.state:
            case NudgeState.LISTED if nudge.expires_at and nudge.expires_at <= self.now:
                return replace(row, state="over", label="已过期", tone="off", note=labels.OVER["expired"])
            case NudgeState.LISTED | NudgeState.QUEUED:
                return row
            case NudgeState.SENT:
                note = labels.CAME.get(nudge.outcome or "", "" if nudge.delivered_at else "还没告诉我们发了没有")
                return replace(row, state="said", label="已聊", tone="good", note=note)
            case NudgeState.ENDED:
                return self._over(row, nudge.outcome or "")

    def _over(self, row: Row, outcome: str) -> Row:
        if outcome.startswith("skipped:"):
            why = labels.SKIPS.get(outcome.removeprefix("skipped:"), "")
            return replace(row, state="skipped", label="跳过", tone="off", note=why)
        return replace(row, state="over", label="先不问", tone="off", note=self._why_over(outcome))

    def _why_over(self, outcome: str) -> str:
        code = outcome.removeprefix("dropped:")
        if code in MOMENTS:
            return self._reason(code, "")
        return labels.OVER.get(outcome, "情况有变，这次先不问了。")

    def _why_held(self, verdict: Wait | Stop) -> str:
        return self._not_before(verdict.until) if isinstance(verdict, Wait) else self._why_over(verdict.why)

    def _chips(self, nudge: Nudge, customer: Customer | None) -> tuple[str, ...]:
        """Why now: as it is while the customer waits, as it was once they were asked."""
        told = list(nudge.reasons)
        if customer and nudge.state is NudgeState.LISTED:
            speaks_for, _ = scoring.reasons(customer.moment, self.now, self.tx.models.current().weights)
            told = [(reason.code, reason.value) for reason in speaks_for] or told
        return tuple(self._reason(code, value) for code, value in told[:_CHIPS] if code in MOMENTS)

    def _hour(self, nudge: Nudge, customer: Customer | None) -> tuple[str, ...]:
        """When this customer is used to writing, where that is plain."""
        if customer is None or not customer.moment.may_be_learned or nudge.state is not NudgeState.LISTED:
            return ()
        hour = best_hour.habit(customer.moment.hours, self.tx.models.current().hours)
        return () if hour is None else (self._reason("hour", f"{hour} 点"),)

    def _against(self, nudge: Nudge, customer: Customer | None) -> tuple[str | None, tuple[str, ...], str]:
        """Why the customer may not be asked now, if so; what speaks against it in any case; what would change it."""
        if customer is None:
            return self._why_over("dropped:unknown"), (), ""
        why, verdict = nudges.objection(self.tx, self.facts, nudge, customer, Route.REP, now=self.now)
        bars = () if isinstance(verdict.decision, Send) else verdict.why
        told = [each for each in (*bars, *verdict.against) if each.code != why]
        against = tuple(self._reason(each.code, each.value) for each in told)
        changes = changes_of(verdict) if bars or nudge.state is NudgeState.LISTED else (Reason("change.answer"),)
        change = "；".join(self._reason(each.code, each.value) for each in changes)
        if why:
            return self._why_over(f"dropped:{why}"), against, change
        if not hours.are_open(self.facts.hours, self.now, self.facts.workdays):
            opening = hours.next_opening(self.facts.hours, self.now, self.facts.workdays)
            return self._not_before(opening), against, change
        return None, against, change

    def _reason(self, code: str, value: str) -> str:
        return self.words.moment(code, value)

    def _not_before(self, until: datetime) -> str:
        return f"现在不是打扰的时候，最早{labels.when(until, self.now)} 可以聊。"

    def _campaign(self, nudge: Nudge) -> Campaign | None:
        campaign = self.tx.campaigns.get(nudge.campaign) if nudge.campaign else None
        return None if campaign is None or campaign.is_over(self.now) else campaign

    def _customers(self, found: Sequence[Nudge]) -> dict[str, Customer]:
        return {c.moment.person: c for c in self.tx.customers.load([n.person for n in found], self.now)}

    def _customer(self, nudge: Nudge) -> Customer | None:
        return next(iter(self.tx.customers.load([nudge.person], self.now, ignoring=nudge.id)), None)

    def _reachable(self, waiting: Sequence[Nudge]) -> list[Nudge]:
        handles = self.tx.broadcasts.handles(self.rep.id, [nudge.person for nudge in waiting])
        return [nudge for nudge in waiting if nudge.person in handles]

    def _text_for_many(self, waiting: Sequence[Nudge]) -> str:
        """A suggestion that fits everybody: no name, no moment of anybody's own."""
        campaign = self._campaign(waiting[0]) if waiting else None
        if campaign is None:
            return ""
        offer = self.words.offer(campaign.pack, self.tx.campaigns.terms(campaign.id, campaign.version))
        return self.words.say("nudge.open_plain") + self.words.say("nudge.rep_help_1", offer)

    def _broadcasts(self) -> list[BroadcastRow]:
        found = self.tx.broadcasts.of_rep(self.rep.id, self.now - ON_THE_LIST)
        return [
            BroadcastRow(
                id=b.id,
                text=labels.short(b.text, _LONGEST_TEASER),
                label=labels.STANDS[b.state][0],
                tone=labels.STANDS[b.state][1],
            )
            for b in found
        ]

    def _carried(self) -> dict[str, str]:
        """The asks that travel in broadcasts, each with its own: the platform tells what came of those, not the rep."""
        return self.tx.broadcasts.carried(self.rep.id, self.now - ON_THE_LIST - timedelta(days=1))


def _is_unconfirmed(nudge: Nudge) -> bool:
    """Whether only the rep knows if it was said; what came of it tells as well as her word."""
    is_said = nudge.purpose is Purpose.ASK and nudge.state is NudgeState.SENT
    return is_said and nudge.delivered_at is None and nudge.outcome is None


def _name(customer: Customer | None) -> str:
    return (customer.name if customer else "") or labels.NAMELESS


def _part(target: Target, customer: Customer | None, state: BroadcastState) -> Part:
    label, tone = labels.ENDS[target.end]
    if target.end is None and state is BroadcastState.QUEUED:
        label = "准备中"
    return Part(name=_name(customer), label=label, tone=tone)
