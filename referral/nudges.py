"""Nudges: one ask to one person, from the plan to what came of it. Every decision leaves one, asks and others alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import due_rows, enrolment, hours, moments, notices, tolls
from referral.campaigns import CampaignState
from referral.decisions import Customer, Route, Send, Verdict, judge
from referral.decisions import Day as DayFacts
from referral.errors import RuleViolation
from referral.floor import barrier
from referral.moments import Moment
from referral.times import days

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

CARRIES = "nudge:"
"""How a letter's `dedupe` names the nudge it carries."""

ON_THE_LIST = timedelta(days=3)
"""How long an ask stays on a rep's list."""

TOOK_WITHIN = timedelta(days=7)
"""A poster taken this soon after an ask is what came of it (science §3)."""

RESTS: Mapping[str, int] = {"later": 30, "chatted": 14, "not_now": 30, "unsuitable": 180, "lost": 365}
"""Why a rep or a customer puts an ask off, and for how many days it is remembered."""


_STAFF_CHAT = timedelta(hours=48)  # after the customer's last words such a chat ends by itself (platform.md 5.4)


class Purpose(StrEnum):
    """What is asked: for a recommendation, or first whether the customer wants to hear of anything (征询)."""

    ASK = "ask"
    CONSENT = "consent"


class NudgeState(StrEnum):
    """On a rep's list, in the desk's queue, said, or over without having been said."""

    LISTED = "listed"
    QUEUED = "queued"
    SENT = "sent"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """One decision about one person.

    `why` is its first reason, `reasons` are all of them; `words` are those suggested or, once a rep has changed them,
    said; `features` are what the score was made of, for learning; `outcome` tells what came of it.
    """

    id: str
    person: str
    decision: str
    why: str
    state: NudgeState
    created_at: datetime
    planned_at: datetime
    purpose: Purpose = Purpose.ASK
    campaign: str | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    copy: str | None = None
    words: str = ""
    route: Route = Route.NONE
    rep: str | None = None
    score: float = 0.0
    features: Mapping[str, float] = field(default_factory=dict)
    expires_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    took_at: datetime | None = None
    outcome: str | None = None


class Nudges(Protocol):
    """Where nudges are kept."""

    def get(self, nudge: str) -> Nudge | None: ...
    def add(self, nudge: Nudge) -> bool: ...
    def save(self, nudge: Nudge) -> None: ...
    def open_of(self, person: str) -> Nudge | None: ...
    def last_sent(self, person: str, since: datetime) -> Nudge | None: ...
    def sent_before(self, person: str, nudge: str) -> Nudge | None: ...
    def planned_since(self, since: datetime) -> int: ...
    def listed_since(self, since: datetime) -> Mapping[str, int]: ...
    def left_over(self, planned_before: datetime, at: datetime) -> Mapping[str, int]: ...
    def end_open(self, person: str, outcome: str) -> None: ...
    def end_permission(self, person: str, outcome: str) -> None: ...
    def permissions_since(self, since: datetime) -> Mapping[str, int]: ...
    def reps_waiting(self, at: datetime) -> list[str]: ...
    def on_list(self, rep: str, now: datetime) -> list[Nudge]: ...
    def withdrawn(self, rep: str, now: datetime) -> int: ...
    def run_out(self, now: datetime, limit: int) -> list[Nudge]: ...
    def ripe(self, until: datetime, limit: int) -> list[Nudge]: ...
    def learned(self, nudges: Sequence[str], now: datetime) -> None: ...


class Customers(Protocol):
    """Where all that a decision must know of customers is looked up; in the order asked for, unknown ones left out."""

    def load(self, people: Sequence[str], now: datetime, *, ignoring: str = "") -> list[Customer]: ...
    def reach(self, people: Sequence[str], since: datetime) -> Mapping[str, tuple[str, bool]]: ...


