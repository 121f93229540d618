"""Orders and refunds: a friend's verified act becomes attributed, held, granted or reversed thanks.

The walk of an order (design §4): order row → attribution → budget reserved → held rewards → refund window → granted →
people told. Every step happens inside the caller's one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import due_rows, thanks
from referral.attribution import DEFAULT_LATE_DAYS, Attributed, Conversion, Reason, Refused, Unreferred, attribute
from referral.errors import Conflict
from referral.identities import Identity
from referral.ids import Bits
from referral.jobs import Job
from referral.offers import Terms
from referral.people import Person, find_or_create, join
from referral.referrals import Referral, ReferralStatus
from referral.shares import Share, ShareLevel
from referral.times import days
from referral.touches import Touch, TouchKind, touch_by_code

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

MONEY = "order.paid"
CLOSE = "order.close"


class Outcome(StrEnum):
    """What became of an order, or of a webhook."""

    HELD = "held"
    CREDITED = "credited"
    UNMATCHED = "unmatched"
    NO_REFERRAL = "no_referral"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One act of a buyer, unique per source, number and kind (the webhook's type).

    `cancelled` is set when all of it was taken back without an amount, as a contract is.
    """

    id: str
    source: str
    order_no: str
    kind: str
    amount_fen: int
    paid_at: datetime
    received_at: datetime
    digest: str
    code: str | None = None
    person: str | None = None
    refunded_fen: int = 0
    cancelled: bool = False
    outcome: Outcome = Outcome.UNMATCHED
    reasons: tuple[Reason, ...] = (Reason.BUYER_UNKNOWN,)
    referral: str | None = None

    @property
    def name(self) -> str:
        """`SOURCE/ORDER_NO`, as exports and `why` know it."""
        return f"{self.source}/{self.order_no}"

    @property
    def is_given_back(self) -> bool:
        """Whether nothing of it is left."""
        return self.cancelled or 0 < self.amount_fen <= self.refunded_fen

    @property
    def is_purchase(self) -> bool:
        """Whether it makes its buyer a customer: paid, and not all given back."""
        return self.kind == MONEY and not self.is_given_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Something taken back of an order of `kind`, unique per source, order and refund number.

    `amount_fen` None is all of it.
    """

    id: str
    source: str
    order_no: str
    refund_no: str
    kind: str
    amount_fen: int | None
    at: datetime
    received_at: datetime
    digest: str
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sender of a webhook is told."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()


class Orders(Protocol):
    """Where orders and refunds are kept."""

    def find(self, source: str, order_no: str, kind: str) -> Order | None: ...
    def named(self, source: str, order_no: str) -> list[Order]: ...
    def get(self, order: str) -> Order | None: ...
    def add(self, order: Order, buyer: Sequence[Identity]) -> None: ...
    def save(self, order: Order) -> None: ...
    def explain(self, order: str, old: Reason, new: Reason) -> None: ...
    def buyer(self, order: str) -> list[Identity]: ...
    def of_person(self, person: str) -> list[Order]: ...
    def waiting_for(self, identity: Identity) -> list[Order]: ...
    def find_refund(self, source: str, order_no: str, refund_no: str) -> Refund | None: ...
    def add_refund(self, refund: Refund) -> None: ...
    def refunds_of(self, source: str, order_no: str) -> list[Refund]: ...


def place(tx: Tx, facts: Facts, order: Order, buyer: Sequence[Identity], *, now: datetime, rng: Bits) -> Answer:
    """Take in one order. The same order again is a duplicate; with other content it raises `Conflict`."""
    known = tx.orders.find(order.source, order.order_no, order.kind)
    if known:
        if known.digest != order.digest:
            raise Conflict(f"{order.kind} {order.name} 之前以不同的内容送达过")
        return Answer(outcome=Outcome.DUPLICATE, reasons=known.reasons)
    person = _buyer(tx, facts, order, buyer, now=now, rng=rng)
    told = tx.orders.refunds_of(order.source, order.order_no)
    waiting = [r for r in told if r.order is None and r.kind == order.kind]
    for early in waiting:
        order = _count(order, early)
    order = replace(order, person=person.id if person else None)
    tx.orders.add(order, buyer)
    for early in waiting:
        tx.orders.add_refund(replace(early, order=order.id))
    _close_later(tx, order, now)
    _count_purchase(tx, facts, order, now)
    if person and order.code:
        touch_by_code(tx, person.id, order.code, kind=TouchKind.ORDER, at=order.paid_at, now=now, rng=rng)
    if person:  # this order may be the first to tell who bought before
        reexamine(tx, facts, person.id, now=now, rng=rng)
    order = _examine(tx, facts, order, now=now, rng=rng)
    return Answer(outcome=order.outcome, reasons=order.reasons)


def refund(tx: Tx, facts: Facts, told: Refund, *, now: datetime, rng: Bits) -> Answer:
    """Take in one refund; one that comes before its order waits for it."""
    known = tx.orders.find_refund(told.source, told.order_no, told.refund_no)
    if known:
        if known.digest != told.digest:
            raise Conflict(f"refund {told.source}/{told.order_no}/{told.refund_no} 之前以不同的内容送达过")
        return Answer(outcome=Outcome.DUPLICATE)
    tx.orders.add_refund(told)
    order = tx.orders.find(told.source, told.order_no, told.kind)
    if order is None:
        return Answer(outcome=Outcome.RECORDED, reasons=(Reason.REFUND_WAITING,))
    order = _apply(tx, facts, order, told, now=now, rng=rng)
    return Answer(outcome=Outcome.RECORDED, reasons=order.reasons[-1:])


def reexamine(tx: Tx, facts: Facts, person: str, *, now: datetime, rng: Bits) -> None:
    """Look again at the orders that wait for this person, or for a touch of theirs (design 5.4)."""
    for identity in tx.people.identities(person):
        for order in tx.orders.waiting_for(identity):
            joined = replace(order, person=person)
            _count_purchase(tx, facts, joined, now)
            if order.outcome is not Outcome.UNMATCHED:  # its late-claim days are over: it is only remembered
                tx.orders.save(joined)
                continue
            if order.code:
                touch_by_code(tx, person, order.code, kind=TouchKind.ORDER, at=order.paid_at, now=now, rng=rng)
            _examine(tx, facts, joined, now=now, rng=rng)
    for order in tx.orders.of_person(person):
        if order.outcome is Outcome.NO_REFERRAL and now <= _late_until(tx, order):
            _examine(tx, facts, order, now=now, rng=rng)


def close(tx: Tx, order_id: str) -> None:
    """The late-claim days of an unmatched order are over: nobody brought it."""
    order = tx.orders.get(order_id)
    if order and order.outcome is Outcome.UNMATCHED:
        tx.orders.save(replace(order, outcome=Outcome.NO_REFERRAL, reasons=(Reason.LATE_PASSED,)))


def _buyer(tx: Tx, facts: Facts, order: Order, buyer: Sequence[Identity], *, now: datetime, rng: Bits) -> Person | None:
    """The person who bought, None while no identity is known. A code in the order vouches for a buyer new to us."""
    person = join(tx, buyer, now=now)
    if person is None and order.code and tx.codes.find(order.code):
        person, _ = find_or_create(tx, buyer[0], now=now, rng=rng, holdout=facts.holdout)
        person = join(tx, buyer, now=now)
    return person


def _count_purchase(tx: Tx, facts: Facts, order: Order, now: datetime) -> None:
    """A purchase whose buyer is known bears on the right moment to ask them."""
    if order.person and order.is_purchase:
        due_rows.bought(tx, facts, order.person, order.paid_at, now=now)


def _close_later(tx: Tx, order: Order, now: datetime) -> None:
    if order.person is None:
        tx.jobs.put(Job(kind=CLOSE, key=order.id, due_at=max(now, _late_until(tx, order))))


def _late_until(tx: Tx, order: Order) -> datetime:
    """Until when a claim may still name who brought this order: the longest late-claim days of any running offer."""
    late = [tx.campaigns.terms(c.id, c.version).late_days for c in tx.campaigns.all() if not c.is_over(order.paid_at)]
    return order.paid_at + days(max(late, default=DEFAULT_LATE_DAYS))


def _examine(tx: Tx, facts: Facts, order: Order, *, now: datetime, rng: Bits) -> Order:
    """Decide an order whose buyer may be known, save and return it."""
    person = tx.people.get(order.person) if order.person else None
    if person is None:
        return order
    verdict = attribute(_conversion(tx, order, person), tx.touches.of_friend(person.id), lambda t: _terms(tx, t))
    match verdict:
        case Unreferred(reason=reason):
            decided = replace(order, outcome=Outcome.NO_REFERRAL, reasons=(reason,))
        case Refused(touch=touch, reason=reason):
            decided = _refuse(tx, order, touch, reason, now=now)
        case Attributed(touch=touch, method=method):
            decided = _credit(tx, facts, order, touch, method, now=now, rng=rng)
    if decided.refunded_fen > 0 and not decided.is_given_back:
        decided = replace(decided, reasons=_with_refund(decided.reasons, Reason.REFUND_PARTIAL))
    tx.orders.save(decided)
    return decided


def _conversion(tx: Tx, order: Order, person: Person) -> Conversion:
    earlier = [o.paid_at for o in tx.orders.of_person(person.id) if o.id != order.id and o.is_purchase]
    return Conversion(
        person=person.id,
        kind=order.kind,
        amount_fen=order.amount_fen - order.refunded_fen,
        at=order.paid_at,
        joined_at=person.joined_at,
        paid_before=earlier,
    )


def _terms(tx: Tx, touch: Touch) -> Terms:
    return tx.campaigns.terms(touch.campaign, touch.version)


def _refuse(tx: Tx, order: Order, touch: Touch, reason: Reason, *, now: datetime) -> Order:
    reason = Reason.REFUND_FULL if order.is_given_back else reason
    referral = tx.referrals.find(touch.campaign, order.person or "")
    if referral and referral.status is ReferralStatus.PENDING:
        tx.referrals.decide(referral.id, ReferralStatus.REJECTED, reason, now)
    return replace(order, outcome=Outcome.REJECTED, reasons=(reason,), referral=referral.id if referral else None)


def _credit(tx: Tx, facts: Facts, order: Order, touch: Touch, method: str, *, now: datetime, rng: Bits) -> Order:
    """Credit the order to the touch: held rewards for both sides, or the reason why there are none."""
    assert order.person
    referral = tx.referrals.find(touch.campaign, order.person)
    if referral and _is_settled(referral):
        outcome = Outcome.CREDITED if referral.status is ReferralStatus.CREDITED else Outcome.REJECTED
        return replace(order, outcome=outcome, reasons=(Reason.REWARD_ONCE,), referral=referral.id)
    terms = _terms(tx, touch)
    if order.is_given_back:
        return _refuse(tx, order, touch, Reason.REFUND_FULL, now=now)
    referral, refusal = thanks.hold(tx, facts, order, referral, touch, terms, method, now=now, rng=rng)
    if refusal:
        return replace(order, outcome=Outcome.REJECTED, reasons=(refusal,), referral=referral.id)
    _bought(tx, touch, order)
    reasons = (Reason.LATE_CLAIM, Reason.HOLD_RUNNING) if method == "late_claim" else (Reason.HOLD_RUNNING,)
    return replace(order, outcome=Outcome.HELD, reasons=reasons, referral=referral.id)


def _is_settled(referral: Referral) -> bool:
    """Whether this friend has had their turn: paid for, or given back, whichever of order and refund came first."""
    if referral.status is ReferralStatus.REJECTED:
        return referral.reason == Reason.REFUND_FULL
    return referral.status in (ReferralStatus.CREDITED, ReferralStatus.REVERSED)


def _bought(tx: Tx, touch: Touch, order: Order) -> None:
    tx.shares.reach(
        Share(
            person=touch.advocate,
            campaign=touch.campaign,
            code=touch.code,
            channel=touch.channel,
            level=ShareLevel.BOUGHT,
            first_at=order.paid_at,
            evidence=f"order:{order.id}",
        )
    )


def _apply(tx: Tx, facts: Facts, order: Order, told: Refund, *, now: datetime, rng: Bits) -> Order:
    """Count a refund against its order; one that leaves too little reverses what was held or granted."""
    tx.orders.add_refund(replace(told, order=order.id))
    was_purchase = order.is_purchase
    order = _count(order, told)
    reason = _refund_reason(tx, order)
    if reason is not Reason.REFUND_PARTIAL and order.outcome is Outcome.HELD and order.referral:
        reason = thanks.take_back(tx, facts, order.referral, reason, now=now, rng=rng)
        order = replace(order, outcome=Outcome.REJECTED)
    order = replace(order, reasons=_with_refund(order.reasons, reason))
    tx.orders.save(order)
    if was_purchase and order.is_given_back and order.person:
        due_rows.gave_back(tx, facts, order.person, now=now)
    return order


def _with_refund(reasons: Sequence[Reason], reason: Reason) -> tuple[Reason, ...]:
    """A partial refund is told beside what stands; anything more replaces it."""
    if reason is not Reason.REFUND_PARTIAL:
        return (reason,)
    return (*(r for r in reasons if r is not Reason.REFUND_PARTIAL), reason)


def _count(order: Order, told: Refund) -> Order:
    left = order.amount_fen - order.refunded_fen
    given_back = left if told.amount_fen is None else min(told.amount_fen, left)
    all_of_it = order.cancelled or told.amount_fen is None
    return replace(order, refunded_fen=order.refunded_fen + given_back, cancelled=all_of_it)


def _refund_reason(tx: Tx, order: Order) -> Reason:
    left = order.amount_fen - order.refunded_fen
    if order.is_given_back:
        return Reason.REFUND_FULL
    referral = tx.referrals.get(order.referral) if order.referral else None
    least = tx.campaigns.terms(referral.campaign, referral.version).min_amount_fen if referral else 0
    return Reason.REFUND_BELOW_MINIMUM if left < least else Reason.REFUND_PARTIAL
