"""Orders, their buyers, refunds, and the webhooks that were answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from referral.attribution import Reason
from referral.identities import Identity, IdentityKind
from referral.orders import Order, Outcome, Refund
from storage import tables as t
from storage.prepared import PreparedChange, PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_row, put

_o, _b, _r = t.orders.c, t.order_buyers.c, t.refunds.c
_ORDERS = select(t.orders).order_by(_o.paid_at, _o.id)
_ONE = PreparedSelect(_ORDERS.where(_o.id == bindparam("order")))
_TOLD = PreparedSelect(
    _ORDERS.where(_o.source == bindparam("source"), _o.order_no == bindparam("order_no"), _o.kind == bindparam("kind"))
)
_NAMED = PreparedSelect(_ORDERS.where(_o.source == bindparam("source"), _o.order_no == bindparam("order_no")))
_THEIRS = PreparedSelect(_ORDERS.where(_o.person == bindparam("person")))
_WAITING = PreparedSelect(
    _ORDERS.join(t.order_buyers, _b.order == _o.id).where(
        _b.kind == bindparam("kind"), _b.value == bindparam("value"), func.coalesce(_o.person, "") == ""
    )
)
"""From the few of this buyer, not from all that are nobody's yet: `is null` would have SQLite begin with those."""

_BUYER = PreparedSelect(select(t.order_buyers).where(_b.order == bindparam("order")))
_REFUNDS = select(t.refunds).order_by(_r.at)
_REFUNDS_OF = PreparedSelect(_REFUNDS.where(_r.source == bindparam("source"), _r.order_no == bindparam("order_no")))


class OrdersTable:
    """`referral.orders.Orders` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def find(self, source: str, order_no: str, kind: str) -> Order | None:
        return next(iter(self._orders(_TOLD, source=source, order_no=order_no, kind=kind)), None)

    def named(self, source: str, order_no: str) -> list[Order]:
        return self._orders(_NAMED, source=source, order_no=order_no)

    def get(self, order: str) -> Order | None:
        return next(iter(self._orders(_ONE, order=order)), None)

    def of_person(self, person: str) -> list[Order]:
        return self._orders(_THEIRS, person=person)

    def waiting_for(self, identity: Identity) -> list[Order]:
        """Orders of nobody yet, whose buyer was named by this identity."""
        return self._orders(_WAITING, kind=identity.kind.value, value=identity.value)

    def add(self, order: Order, buyer: Sequence[Identity]) -> None:
        insert_row(self._c, t.orders, id=order.id, **_columns(order))
        for identity in buyer:
            insert_row(self._c, t.order_buyers, order=order.id, kind=identity.kind.value, value=identity.value)

    def save(self, order: Order) -> None:
        """Change what is another in the row: each column set has its indexes and references gone through."""
        known, values = _ONE.first(self._c, {"order": order.id}), _columns(order)
        if known and (changed := tuple(name for name, value in values.items() if getattr(known, name) != value)):
            _setting(changed).run(self._c, {"which": order.id, **values})

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
        return [Identity(IdentityKind(row.kind), row.value) for row in _BUYER.all(self._c, {"order": order})]

    def find_refund(self, source: str, order_no: str, refund_no: str) -> Refund | None:
        return next((r for r in self.refunds_of(source, order_no) if r.refund_no == refund_no), None)

    def refunds_of(self, source: str, order_no: str) -> list[Refund]:
        return [_refund(row) for row in _REFUNDS_OF.all(self._c, {"source": source, "order_no": order_no})]

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

    def _orders(self, query: PreparedSelect, **values: str) -> list[Order]:
        return [_order(row) for row in query.all(self._c, values)]


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


@lru_cache(maxsize=64)
def _setting(names: tuple[str, ...]) -> PreparedChange:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return PreparedChange(update(t.orders).where(_o.id == bindparam("which")).values(values))


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
