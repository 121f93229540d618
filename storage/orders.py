"""Orders, their buyers, refunds, and the webhooks that were answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from referral.attribution import Reason
from referral.identities import Identity, IdentityKind
from referral.orders import Order, Outcome, Refund
from storage import tables as t
from storage.times import at, ms
from storage.upsert import put


class OrdersTable:
    """`referral.orders.Orders` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def find(self, source: str, order_no: str, kind: str) -> Order | None:
        where = (t.orders.c.source == source, t.orders.c.order_no == order_no, t.orders.c.kind == kind)
        return next(iter(self._where(*where)), None)

    def named(self, source: str, order_no: str) -> list[Order]:
        return self._where(t.orders.c.source == source, t.orders.c.order_no == order_no)

    def get(self, order: str) -> Order | None:
        return next(iter(self._where(t.orders.c.id == order)), None)

    def of_person(self, person: str) -> list[Order]:
        return self._where(t.orders.c.person == person)

    def waiting_for(self, identity: Identity) -> list[Order]:
        """Orders of nobody yet, whose buyer was named by this identity."""
        buyers = select(t.order_buyers.c.order).where(
            t.order_buyers.c.kind == identity.kind.value, t.order_buyers.c.value == identity.value
        )
        return self._where(t.orders.c.id.in_(buyers), t.orders.c.person.is_(None))

    def add(self, order: Order, buyer: Sequence[Identity]) -> None:
        self._c.execute(insert(t.orders).values(id=order.id, **_columns(order)))
        for identity in buyer:
            self._c.execute(
                insert(t.order_buyers).values(order=order.id, kind=identity.kind.value, value=identity.value)
            )

    def save(self, order: Order) -> None:
        self._c.execute(update(t.orders).where(t.orders.c.id == order.id).values(**_columns(order)))

    def reopen(self, order: str) -> None:
        """Have an order decided anew."""
        known = self.get(order)
        if known:
            self.save(replace(known, outcome=Outcome.UNMATCHED, reasons=(Reason.BUYER_UNKNOWN,), referral=None))

    def turn_down(self, order: str, reason: Reason) -> None:
        """An order that had been credited is rejected after all."""
        known = self.get(order)
        if known:
            self.save(replace(known, outcome=Outcome.REJECTED, reasons=(reason,)))

    def explain(self, order: str, old: Reason, new: Reason) -> None:
        """Put another reason in the place of one that no longer holds."""
        known = self.get(order)
        if known:
            reasons = json.dumps([(new if r is old else r).value for r in known.reasons])
            self._c.execute(update(t.orders).where(t.orders.c.id == order).values(reasons=reasons))

    def buyer(self, order: str) -> list[Identity]:
        rows = self._c.execute(select(t.order_buyers).where(t.order_buyers.c.order == order))
        return [Identity(IdentityKind(row.kind), row.value) for row in rows]

    def find_refund(self, source: str, order_no: str, refund_no: str) -> Refund | None:
        found = self._refunds(
            t.refunds.c.source == source, t.refunds.c.order_no == order_no, t.refunds.c.refund_no == refund_no
        )
        return next(iter(found), None)

    def refunds_of(self, source: str, order_no: str) -> list[Refund]:
        return self._refunds(t.refunds.c.source == source, t.refunds.c.order_no == order_no)

    def add_refund(self, refund: Refund) -> None:
        """Store a refund, or note the order that it has found."""
        put(
            self._c,
            t.refunds,
            "id",
            id=refund.id,
            source=refund.source,
            order_no=refund.order_no,
            refund_no=refund.refund_no,
            kind=refund.kind,
            amount_fen=refund.amount_fen,
            at=ms(refund.at),
            received_at=ms(refund.received_at),
            digest=refund.digest,
            order=refund.order,
        )

    def _where(self, *where: ColumnElement[bool]) -> list[Order]:
        statement = select(t.orders).where(*where).order_by(t.orders.c.paid_at, t.orders.c.id)
        return [_order(row) for row in self._c.execute(statement)]

    def _refunds(self, *where: ColumnElement[bool]) -> list[Refund]:
        return [_refund(row) for row in self._c.execute(select(t.refunds).where(*where).order_by(t.refunds.c.at))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How one webhook was answered."""

    id: str
    digest: str
    status: int
    answer: str


class DeliveriesTable:
    """Webhooks answered, by id."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, delivery: str) -> Delivery | None:
        row = self._c.execute(select(t.deliveries).where(t.deliveries.c.id == delivery)).first()
        return Delivery(id=row.id, digest=row.digest, status=row.status, answer=row.answer) if row else None

    def add(self, delivery: Delivery, now: datetime) -> None:
        self._c.execute(
            insert(t.deliveries).values(
                id=delivery.id, digest=delivery.digest, status=delivery.status, answer=delivery.answer, at=ms(now)
            )
        )


def _columns(order: Order) -> dict[str, Any]:
    return {
        "source": order.source,
        "order_no": order.order_no,
        "kind": order.kind,
        "amount_fen": order.amount_fen,
        "refunded_fen": order.refunded_fen,
        "cancelled": order.cancelled,
        "paid_at": ms(order.paid_at),
        "received_at": ms(order.received_at),
        "code": order.code,
        "person": order.person,
        "digest": order.digest,
        "outcome": order.outcome.value,
        "reasons": json.dumps([r.value for r in order.reasons]),
        "referral": order.referral,
        "earned_fen": order.earned_fen,
        "product": order.product,
    }


def _order(row: Any) -> Order:
    return Order(
        id=row.id,
        source=row.source,
        order_no=row.order_no,
        kind=row.kind,
        amount_fen=row.amount_fen,
        paid_at=at(row.paid_at),
        received_at=at(row.received_at),
        digest=row.digest,
        code=row.code,
        person=row.person,
        refunded_fen=row.refunded_fen,
        cancelled=bool(row.cancelled),
        outcome=Outcome(row.outcome),
        reasons=tuple(Reason(r) for r in json.loads(row.reasons)),
        referral=row.referral,
        earned_fen=row.earned_fen,
        product=row.product,
    )


def _refund(row: Any) -> Refund:
    return Refund(
        id=row.id,
        source=row.source,
        order_no=row.order_no,
        refund_no=row.refund_no,
        kind=row.kind,
        amount_fen=row.amount_fen,
        at=at(row.at),
        received_at=at(row.received_at),
        digest=row.digest,
        order=row.order,
    )
