"""Orders whose buyer is not known yet: the queue, and how many find their buyer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from referral.orders import CLOSE, Outcome
from storage import tables as t
from storage.times import at, ms

_o, _b, _j = t.orders.c, t.order_buyers.c, t.jobs.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """One order of nobody yet. `closes_at` is the end of its late-claim days; `buyer` is (kind, value) as named."""

    source: str
    order_no: str
    kind: str
    amount_fen: int
    paid_at: datetime
    closes_at: datetime | None
    code: str | None
    buyer: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRate:
    """Of the orders received since some time, how many there were and how many have a buyer now."""

    orders: int
    matched: int

    @property
    def percent(self) -> float | None:
        """None where there were no orders."""
        return round(100 * self.matched / self.orders, 1) if self.orders else None


class UnmatchedTable:
    """The queue over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def count(self) -> int:
        """How many wait."""
        return self._c.execute(
            select(func.count()).select_from(t.orders).where(_o.outcome == Outcome.UNMATCHED.value)
        ).scalar_one()

    def queue(self, limit: int) -> list[Unmatched]:
        """Those that wait, the soonest to be given up first."""
        closing = (t.jobs.c.kind == CLOSE) & (_j.key == _o.id)
        statement = (
            select(t.orders, _j.due_at.label("closes_at"))
            .join(t.jobs, closing, isouter=True)
            .where(_o.outcome == Outcome.UNMATCHED.value)
            .order_by(func.coalesce(_j.due_at, _o.paid_at), _o.id)
            .limit(limit)
        )
        rows = self._c.execute(statement).all()
        buyers = self._buyers([row.id for row in rows])
        return [
            Unmatched(
                source=row.source,
                order_no=row.order_no,
                kind=row.kind,
                amount_fen=row.amount_fen,
                paid_at=at(row.paid_at),
                closes_at=at(row.closes_at),
                code=row.code,
                buyer=tuple(buyers[row.id]),
            )
            for row in rows
        ]

    def rate(self, since: datetime) -> MatchRate:
        """Of the orders that we heard of since then."""
        counted = select(func.count(), func.count(_o.person)).where(_o.received_at > ms(since))
        orders, matched = self._c.execute(counted).one()
        return MatchRate(orders=orders, matched=matched)

    def _buyers(self, orders: Sequence[str]) -> defaultdict[str, list[tuple[str, str]]]:
        found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in self._c.execute(select(t.order_buyers).where(_b.order.in_(orders)).order_by(_b.kind)):
            found[row.order].append((row.kind, row.value))
        return found