@dataclass(frozen=True, slots=True)
class Go:
    """It may be said now, and counts as said from now on."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """Not any more, and why."""

    why: str


def release(tx: Tx, facts: Facts, nudge_id: str, *, now: datetime) -> Go | Wait | Stop:
    """The last look before a queued ask leaves: everything is judged once more, then it is taken as said.

    One that was taken before is on its second try: the platform knows its number, so it may go again, if nothing stands
    against it by now but itself.
    """
    nudge = tx.nudges.get(nudge_id)
    if nudge is None or nudge.state is NudgeState.ENDED:
        return Stop(nudge.outcome or "ended" if nudge else "unknown")
    if nudge.state is NudgeState.SENT:
        return _again(tx, facts, nudge, now=now)
    return _judge_again(tx, facts, nudge, Route.KF, now=now)


def start(tx: Tx, facts: Facts, nudge: Nudge, words: str, *, now: datetime) -> Go | Wait | Stop:
    """A rep turns to this customer now, with these words: judged once more, then taken as said."""
    verdict = _judge_again(tx, facts, nudge, Route.REP, now=now)
    if isinstance(verdict, Go) and (sent := tx.nudges.get(nudge.id)):
        tx.nudges.save(replace(sent, words=words or sent.words))
    return verdict


def confirm(tx: Tx, nudge: Nudge, *, now: datetime) -> None:
    """The rep says that it was said."""
    if nudge.state is NudgeState.SENT and nudge.delivered_at is None:
        tx.nudges.save(replace(nudge, delivered_at=now))


def take_back(tx: Tx, facts: Facts, nudge: Nudge, *, now: datetime) -> None:
    """The rep did not say it after all: it does not count, and is on the list again if nothing forbids it by now."""
    if nudge.state is not NudgeState.SENT or nudge.delivered_at:
        return
    if (nudge.expires_at and now >= nudge.expires_at) or tx.nudges.open_of(nudge.person):
        return
    moment = _unsaid(tx, nudge, now)
    held = barrier(moment, facts.policy, now)
    over = f"dropped:{held.code}" if held and held.code in due_rows.ENDS_ASKS else None
    tx.nudges.save(replace(nudge, state=NudgeState.ENDED if over else NudgeState.LISTED, sent_at=None, outcome=over))
    tolls.unsaid(tx, nudge)
    due_rows.put_off(tx, facts, moment, "asked.open", nudge.expires_at, now=now)


def skip(tx: Tx, facts: Facts, nudge: Nudge, reason: str, *, now: datetime) -> None:
    """Not this time, and why; the reason is remembered for the days that `RESTS` names."""
    if reason not in RESTS:
        raise RuleViolation("nudge.reason", f"原因要是 {'、'.join(RESTS)} 之一")
    if nudge.state is NudgeState.LISTED:
        tx.nudges.save(replace(nudge, state=NudgeState.ENDED, outcome=f"skipped:{reason}"))
        rest(tx, facts, nudge.person, reason, now=now)


def rest(tx: Tx, facts: Facts, person: str, reason: str, *, now: datetime) -> None:
    """Leave a customer in peace for the days of a reason."""
    moment = tx.moments.get(person).but(rest_until=now + days(RESTS[reason]), rest_why=reason)
    due_rows.keep(tx, facts, moment, now=now)


def leave_to_staff(tx: Tx, facts: Facts, person: str, *, now: datetime) -> None:
    """A colleague has the customer's chat: as long as such a chat may last, nobody asks there."""
    known, until = tx.moments.get(person), now + _STAFF_CHAT
    if known.customer_since and (known.rest_until is None or known.rest_until < until):
        due_rows.keep(tx, facts, known.but(rest_until=until, rest_why="with_staff"), now=now)


def put_off(tx: Tx, facts: Facts, person: str, *, now: datetime) -> None:
    """The customer said 先不用 to the latest ask."""
    if nudge := tx.nudges.last_sent(person, now - TOOK_WITHIN):
        tx.nudges.save(replace(nudge, read_at=nudge.read_at or now, outcome="later"))
    rest(tx, facts, person, "later", now=now)


def delivered(tx: Tx, nudge_id: str, *, now: datetime) -> None:
    """The platform took it."""
    nudge = tx.nudges.get(nudge_id)
    if nudge and nudge.state is NudgeState.SENT and nudge.delivered_at is None:
        tx.nudges.save(replace(nudge, delivered_at=now))


