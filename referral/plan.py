"""The plan of the day: the few customers whom it is right to ask now, each by the route that suits (design §4).

It reads who is ready in the order of the score, judges each exactly, and goes on until the day's budget is spent or
nobody is left. It works in slices, each a transaction of its own, so that nothing else waits long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from referral import due_rows, experiments, hours, learning, rep_cards, scoring
from referral.campaigns import Campaign, CampaignState
from referral.decisions import NEWS_ONLY, Customer, Day, Defer, Drop, Route, Send, Verdict, judge, judge_in_turn
from referral.floor import barrier, may_ask_permission
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.messages import DeskMenu, MenuItem
from referral.moments import DAY, State
from referral.notices import OPEN_FOR, Window
from referral.nudges import CARRIES, ON_THE_LIST, Nudge, NudgeState, Purpose, day_of, is_spoken_of
from referral.outbox import Letter
from referral.outbox import Purpose as LetterPurpose
from referral.suggestions import suggestion
from referral.times import SHANGHAI, midnight, next_daily

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

PLAN = "nudges.plan"
"""The job that makes a day's plan; its key is the day."""

CARD = "nudges.card"
"""The job that tells a rep of the list; its key is `REP@DAY`."""

SLICE = 25
_LOOK_AGAIN = timedelta(days=7)  # after a decision that only news can change, news may have been missed
PERMISSION_PAGES = 40
"""So many pages a day of those who were never asked whether they want to hear of anything are looked through."""

_PAGE = 50
_PERMISSIONS = 3  # customers a day whom a rep is reminded to ask, in passing, whether they want to hear of anything
_WEEK = timedelta(days=7)
_WEEKLY_SHARE = 0.4  # of one rep's customers, at most (science §2, guardrails)
_SMALL_WEEK = 10  # asks a week even where a circle is so small that they are a larger share of it


@dataclass(slots=True)
class Tally:
    """What a plan came to, in people: asked at once or on a list, asked later, or not until there is news.

    `by_reason` tells why of those `deferred` and `dropped`; `permissions` counts those whom a rep is to ask first
    whether they want to hear of anything, who are among the dropped.
    """

    sent: int = 0
    listed: int = 0
    deferred: int = 0
    dropped: int = 0
    permissions: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Count another slice in."""
        self.sent += other.sent
        self.listed += other.listed
        self.deferred += other.deferred
        self.dropped += other.dropped
        self.permissions += other.permissions
        self.by_reason.update(other.by_reason)


def situation(tx: Tx, facts: Facts, *, now: datetime, with_reps: bool = True) -> Day:
    """The day as it stands: open campaigns, what is left of the budget and, `with_reps`, of each rep's load."""
    today = midnight(now)
    return replace(
        day_of(tx, facts),
        campaigns=[(c.id, facts.words.audience(c.pack)) for c in open_campaigns(tx, now)],
        lots=experiments.lots(tx),
        budget_left=max(0, facts.policy.daily_budget - tx.nudges.planned_since(today)),
        rep_left=_rep_left(tx, facts, now) if with_reps else None,
    )


def open_campaigns(tx: Tx, now: datetime) -> list[Campaign]:
    """Those that may be spoken of at that time, newest first; the calendar need not have been turned."""
    begun = (CampaignState.RUNNING, CampaignState.WAITING)
    running = [c for c in tx.campaigns.all() if c.state in begun and c.is_open(now)]
    return sorted(running, key=lambda c: (c.starts_at, c.id), reverse=True)


def plan_slice(tx: Tx, facts: Facts, people: Sequence[str], *, now: datetime, rng: Bits) -> Tally:
    """Decide about these few who are ready (`turns.next_few`); how many asks came of it.

    Without an open campaign nobody is looked at, so that one that starts tomorrow finds everybody ready.
    """
    day, tally = situation(tx, facts, now=now), Tally()
    if day.budget_left and day.campaigns:
        verdicts, _ = judge_in_turn(tx.customers.load(people, now), day, now)
        for verdict in verdicts:
            _carry_out(tx, facts, verdict, tally, now=now, rng=rng)
    return tally


