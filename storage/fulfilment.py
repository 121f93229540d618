"""Bills: thanks given to connectors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from referral.fulfilment import NEXT, OPEN, Bill, BillState
from storage import tables as t
from storage.times import at, ms

_FIELDS = tuple(field.name for field in fields(Bill))
_TIMES = ("created_at", "changed_at", "sent_at")


class BillsTable:
    """`referral.fulfilment.Bills` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, bill: Bill) -> None:
        self._c.execute(insert(t.bills).values(**_values(bill)))

    def get(self, bill: str) -> Bill | None:
        return next(iter(self._where(t.bills.c.id == bill)), None)

    def of_reward(self, reward: str) -> Bill | None:
        return next(iter(self._where(t.bills.c.reward == reward)), None)

    def move(self, bill: Bill, to: BillState, now: datetime, **changed: object) -> Bill | None:
        """Change the state along `fulfilment.NEXT`, and what else changed; None if it is no longer as `bill` says."""
        if to is not bill.state and to not in NEXT[bill.state]:
            raise ValueError(f"a {bill.state} bill cannot become {to}")
        moved = replace(bill, state=to, changed_at=now, **changed)  # type: ignore[arg-type]  # names of Bill's own
        where = (t.bills.c.id == bill.id, t.bills.c.state == bill.state.value)
        return moved if self._c.execute(update(t.bills).where(*where).values(**_values(moved))).rowcount else None

    def open_since(self, connector: str, before: datetime, limit: int) -> list[Bill]:
        """A connector's bills that are not through and have not moved since a time, the oldest first."""
        b = t.bills.c
        states = b.state.in_([state.value for state in OPEN])
        return self._where(b.connector == connector, states, b.changed_at <= ms(before))[:limit]

    def of_connector(self, connector: str, states: Collection[BillState], since: datetime | None) -> list[Bill]:
        """A connector's bills in these states, made since a time, the one that has stood longest first."""
        b = t.bills.c
        lately = (b.created_at >= ms(since),) if since else ()
        return self._where(b.connector == connector, b.state.in_([state.value for state in states]), *lately)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many bills there are, by connector and state."""
        b = t.bills.c
        found: dict[str, dict[str, int]] = {}
        for connector, state, count in self._c.execute(
            select(b.connector, b.state, func.count()).group_by(b.connector, b.state)
        ):
            found.setdefault(connector, {})[state] = count
        return found

    def _where(self, *where: ColumnElement[bool]) -> list[Bill]:
        statement = select(t.bills).where(*where).order_by(t.bills.c.changed_at, t.bills.c.id)
        return [_bill(row) for row in self._c.execute(statement)]


def _values(bill: Bill) -> dict[str, Any]:
    values = {name: getattr(bill, name) for name in _FIELDS}
    times = {name: ms(getattr(bill, name)) for name in _TIMES}
    return values | times | {"state": bill.state.value}


def _bill(row: Any) -> Bill:
    values = {name: getattr(row, name) for name in _FIELDS}
    times = {name: at(getattr(row, name)) for name in _TIMES}
    return Bill(**{**values, **times, "state": BillState(row.state)})