def heard_at(tx: Tx, nudge_id: str, at: datetime) -> None:
    """The rep sent it later than it was put before her: it counts from when it was heard."""
    nudge = tx.nudges.get(nudge_id)
    if nudge and nudge.state is NudgeState.SENT and nudge.delivered_at is None:
        heard = replace(nudge, sent_at=at, delivered_at=at)
        tx.nudges.save(heard)
        tolls.unsaid(tx, nudge)
        tolls.said(tx, heard)
        moment = tx.moments.get(nudge.person)
        due_rows.hurry(tx, moment.but(nudged_at=at, fatigue=moments.fatigue(moment, at)))


def carried(dedupe: str | None) -> str:
    """The nudge that a letter carries, by its `dedupe`."""
    return (dedupe or "").removeprefix(CARRIES)


def letter_ended(tx: Tx, nudge_id: str, state: str, note: str, *, now: datetime) -> None:
    """What became of the letter that carried an ask."""
    if state == "sent":
        delivered(tx, nudge_id, now=now)
    else:
        failed(tx, nudge_id, f"{state}:{note}" if note else state)


def failed(tx: Tx, nudge_id: str, why: str) -> None:
    """It did not arrive. Where nobody can say it counts as said, and is never said again.

    Nobody can say of an `unknown` one, nor of one that was given up (`dropped`) after it had been on its way.
    """
    nudge = tx.nudges.get(nudge_id)
    if nudge is None or nudge.state is NudgeState.ENDED:
        return
    given_up = nudge.state is NudgeState.SENT and why.startswith("dropped")
    if given_up or why.startswith("unknown"):
        tx.nudges.save(replace(nudge, outcome=why))
    else:
        was_said = nudge.sent_at
        tx.nudges.save(replace(nudge, state=NudgeState.ENDED, sent_at=None, outcome=why))
        if was_said:
            tolls.unsaid(tx, nudge)
            due_rows.hurry(tx, _unsaid(tx, nudge, was_said))


def read(tx: Tx, person: str, *, now: datetime) -> None:
    """The customer wrote after an ask through the desk: they have read it."""
    nudge = tx.nudges.last_sent(person, now - notices.OPEN_FOR)
    if nudge and nudge.route is Route.KF and nudge.read_at is None:
        tx.nudges.save(replace(nudge, read_at=now))
        due_rows.hurry(tx, moments.read(tx.moments.get(person)))


def took(tx: Tx, person: str, *, now: datetime) -> None:
    """The person took a poster: what came of the latest ask, if it is not long ago, else their own idea."""
    nudge = tx.nudges.last_sent(person, now - TOOK_WITHIN)
    if nudge and nudge.took_at is None:
        tx.nudges.save(replace(nudge, took_at=now, outcome="took"))
        enrolment.took(tx, nudge)
    moment = tx.moments.get(person)
    if moment.customer_since and (moment.took_at is None or now - moment.took_at >= moments.DAY):
        due_rows.hurry(tx, moments.taken(moment, now, unprompted=nudge is None))


def run_out(tx: Tx, facts: Facts, *, now: datetime, limit: int = 100) -> int:
    """End the asks that stayed on a list too long; how many."""
    over = tx.nudges.run_out(now, limit)
    for nudge in over:
        tx.nudges.save(replace(nudge, state=NudgeState.ENDED, outcome="expired"))
        due_rows.keep(tx, facts, tx.moments.get(nudge.person), now=now)
    return len(over)


def _judge_again(tx: Tx, facts: Facts, nudge: Nudge, route: Route, *, now: datetime) -> Go | Wait | Stop:
    """Whether an ask may be said now by this route; if so it is taken as said."""
    if nudge.expires_at and now >= nudge.expires_at:
        return _end(tx, facts, nudge, "expired", now=now)
    if not hours.are_open(facts.hours, now, facts.workdays):
        return Wait(hours.next_opening(facts.hours, now, facts.workdays))
    customers = tx.customers.load([nudge.person], now, ignoring=nudge.id)
    if not customers:
        return _end(tx, facts, nudge, "dropped:unknown", now=now)
    why, _ = objection(tx, facts, nudge, customers[0], route, now=now)
    if why:
        return _end(tx, facts, nudge, f"dropped:{why}", now=now)
    _said(tx, facts, nudge, now=now)
    return Go()


