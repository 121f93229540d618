"""Rows of signals and orders files, each taken in as a webhook would bring it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.files.orders import OrderRow
from bot.files.signals import SignalTold
from bot.hooks.reading import RefundTold
from bot.intake.batches import OrderFound, Verdict
from referral import due_rows, guardrails, news, orders
from referral.facts import Facts
from referral.identities import Identity
from referral.ids import Bits
from referral.intake import CHANNEL
from referral.signals import Signal
from referral.times import SHANGHAI
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """Who takes rows in: the house they are for, and its chance."""

    facts: Facts
    rng: Bits


def hear(taker: Taker, tx: Transaction, row: SignalTold, now: datetime) -> Verdict:
    """Take in a signal."""
    person = _person(taker, tx, row.identities, now)
    signal = _signal(row, person)
    is_new = due_rows.hear(tx, taker.facts, signal, now=now)
    if is_new:
        guardrails.hear(tx, taker.facts, signal, now=now)
    return Verdict.NEW if is_new else Verdict.SAME


def heard(tx: Transaction, row: SignalTold) -> Verdict:
    """What a signal would be."""
    people = set(tx.intake.whose(map(str, row.identities)).values())
    told = [(each.kind, each.at, each.value) for person in people for each in tx.signals.of_person(person)]
    signal = _signal(row, "")
    return Verdict.SAME if (signal.kind, signal.at, signal.value) in told else Verdict.NEW


def order(taker: Taker, tx: Transaction, row: OrderRow, now: datetime) -> OrderFound:
    """Take in an order, and what was given back of it."""
    found = ordered(tx, row)
    told = row.told
    if found == Verdict.NEW:
        orders.place(tx, taker.facts, told.order(taker.rng, now), told.buyer, now=now, rng=taker.rng)
    if found in (Verdict.NEW, Verdict.CHANGED) and (given_back := _refund_told(tx, row)):
        orders.refund(tx, taker.facts, given_back.refund(taker.rng, now), now=now, rng=taker.rng)
    return found


def ordered(tx: Transaction, row: OrderRow) -> OrderFound:
    """What an order would be: one known from a webhook is the same, however its buyer is named there."""
    known = tx.orders.find(row.told.source, row.told.order_no, row.told.kind)
    if known is None:
        return Verdict.NEW
    if known.amount_fen != row.told.amount_fen:
        return f"这个订单之前的金额是 {known.amount_fen} 分"
    days = [at.astimezone(SHANGHAI).date() for at in (known.paid_at, row.told.at)]
    if known.paid_at != row.told.at and not (row.day_only and days[0] == days[1]):
        return f"这个订单之前的付款时间是 {known.paid_at.astimezone(SHANGHAI).isoformat()}"
    return Verdict.CHANGED if _refund_told(tx, row) else Verdict.SAME


def _person(taker: Taker, tx: Transaction, identities: tuple[Identity, ...], now: datetime) -> str:
    known = tx.intake.whose(map(str, identities))
    if len(known) == len(identities) and len(set(known.values())) == 1:
        return known[str(identities[0])]
    return news.meet(tx, taker.facts, identities, now=now, rng=taker.rng).id


def _signal(row: SignalTold, person: str) -> Signal:
    return Signal(person=person, kind=row.kind, at=row.at, source=CHANNEL, score=row.score, count=row.count)


def _refund_told(tx: Transaction, row: OrderRow) -> RefundTold | None:
    """What was given back beyond what is known; its number says up to how much, so that it comes only once."""
    told = row.told
    refunds = [each for each in tx.orders.refunds_of(told.source, told.order_no) if each.kind == told.kind]
    if row.refunded_at is None or any(each.amount_fen is None for each in refunds):
        return None
    more = row.refunded_fen - sum(each.amount_fen or 0 for each in refunds)
    if more <= 0:
        return None
    return RefundTold(
        kind=told.kind,
        source=told.source,
        order_no=told.order_no,
        refund_no=f"file:{told.order_no}:{row.refunded_fen}",
        amount_fen=more,
        at=row.refunded_at,
    )