def left_over(tx: Tx, facts: Facts, *, now: datetime) -> Tally:
    """Everybody whom no ask is on its way to, after the plan, and why; for whoever is still ready there was no room."""
    day, tally = situation(tx, facts, now=now), Tally()
    unheard = ("rep.load" if day.budget_left else "budget.day") if day.campaigns else "campaign.none"
    for (state, reason), count in tx.moments.by_reason().items():
        code = unheard if state == State.READY else reason
        if code == "asked.open":
            continue
        if state == State.IDLE or code in NEWS_ONLY:
            tally.dropped += count
        else:
            tally.deferred += count
        tally.by_reason[code] += count
    return tally


def plan_permissions(
    tx: Tx, facts: Facts, below: tuple[float, str] | None, *, now: datetime, rng: Bits
) -> tuple[int, tuple[float, str] | None]:
    """Put customers of unknown consent on reps' lists, a few for each, to be asked in passing (征询).

    Looks through one page of them below a place; how many were listed, and the place to go on from, None at the end.
    """
    counts: Counter[str] = Counter(tx.nudges.permissions_since(midnight(now)))
    at, listed = hours.next_working_morning(facts.hours, now, facts.workdays), 0
    wanting = {rep.id for rep in tx.reps.active() if counts[rep.id] < _PERMISSIONS}
    page = tx.moments.unasked_below(below, _PAGE) if wanting else []
    for customer in tx.customers.load([person for _, person in page], now):
        rep = customer.rep
        if rep in wanting and not customer.open_until and may_ask_permission(customer.moment, now, facts.policy):
            counts[rep] += 1
            listed += _list_permission(tx, facts, customer, rep, at, now=now, rng=rng)
            wanting = wanting if counts[rep] < _PERMISSIONS else wanting - {rep}
    return listed, page[-1] if wanting and len(page) == _PAGE else None


def ask_now(tx: Tx, facts: Facts, person: str, *, now: datetime, rng: Bits) -> bool:
    """Ask through the desk in the very window that is open, if it is right to; True if an ask is on its way.

    One that stands on a rep's list moves to the desk; one that waits there for a later hour leaves now.
    """
    window = tx.windows.latest(person)
    if window is None or not window.is_open(now) or barrier(tx.moments.get(person), facts.policy, now):
        return False
    planned = tx.nudges.open_of(person)
    verdict = _judge_here(tx, facts, person, planned, now=now)
    if verdict is None:
        return False
    if planned and planned.state is NudgeState.QUEUED:
        return _hasten(tx, planned, verdict, window, now=now, rng=rng)
    if planned:  # the customer is here now: the rep need not ask
        tx.nudges.save(replace(planned, state=NudgeState.ENDED, outcome="moved:kf"))
    _carry_out(tx, facts, verdict, Tally(), now=now, rng=rng)
    return True


def call_reps(tx: Tx, facts: Facts, *, now: datetime) -> int:
    """Have every rep told who has somebody on the list, whether new or left from before; how many."""
    at = hours.next_working_morning(facts.hours, now, facts.workdays)
    reps = tx.nudges.reps_waiting(at)
    for rep in reps:
        tx.jobs.put(Job(kind=CARD, key=f"{rep}@{at.astimezone(SHANGHAI).date()}", due_at=at))
    return len(reps)


def tell_rep(tx: Tx, facts: Facts, rep: str, day: str, *, now: datetime, rng: Bits) -> None:
    """The morning card: how many customers wait on the list, and the link that opens it for a day."""
    at = hours.next_working_morning(facts.hours, now, facts.workdays)
    if at > now:  # it came late, at night: the list keeps till the morning
        tx.jobs.put(Job(kind=CARD, key=f"{rep}@{at.astimezone(SHANGHAI).date()}", due_at=at))
        return
    listed = [n for n in tx.nudges.on_list(rep, now) if n.state is NudgeState.LISTED and n.purpose is Purpose.ASK]
    waiting = [nudge for nudge in listed if is_spoken_of(tx, nudge, now)]
    if not waiting:
        return
    rep_cards.call(tx, facts, rep, day, [nudge.person for nudge in waiting], "rep", now=now, rng=rng)