def objection(
    tx: Tx, facts: Facts, nudge: Nudge, customer: Customer, route: Route, *, now: datetime
) -> tuple[str | None, Verdict]:
    """Why an ask may not be said by this route any more, None if it may; and the verdict on its customer."""
    window = _without(nudge, customer.window) if route is Route.KF else None
    verdict = judge(replace(customer, window=window), day_of(tx, facts), now)
    if not is_spoken_of(tx, nudge, now):
        return "campaign.none", verdict
    if route is Route.REP and customer.rep != nudge.rep:
        return "rep.changed", verdict
    if not isinstance(verdict.decision, Send):
        return verdict.why[0].code, verdict
    return (None if verdict.decision.route is route else "channel.closed"), verdict


def _without(nudge: Nudge, window: notices.Window | None) -> notices.Window | None:
    """The desk's window as it would be without this ask, which had its place there kept when it was queued."""
    if window is None or window.said_at > nudge.created_at:
        return window
    return replace(window, sent=max(0, window.sent - 1))


def _again(tx: Tx, facts: Facts, nudge: Nudge, *, now: datetime) -> Go | Stop:
    """A second try: the first may have come to nothing, so it counts from now on."""
    moment = tx.moments.get(nudge.person)
    held = barrier(moment.but(nudged_at=None), facts.policy, now)
    if held or not is_spoken_of(tx, nudge, now):
        return Stop(held.code if held else "campaign.none")
    tx.nudges.save(replace(nudge, sent_at=now))
    due_rows.keep(tx, facts, moment.but(nudged_at=now, fatigue=moments.fatigue(moment, now)), now=now)
    return Go()


def is_spoken_of(tx: Tx, nudge: Nudge, now: datetime) -> bool:
    """Whether the campaign of an ask may still be spoken of: not once it is paused or over."""
    campaign = tx.campaigns.get(nudge.campaign) if nudge.campaign else None
    return campaign is None or (campaign.state is CampaignState.RUNNING and campaign.is_open(now))


def day_of(tx: Tx, facts: Facts) -> DayFacts:
    """What a decision knows of the house alone, without campaigns and loads."""
    model = tx.models.current()
    return DayFacts(
        policy=facts.policy,
        hours=facts.hours,
        workdays=facts.workdays,
        weights=model.weights,
        busy_hours=model.hours,
    )


def _unsaid(tx: Tx, nudge: Nudge, now: datetime) -> Moment:
    """The customer's moment as if this ask had not been."""
    before, moment = tx.nudges.sent_before(nudge.person, nudge.id), tx.moments.get(nudge.person)
    at = before.sent_at if before else None
    tired = max(0.0, moments.fatigue(moment, now) - 1)
    return moment.but(nudged_at=at, fatigue=_as_of(tired, at, now))


def _said(tx: Tx, facts: Facts, nudge: Nudge, *, now: datetime) -> None:
    said = replace(nudge, state=NudgeState.SENT, sent_at=now)
    tx.nudges.save(said)
    tolls.said(tx, said)
    enrolment.asked(tx, facts, said, now=now)
    due_rows.keep(
        tx, facts, moments.nudged(tx.moments.get(nudge.person), now, heard=nudge.route is not Route.KF), now=now
    )


def _end(tx: Tx, facts: Facts, nudge: Nudge, outcome: str, *, now: datetime) -> Stop:
    tx.nudges.save(replace(nudge, state=NudgeState.ENDED, outcome=outcome))
    due_rows.keep(tx, facts, tx.moments.get(nudge.person), now=now)
    return Stop(outcome)


def _as_of(tired: float, at: datetime | None, now: datetime) -> float:
    """Fatigue as it was at `at` so that it is `tired` now."""
    if at is None:
        return 0.0
    faded: float = 2.0 ** ((now - at) / timedelta(days=moments.FATIGUE_HALF))
    return tired * faded
