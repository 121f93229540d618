"""Orders and refunds: a friend's verified act becomes attributed, held, granted or reversed thanks.

The walk of an order (design §4): order row → attribution → budget reserved → held rewards → refund window → granted →
people told. Every step happens inside the caller's one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import due_rows, thanks
from referral.attribution import Reason
from referral.errors import Conflict
from referral.identities import Identity
from referral.ids import Bits
from referral.jobs import Job
from referral.merges import join
from referral.orders import settling
from referral.orders.values import CLOSE, MONEY, Answer, Order, Outcome, Refund
from referral.people import Person, find_or_create
from referral.signals import Signal, SignalKind
from referral.touches import TouchKind, touch_by_code

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


def place(tx: Tx, facts: Facts, order: Order, buyer: Sequence[Identity], *, now: datetime, rng: Bits) -> Answer:
    """Take in one order. The same order again is a duplicate; with other content it raises `Conflict`."""
    known = tx.orders.find(order.source, order.order_no, order.kind)
    if known:
        if known.digest != order.digest:
            raise Conflict(f"{order.kind} {order.name} 之前以不同的内容送达过")
        return Answer(outcome=Outcome.DUPLICATE, reasons=known.reasons)
    person = _buyer(tx, facts, order, buyer, now=now, rng=rng)
    told = tx.orders.refunds_of(order.source, order.order_no)
    alone = not tx.orders.named(order.source, order.order_no)
    waiting = [r for r in told if r.order is None and (r.kind == order.kind or (alone and r.kind == MONEY))]
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
    if person:
        reexamine(tx, facts, person.id, now=now, rng=rng)
    placed = tx.orders.get(order.id)
    assert placed
    return Answer(outcome=placed.outcome, reasons=placed.reasons)


def refund(tx: Tx, facts: Facts, told: Refund, *, now: datetime, rng: Bits) -> Answer:
    """Take in one refund; one that comes before its order waits for it."""
    known = tx.orders.find_refund(told.source, told.order_no, told.refund_no)
    if known:
        if known.digest != told.digest:
            raise Conflict(f"refund {told.source}/{told.order_no}/{told.refund_no} 之前以不同的内容送达过")
        return Answer(outcome=Outcome.DUPLICATE)
    tx.orders.add_refund(told)
    order = _meant(tx, told)
    if order is None:
        return Answer(outcome=Outcome.RECORDED, reasons=(Reason.REFUND_WAITING,))
    order = _apply(tx, facts, order, told, now=now, rng=rng)
    if order.person:  # whom it made a customer, or what it stood in the way of, may be another matter now
        settling.settle(tx, facts, order.person, now=now, rng=rng)
    return Answer(outcome=Outcome.RECORDED, reasons=order.reasons[-1:])


def _meant(tx: Tx, told: Refund) -> Order | None:
    """What was taken back: a payment of that number, else the one act of that number, a trial or a visit."""
    if known := tx.orders.find(told.source, told.order_no, told.kind):
        return known
    named = tx.orders.named(told.source, told.order_no)
    return named[0] if told.kind == MONEY and len(named) == 1 else None


def reexamine(tx: Tx, facts: Facts, person: str, *, now: datetime, rng: Bits) -> None:
    """Look again at the orders that wait for this person, and at all that they have (design 5.4)."""
    for identity in tx.people.identities(person):
        for order in tx.orders.waiting_for(identity):
            joined = replace(order, person=person)
            _count_purchase(tx, facts, joined, now)
            tx.orders.save(joined)
            if order.code and order.outcome is Outcome.UNMATCHED:
                touch_by_code(tx, person, order.code, kind=TouchKind.ORDER, at=order.paid_at, now=now, rng=rng)
    settling.settle(tx, facts, person, now=now, rng=rng)


def close(tx: Tx, order_id: str) -> None:
    """The late-claim days of an unmatched order are over: nobody brought it."""
    order = tx.orders.get(order_id)
    if order and order.outcome is Outcome.UNMATCHED:
        tx.orders.save(replace(order, outcome=Outcome.NO_REFERRAL, reasons=(Reason.LATE_PASSED,)))


def _buyer(tx: Tx, facts: Facts, order: Order, buyer: Sequence[Identity], *, now: datetime, rng: Bits) -> Person | None:
    """The person who bought, None while no identity is known. A code in the order vouches for a buyer new to us."""
    person = join(tx, facts, buyer, now=now, rng=rng)
    if person is None and order.code and tx.codes.find(order.code):
        person, _ = find_or_create(tx, buyer[0], now=now, rng=rng, holdout=facts.holdout)
        person = join(tx, facts, buyer, now=now, rng=rng)
    return person


def _count_purchase(tx: Tx, facts: Facts, order: Order, now: datetime) -> None:
    """A purchase whose buyer is known bears on the right moment to ask them."""
    if order.person and order.is_purchase:
        due_rows.bought(tx, facts, order.person, order.paid_at, now=now)


def _close_later(tx: Tx, order: Order, now: datetime) -> None:
    if order.person is None:
        tx.jobs.put(Job(kind=CLOSE, key=order.id, due_at=max(now, settling.late_until(tx, order))))


def _apply(tx: Tx, facts: Facts, order: Order, told: Refund, *, now: datetime, rng: Bits) -> Order:
    """Count a refund against its order; one that leaves too little reverses what was held or granted."""
    tx.orders.add_refund(replace(told, order=order.id))
    before = order
    order = _count(order, told)
    referral = tx.referrals.get(order.referral) if order.referral else None
    terms = tx.campaigns.terms(referral.campaign, referral.version) if referral else None
    reason = settling.refund_reason(order, terms, thanks.cost_of(tx, referral.id) if referral else 0)
    if reason is not Reason.REFUND_PARTIAL and order.outcome in (Outcome.HELD, Outcome.CREDITED) and _holds(tx, order):
        assert order.referral
        reason = thanks.take_back(tx, facts, order.referral, reason, now=now, rng=rng)
        order = replace(order, outcome=Outcome.REJECTED)
    order = replace(order, reasons=settling.with_refund(order.reasons, reason))
    tx.orders.save(order)
    if before.is_purchase and order.person:
        if order.is_given_back:
            due_rows.gave_back(tx, facts, order.person, now=now)
        due_rows.hear(tx, facts, _disappointed(before, order, told), now=now)
    return order


def _disappointed(before: Order, after: Order, told: Refund) -> Signal:
    """Somebody gave back what they had bought, all of it or a part: no good moment to ask them."""
    assert after.person
    part = 1.0 if after.is_given_back else (after.refunded_fen - before.refunded_fen) / after.amount_fen
    return Signal(person=after.person, kind=SignalKind.REFUND, at=told.at, source="order", count=round(part, 4))


def _holds(tx: Tx, order: Order) -> bool:
    """Whether it is this order that a referral was credited by."""
    referral = tx.referrals.get(order.referral) if order.referral else None
    return referral is not None and referral.order == order.id


def _count(order: Order, told: Refund) -> Order:
    left = order.amount_fen - order.refunded_fen
    given_back = left if told.amount_fen is None else min(told.amount_fen, left)
    all_of_it = order.cancelled or told.amount_fen is None or order.amount_fen == 0
    return replace(order, refunded_fen=order.refunded_fen + given_back, cancelled=all_of_it)