def plan_again(tx: Tx, after: datetime) -> None:
    """Have the next plan made: the next morning at the time of the reps' list, on every day."""
    due = next_daily(after, hours.REPS_FROM)
    tx.jobs.put(Job(kind=PLAN, key=due.date().isoformat(), due_at=due))


def _judge_here(tx: Tx, facts: Facts, person: str, planned: Nudge | None, *, now: datetime) -> Verdict | None:
    """The verdict on a customer who is in the desk's chat, if it is to ask there at once.

    What is planned for them does not stand in its own way, and one that is queued has its place in a day's budget.
    """
    day = replace(situation(tx, facts, now=now, with_reps=False), busy_hours=())  # they are here: that is their hour
    if planned and planned.state is NudgeState.QUEUED:
        day = replace(day, budget_left=None)
    for customer in tx.customers.load([person], now, ignoring=planned.id if planned else ""):
        verdict = judge(customer, day, now)
        if isinstance(verdict.decision, Send) and verdict.route is Route.KF and verdict.decision.at <= now:
            return verdict
    return None


def _hasten(tx: Tx, queued: Nudge, verdict: Verdict, window: Window, *, now: datetime, rng: Bits) -> bool:
    """Have an ask leave before its hour, for the reasons of now; False where the sender has it already.

    The hour that it was planned for stays on record.
    """
    if not tx.outbox.hasten(f"{CARRIES}{queued.id}", now):
        return False
    if window.said_at > queued.created_at:  # the window that it was counted in is over
        tx.windows.spend(window.desk, queued.person, 1)
    fresh = _nudge(verdict, now=now, rng=rng)
    news = {name: getattr(fresh, name) for name in ("why", "reasons", "score", "features")}
    tx.nudges.save(replace(queued, **news))
    return True


def _carry_out(tx: Tx, facts: Facts, verdict: Verdict, tally: Tally, *, now: datetime, rng: Bits) -> None:
    """Write a decision down, and do what it says."""
    moment = verdict.customer.moment
    nudge = _nudge(verdict, now=now, rng=rng)
    match verdict.decision:
        case Send() as send:
            nudge = _worded(tx, facts, nudge, verdict, now=now, rng=rng)
            if not tx.nudges.add(nudge):
                due_rows.put_off(tx, facts, moment, "asked.open", now + DAY, now=now)
                return
            due_rows.put_off(tx, facts, moment, "asked.open", nudge.expires_at, now=now)
            if send.route is Route.KF:
                _queue(tx, facts, nudge, verdict.customer, now=now)
            is_now = send.route is Route.KF and send.at <= now
            tally.sent += is_now
            tally.listed += not is_now
        case Defer(until=until, why=why):
            if why.code != "asked.open":  # news made the row anew while the ask still stands: no second decision
                tx.nudges.add(nudge)
            due_rows.put_off(tx, facts, moment, why.code, until, now=now)
        case Drop(why=why):
            tx.nudges.add(nudge)
            due_rows.put_off(tx, facts, moment, why.code, now + _LOOK_AGAIN, now=now)


def _nudge(verdict: Verdict, *, now: datetime, rng: Bits) -> Nudge:
    customer, decision = verdict.customer, verdict.decision
    seen = learning.sight(customer.moment, scoring.features(customer.moment, now))
    nudge = Nudge(
        id=new_id(rng, "g"),
        person=customer.moment.person,
        decision=verdict.kind,
        why=verdict.why[0].code,
        reasons=tuple((reason.code, reason.value) for reason in verdict.why),
        score=verdict.score,
        features=seen,
        state=NudgeState.ENDED,
        created_at=now,
        planned_at=now,
    )
    if not isinstance(decision, Send):
        return nudge
    desk = decision.route is Route.KF
    return replace(
        nudge,
        state=NudgeState.QUEUED if desk else NudgeState.LISTED,
        campaign=decision.campaign,
        route=decision.route,
        rep=None if desk else customer.rep,
        planned_at=decision.at,
        expires_at=_window_end(customer) if desk else decision.at + ON_THE_LIST,
    )


