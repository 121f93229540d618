"""Signals, as a history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from referral.signals import Signal, SignalKind
from storage import tables as t
from storage.times import at, ms
from storage.upsert import insert_new


class SignalsTable:
    """`referral.signals.Signals` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, signal: Signal, now: datetime) -> bool:
        return insert_new(
            self._c,
            t.signals,
            person=signal.person,
            kind=signal.kind.value,
            at=ms(signal.at),
            value=signal.value,
            source=signal.source,
            received_at=ms(now),
        )

    def of_person(self, person: str) -> list[Signal]:
        """Oldest first."""
        statement = select(t.signals).where(t.signals.c.person == person).order_by(t.signals.c.at, t.signals.c.row)
        return [_signal(row) for row in self._c.execute(statement)]


def _signal(row: Any) -> Signal:
    kind = SignalKind(row.kind)
    value = float(row.value) if row.value else None
    score, count = (value, None) if kind is SignalKind.SURVEY else (None, value)
    return Signal(person=row.person, kind=kind, at=at(row.at), source=row.source, score=score, count=count)
