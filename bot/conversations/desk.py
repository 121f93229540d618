"""The desk chat performed: looks up what the flow must know, takes its actions, and posts the answers.

Everything happens in the caller's transaction; nothing here waits or sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from bot.conversations.account import Account, account_of
from bot.words import Words
from referral import codes, notices, orders
from referral.campaigns import Campaign, current
from referral.consent import NUDGES, Answer, Consent
from referral.contacts import WELCOME_WITHIN
from referral.conversations.actions import (
    Action,
    AskDisclosure,
    AskWhich,
    CallPerson,
    CountMiss,
    Disclose,
    GivePoster,
    NoteDeclared,
    Say,
    SetByline,
    ShowMenu,
    StopReminders,
    TellProgress,
    TellRules,
    TellWhy,
    TouchCode,
)
from referral.conversations.flow import Chat, Situation, Standing, step
from referral.conversations.heard import (
    Heard,
    MistypedCode,
    TypedCode,
    hear,
)
from referral.events import DeskEntered, DeskSaid, DeskSendFailed
from referral.facts import Facts
from referral.framing import pronoun_for
from referral.ids import Bits
from referral.messages import (
    DeskGreeting,
    DeskMenu,
    DeskPoster,
    DeskText,
    FetchProfile,
    HandOver,
    MenuItem,
    Message,
    RepText,
)
from referral.outbox import Purpose, post
from referral.people import Person, find_or_create
from referral.referrals import Disclosure, ReferralStatus
from referral.shares import Share, ShareLevel
from referral.times import chinese_date
from referral.touches import TouchKind, touch_by_code
from storage.transaction import Transaction

MISSES = 5
MISS_SPAN = timedelta(minutes=10)
_LISTED = 8  # friends named in one bubble


@dataclass(slots=True)
class DeskTalk:
    """One message of one customer being answered: written at `said_at`, read `now`."""

    tx: Transaction
    facts: Facts
    words: Words
    desk: str
    handle: str
    person: Person
    said_at: datetime
    now: datetime
    rng: Bits
    typed: str = ""
    met: str = ""

    def answer(self, heard: Heard, evidence: str) -> None:
        """Take the flow one step and do what it says."""
        chat = Chat.read(self.tx.conversations.get(self.desk, self.person.id))
        after, actions = step(chat, heard, self._situation(heard), self.now)
        for action in actions:
            self._do(action, evidence)
        if after != chat:
            self.tx.conversations.save(self.desk, self.person.id, after.keep(), self.now)
        notices.deliver(self.tx, self.facts, self.person.id, now=self.now, rng=self.rng, answering=True)

    def _situation(self, heard: Heard) -> Situation:
        campaign = current(self.tx, now=self.now)
        standing = None
        if isinstance(heard, TypedCode):
            standing = self._standing(heard.code)
        elif isinstance(heard, MistypedCode):
            standing = self._near(heard.typed)
        return Situation(
            campaign_runs=campaign is not None,
            has_code=campaign is not None and self._own_code(campaign) is not None,
            standing=standing,
            question=self._unasked(),
        )

    def _standing(self, code: str) -> Standing:
        known = self.tx.codes.find(code)
        if known is None:
            return self._near(code)
        if self._is_guessing() and known.advocate != self.person.id and not self._has_met(known.code):
            return Standing.TRIES
        campaign = self.tx.campaigns.get(known.campaign)
        self.met = known.code
        if known.advocate == self.person.id:
            return Standing.OWN
        if campaign is None or campaign.is_over(self.said_at):
            return Standing.ENDED
        if not campaign.has_begun(self.said_at):
            return Standing.EARLY
        mine = [r for r in self.tx.referrals.of_friend(self.person.id) if r.code == known.code]
        if any(r.status in (ReferralStatus.PENDING, ReferralStatus.CREDITED) for r in mine):
            return Standing.ALREADY
        if not campaign.is_open(self.said_at):
            return Standing.PAUSED
        return Standing.CUSTOMER if self._was_customer() else Standing.GOOD

    def _near(self, typed: str) -> Standing:
        if self._is_guessing():
            return Standing.TRIES
        near = codes.suggest(typed, self.tx.touches.codes_of(self.person.id))
        self.met = near or ""
        return Standing.NEAR if near else Standing.UNKNOWN

    def _is_guessing(self) -> bool:
        return self.tx.codes.misses(f"person:{self.person.id}", self.now - MISS_SPAN) >= MISSES

    def _has_met(self, code: str) -> bool:
        return code in self.tx.touches.codes_of(self.person.id)

    def _was_customer(self) -> bool:
        return self.person.joined_at is not None or any(
            o.kind == orders.MONEY for o in self.tx.orders.of_person(self.person.id)
        )

    def _unasked(self) -> str | None:
        """The referral whose advocate may not yet know of this friend, and who was never asked about."""
        waiting = [
            r
            for r in self.tx.referrals.of_friend(self.person.id)
            if r.disclosed is Disclosure.UNASKED and r.status in (ReferralStatus.PENDING, ReferralStatus.CREDITED)
        ]
        return waiting[-1].id if waiting else None

    def _own_code(self, campaign: Campaign) -> codes.Code | None:
        return next((c for c in self.tx.codes.of_advocate(self.person.id) if c.campaign == campaign.id), None)

    def _do(self, action: Action, evidence: str) -> None:
        match action:
            case Say(key=key):
                self._say(key)
            case GivePoster(again=again):
                self._give_poster(again)
            case TellProgress():
                self._tell_progress()
            case TellRules():
                self._tell_rules()
            case TellWhy():
                self._tell_why()
            case ShowMenu(key=key):
                self._menu(key, _SIGNING if key == "poster.sign_ask" else _MAIN)
            case SetByline(byline=byline):
                self.tx.people.learn(self.person.id, byline=byline.value)
            case StopReminders():
                self._stop(evidence)
            case CallPerson(session=session):
                self._call(session)
            case TouchCode(code=code):
                touch_by_code(
                    self.tx, self.person.id, code, kind=TouchKind.CODE, at=self.said_at, now=self.now, rng=self.rng
                )
                orders.reexamine(self.tx, self.facts, self.person.id, now=self.now, rng=self.rng)
            case CountMiss():
                self.tx.codes.missed(f"person:{self.person.id}", self.now)
            case NoteDeclared():
                self._declared(evidence)
            case AskWhich(name=name):
                self._post(self.words.say("claim.which", name=name, pronoun=pronoun_for(name)))
            case Disclose(referral=referral, yes=yes):
                notices.disclose(self.tx, self.facts, self.person.id, referral, yes, now=self.now, rng=self.rng)
            case AskDisclosure(referral=referral):
                self._ask_disclosure(referral)

    def _say(self, key: str) -> None:
        stock: dict[str, object] = {"company": self.facts.company, "code": self.met, "minutes": 10}
        code = self.tx.codes.find(self.met) if self.met else None
        campaign = self.tx.campaigns.get(code.campaign) if code else None
        if key == "code.accepted" and code and campaign:
            advocate = self.tx.people.get(code.advocate)
            stock |= self.words.offer(campaign.pack, self.tx.campaigns.terms(campaign.id, campaign.version))
            if advocate and advocate.nickname and advocate.shown_name:
                stock["advocate"] = advocate.shown_name
            else:
                key = "code.accepted_unsigned"
        self._post(self.words.say(key, stock))

    def _give_poster(self, again: bool) -> None:
        campaign = current(self.tx, now=self.now)
        assert campaign
        code = codes.issue(self.tx, self.facts, self.person, campaign, evidence=f"desk:{self.desk}", now=self.now)
        terms = self.tx.campaigns.terms(campaign.id, campaign.version)
        link = self.facts.link(code.code)
        said = self.words.share(self.person, campaign, terms, edition="friend", link=link, code=code.code, now=self.now)
        self._send(DeskPoster(desk=self.desk, to=self.handle, code=code.code, edition="feed"))
        self._post(said)
        offer = self.words.offer(campaign.pack, terms)
        head = self.words.say("poster.again", code=code.code) if again else self.words.say("poster.after", offer)
        self._send(self._menu_message(head, ("progress", "rules", "sign"), tail=self.words.say("menu.tail")))

    def _tell_progress(self) -> None:
        account = account_of(self.tx, self.person.id)
        if not account.codes and not account.rewards:
            self._post(self.words.say("progress.not_started"))
            return
        lines = [self._summary(account)] if account.friends or account.rewards else [self.words.say("progress.none")]
        lines += [self._friend_line(friend.name, friend.state) for friend in account.friends[:_LISTED]]
        if account.reversed:
            lines.append(self.words.say("progress.reversed", reversed=account.reversed))
        if account.next_due:
            lines.append(self.words.say("progress.due", when=chinese_date(account.next_due)))
        lines.append(self.words.say("progress.more", me_link=self.facts.own_page(self.person.id)))
        self._post("\n".join(lines))

    def _summary(self, account: Account) -> str:
        return self.words.say(
            "progress.summary",
            friends=len(account.friends),
            bought=account.bought,
            held=account.held,
            granted=account.granted,
        )

    def _friend_line(self, name: str | None, state: str) -> str:
        return self.words.say("progress.line", friend=self.words.friend(name), state=self.words.say(f"state.{state}"))

    def _tell_rules(self) -> None:
        campaign = current(self.tx, now=self.now)
        assert campaign
        offer = self.words.offer(campaign.pack, self.tx.campaigns.terms(campaign.id, campaign.version))
        self._post(self.words.say("rules.summary", offer, rules_link=self.facts.rules_page(campaign.id)))

    def _tell_why(self) -> None:
        account = account_of(self.tx, self.person.id)
        told = [
            f"{self.words.friend(f.name)} · {self.words.say(f'state.{f.state}')}：{self.words.reason(f.reason)}"
            for f in account.friends[:_LISTED]
        ]
        told += [self.words.reason(reason) for reason in account.own_reasons]
        if not told:
            self._post(self.words.say("why.none"))
            return
        self._post("\n".join([*dict.fromkeys(told), self.words.say("why.appeal")]))

    def _stop(self, evidence: str) -> None:
        """Silence from this moment: what waits in the queue is dropped in the same transaction."""
        consent = Consent(
            person=self.person.id,
            purpose=NUDGES,
            answer=Answer.WITHDRAWN,
            evidence=sha256(f"{evidence}:{self.typed}".encode()).hexdigest(),
            channel="kf",
            at=self.now,
        )
        self.tx.consent.record(consent)
        notices.take_back(self.tx, self.person.id, "opted_out", now=self.now)

    def _call(self, session: bool) -> None:
        if session:
            self._send(HandOver(desk=self.desk, to=self.handle))
        rep = codes.rep_for(self.tx, self.person.id, self.person.rep)
        if rep:
            told = RepText(rep=rep, text=self.words.say("rep.called", name=self.person.nickname or "一位客户"))
            post(self.tx, told, lane=f"rep:{rep}", purpose=Purpose.SYSTEM, now=self.now, rng=self.rng)

    def _declared(self, evidence: str) -> None:
        for code in self.tx.codes.of_advocate(self.person.id)[-1:]:
            share = Share(
                person=self.person.id,
                campaign=code.campaign,
                code=code.code,
                channel=code.channel,
                level=ShareLevel.DECLARED,
                first_at=self.said_at,
                evidence=evidence,
            )
            self.tx.shares.reach(share)

    def _ask_disclosure(self, referral_id: str) -> None:
        referral = self.tx.referrals.get(referral_id)
        advocate = self.tx.people.get(referral.advocate) if referral else None
        name = advocate.shown_name if advocate else None
        head = self.words.say("privacy.ask", advocate=name) if name else self.words.say("privacy.ask_unsigned")
        items = (
            MenuItem(text=self.words.say("menu.yes"), id=f"yes:{referral_id}"),
            MenuItem(text=self.words.say("menu.no"), id=f"no:{referral_id}"),
        )
        self._send(DeskMenu(desk=self.desk, to=self.handle, head=head, items=items))
        self.tx.referrals.disclose(referral_id, Disclosure.ASKED)

    def _menu(self, key: str, items: tuple[str, ...]) -> None:
        self._send(self._menu_message(self.words.say(key), items, tail=""))

    def _menu_message(self, head: str, items: tuple[str, ...], *, tail: str) -> DeskMenu:
        shown = tuple(MenuItem(text=self.words.say(f"menu.{_LABELS.get(i, i)}"), id=i) for i in items)
        return DeskMenu(desk=self.desk, to=self.handle, head=head, items=shown, tail=tail)

    def _post(self, text: str) -> None:
        self._send(DeskText(desk=self.desk, to=self.handle, text=text))

    def _send(self, message: Message) -> None:
        lane = f"desk:{self.handle}"
        post(self.tx, message, lane=lane, purpose=Purpose.REPLY, person=self.person.id, now=self.now, rng=self.rng)
        if not isinstance(message, HandOver):
            self.tx.windows.spend(self.desk, self.person.id, 1)


_MAIN = ("recommend", "progress", "rules", "person")
_SIGNING = ("sign.face", "sign.nickname", "sign.none")
_LABELS = {"sign.face": "sign_face", "sign.nickname": "sign_name", "sign.none": "sign_none"}


def said(tx: Transaction, facts: Facts, words: Words, event: DeskSaid, *, now: datetime, rng: Bits) -> None:
    """A customer wrote to a desk: answer."""
    person = _met_at_desk(tx, facts, event, now=now, rng=rng)
    tx.windows.opened(event.desk, person.id, event.who.value, event.at)
    talk = DeskTalk(
        tx=tx,
        facts=facts,
        words=words,
        desk=event.desk,
        handle=event.who.value,
        person=person,
        said_at=event.at,
        now=now,
        rng=rng,
        typed=event.text,
    )
    talk.answer(hear(event.text, menu=event.menu, kind=event.kind), f"message:{event.message_id}")


def entered(tx: Transaction, facts: Facts, words: Words, event: DeskEntered, *, now: datetime, rng: Bits) -> None:
    """A customer opened the chat: greet them once, while the platform lets us."""
    person = _met_at_desk(tx, facts, event, now=now, rng=rng)
    if event.welcome_code is None:
        return
    key = "greet.hello"
    if tx.codes.of_advocate(person.id):
        key = "greet.back"
    elif tx.referrals.of_friend(person.id):
        key = "greet.friend"
    text = words.say(key, {"company": facts.company})
    post(
        tx,
        DeskGreeting(desk=event.desk, code=event.welcome_code, text=text),
        lane=f"desk:{event.who.value}",
        purpose=Purpose.REPLY,
        person=person.id,
        now=now,
        rng=rng,
        expires_at=event.at + WELCOME_WITHIN,
        dedupe=f"greeting:{event.welcome_code}",
    )


def send_failed(tx: Transaction, event: DeskSendFailed, *, now: datetime) -> None:
    """The platform took a message and did not deliver it: news that it carried waits again."""
    letter = tx.outbox.by_id(event.failed_id)
    if letter:
        tx.outbox.finish(letter.id, "failed", event.reason, now)
        notices.undelivered(tx, letter.dedupe)


def _met_at_desk(tx: Transaction, facts: Facts, event: DeskSaid | DeskEntered, *, now: datetime, rng: Bits) -> Person:
    person, made = find_or_create(tx, event.who, now=now, rng=rng, holdout=facts.holdout)
    if made:
        orders.reexamine(tx, facts, person.id, now=now, rng=rng)
    if person.profiled_at is None:
        fetch = FetchProfile(who=event.who.value, desk=event.desk)
        lane, once = f"desk:{event.who.value}", f"profile:{event.desk}:{event.who.value}:{now:%Y-%m-%d}"
        post(tx, fetch, lane=lane, purpose=Purpose.SYSTEM, person=person.id, now=now, rng=rng, dedupe=once)
    return person