def _worded(tx: Tx, facts: Facts, nudge: Nudge, verdict: Verdict, *, now: datetime, rng: Bits) -> Nudge:
    campaign = tx.campaigns.get(nudge.campaign) if nudge.campaign else None
    if campaign is None:
        return nudge
    offer = facts.words.offer(campaign.pack, tx.campaigns.terms(campaign.id, campaign.version))
    copy, words = suggestion(tx, facts, verdict, campaign, offer, now=now, rng=rng)
    return replace(nudge, copy=copy, words=words)


def _queue(tx: Tx, facts: Facts, nudge: Nudge, customer: Customer, *, now: datetime) -> None:
    """An ask through the desk: a menu, marked as an advertisement, with the way to stop it."""
    window = customer.window
    assert window
    say = facts.words.say
    menu = DeskMenu(
        desk=window.desk,
        to=window.handle,
        head=nudge.words,
        items=(
            MenuItem(text=say("nudge.yes"), id="recommend"),
            MenuItem(text=say("nudge.later"), id="later"),
            MenuItem(text=say("nudge.stop"), id="stop"),
        ),
        tail=say("footer.ad", company=facts.company),
    )
    letter = Letter(
        id=f"m{nudge.id[1:]}",
        message=menu,
        lane=f"desk:{window.handle}",
        purpose=LetterPurpose.NUDGE,
        due_at=nudge.planned_at,
        person=nudge.person,
        expires_at=nudge.expires_at,
        dedupe=f"{CARRIES}{nudge.id}",
    )
    tx.outbox.post(letter, now)
    tx.windows.spend(window.desk, nudge.person, 1)


def _list_permission(
    tx: Tx, facts: Facts, customer: Customer, rep: str, at: datetime, *, now: datetime, rng: Bits
) -> bool:
    nudge = Nudge(
        id=new_id(rng, "g"),
        person=customer.moment.person,
        purpose=Purpose.CONSENT,
        decision="send",
        why="consent.unknown",
        reasons=(("consent.unknown", ""),),
        words=facts.words.say("consent.ask_rep"),
        route=Route.REP,
        rep=rep,
        score=scoring.shown(scoring.score(customer.moment, now, tx.models.current().weights)),
        state=NudgeState.LISTED,
        created_at=now,
        planned_at=at,
        expires_at=at + ON_THE_LIST,
    )
    return tx.nudges.add(nudge)


def _rep_left(tx: Tx, facts: Facts, now: datetime) -> dict[str, int]:
    """How many more asks each rep can take today: what was left on the list from before is load as well."""
    begun, most = midnight(now), facts.policy.rep_daily
    opening = hours.next_working_morning(facts.hours, now, facts.workdays)
    listed, lately = tx.nudges.listed_since(begun), tx.nudges.listed_since(begun - _WEEK)
    before = tx.nudges.left_over(begun, opening)
    left = {rep.id: most - listed.get(rep.id, 0) - before.get(rep.id, 0) for rep in tx.reps.active()}
    return {
        rep: min(today, _weekly(tx, rep, today, lately.get(rep, 0))) if today > 0 else today
        for rep, today in left.items()
    }


def _weekly(tx: Tx, rep: str, today: int, lately: int) -> int:
    """What is left of a rep's week: two in five of her customers, whatever the day's load; a small circle has a few.

    Each ask takes one away, so that counting down in between comes to the same as asking again.
    """
    ample = ceil((today + lately) / _WEEKLY_SHARE) + 1  # however many more there are, what is left of the day counts
    return max(_SMALL_WEEK, int(_WEEKLY_SHARE * tx.reps.count_customers(rep, ample))) - lately


def _window_end(customer: Customer) -> datetime | None:
    return customer.window.said_at + OPEN_FOR if customer.window else None
