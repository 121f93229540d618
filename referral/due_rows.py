"""Due rows: each event makes its customer's row anew, so that a plan reads who is ready and never looks through all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import structs

from referral import best_hour, moments, scoring
from referral.floor import UNASKED, Barrier, Policy, barrier
from referral.moments import Due, Moment, State
from referral.scoring import PRIOR, Weights
from referral.signals import Signal, SignalKind
from referral.times import SHANGHAI

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_COMPLAINTS = (SignalKind.COMPLAINT, SignalKind.RESOLVED)

ENDS_ASKS = frozenset(
    (
        *("opted_out", "consent.refused", "minor", "minor.unknown"),
        *("complaint.open", "survey.low", "tenure.unknown", "holdout"),
    )
)
"""What stands against asking for good, or until there is news: an ask that waits to be said is over with it."""


def outlook(moment: Moment, policy: Policy, now: datetime, weights: Weights = PRIOR) -> Due:
    """The due row that follows from a moment."""
    return _due(moment, barrier(moment, policy, now), now, weights)


def keep(tx: Tx, facts: Facts, moment: Moment, *, now: datetime) -> None:
    """Save a moment with the due row that follows from it.

    Who was never asked whether they want to hear of anything keeps their place among those till the night. News that
    forbids asking takes what was planned off the list and out of the queue at once, so that all who look see the same.
    """
    held = barrier(moment, facts.policy, now)
    if held and held.code in ENDS_ASKS and not tx.moments.stood_at(moment.person, ENDS_ASKS):
        tx.nudges.end_open(moment.person, f"dropped:{held.code}")
    if held and held.code == UNASKED and tx.moments.stay(moment, UNASKED):
        return
    tx.moments.save(moment, _due(moment, held, now, tx.models.current().weights))


def _due(moment: Moment, held: Barrier | None, now: datetime, weights: Weights) -> Due:
    if held is None:
        score, stale_at = scoring.score(moment, now, weights), scoring.stale_at(moment, now)
        return Due(state=State.READY, reason="", score=score, due_at=stale_at)
    score = scoring.score(moment, now, weights) if held.code == UNASKED else 0.0
    state = State.IDLE if held.until is None else State.WAITING
    return Due(state=state, reason=held.code, score=score, due_at=held.until)


def put_off(tx: Tx, facts: Facts, moment: Moment, reason: str, until: datetime | None, *, now: datetime) -> None:
    """Look at a customer again later, for a reason that does not stand in their own row."""
    due = outlook(moment, facts.policy, now, tx.models.current().weights)
    if due.state is State.READY:
        due = structs.replace(due, state=State.WAITING if until else State.IDLE, reason=reason, due_at=until)
    tx.moments.save(moment, due)


def hurry(tx: Tx, moment: Moment) -> None:
    """Save a moment and have its row made anew at once, by whoever knows the house."""
    tx.moments.save(moment, Due(state=State.WAITING, reason="new", score=0.0, due_at=_EVER))


def hear(tx: Tx, facts: Facts, signal: Signal, *, now: datetime) -> bool:
    """Keep a signal and move its person's due row; False if it was heard before."""
    if not tx.signals.add(signal, now):
        return False
    known, rank = tx.moments.get(signal.person), None
    if signal.kind is SignalKind.ACTIVITY:
        rank = tx.moments.thresholds().rank(moments.activity_after(known, signal))
    moment = moments.heard(known, signal, open_complaints=_open_complaints(tx, signal), rank=rank)
    keep(tx, facts, moment, now=now)
    return True


def look_again(tx: Tx, facts: Facts, *, now: datetime, limit: int = 200) -> int:
    """Make the rows anew whose time has come; how many there were, `limit` if there may be more."""
    late = tx.moments.due(now, limit)
    for moment in late:
        keep(tx, facts, moment, now=now)
    return len(late)


def _open_complaints(tx: Tx, signal: Signal) -> int:
    """How many complaints are open, in whatever order they were told; a closing closes only what was open by then."""
    if signal.kind not in _COMPLAINTS:
        return 0
    told = [each for each in tx.signals.of_person(signal.person) if each.kind in _COMPLAINTS]
    open_ = 0
    for each in sorted(told, key=lambda each: (each.at, each.kind is SignalKind.RESOLVED)):
        open_ = open_ + 1 if each.kind is SignalKind.COMPLAINT else max(0, open_ - 1)
    return open_


def met(tx: Tx, facts: Facts, person: str, at: datetime, *, now: datetime) -> None:
    """A customer was in touch with us; noted once a day."""
    known = tx.moments.get(person)
    if known.customer_since and (known.seen_at is None or at - known.seen_at >= moments.DAY):
        hours = best_hour.wrote(known.hours, at.astimezone(SHANGHAI).hour) if known.may_be_learned else None
        keep(tx, facts, known.but(seen_at=at, hours=hours), now=now)


def bought(tx: Tx, facts: Facts, person: str, at: datetime, *, now: datetime) -> None:
    """An order was paid, or is now known to be this person's: they are a customer since then at the latest."""
    signal = Signal(person=person, kind=SignalKind.PURCHASE, at=at, source="order")
    known = moments.heard(tx.moments.get(person), signal)
    since = min(known.customer_since or at, at)
    keep(tx, facts, known.but(customer_since=since, orders=(known.orders or 0) + 1), now=now)


def gave_back(tx: Tx, facts: Facts, person: str, *, now: datetime) -> None:
    """All of an order was given back: it made nobody a customer, and was no good moment."""
    known, someone = tx.moments.get(person), tx.people.get(person)
    paid = [order.paid_at for order in tx.orders.of_person(person) if order.is_purchase]
    since = min([*paid, *([someone.joined_at] if someone and someone.joined_at else [])], default=None)
    good = None if known.good is SignalKind.PURCHASE else known.good
    left = max(0, (known.orders or 0) - 1)
    moment = known.but(customer_since=since, orders=left, good=good, good_at=known.good_at if good else None)
    keep(tx, facts, moment, now=now)
