"""Anniversaries: it is a year, or several, today since somebody became a customer. A good moment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from referral import due_rows
from referral.moments import Permission
from referral.signals import Signal, SignalKind
from referral.times import SHANGHAI, midnight

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

LONGEST = 30
"""Years that are counted."""


def days_back(now: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """How many years, from when, and until when in Beijing: who became a customer on those days has an anniversary.

    Of a 29 February it is kept on the 28th in years that have none.
    """
    today = now.astimezone(SHANGHAI).date()
    for years in range(1, LONGEST + 1):
        since = _years_before(today, years)
        until = _years_before(today + timedelta(days=1), years)
        if since != until:
            yield years, _start(since), _start(until)


def keep(tx: Tx, facts: Facts, person: str, *, now: datetime) -> bool:
    """Keep today's anniversary of a customer, and move their due row; False if it is none, or was kept before."""
    known = tx.moments.get(person)
    years = years_of(known.customer_since, now) if known.customer_since else 0
    if not years or known.consent is Permission.WITHDRAWN:
        return False
    signal = Signal(
        person=known.person, kind=SignalKind.ANNIVERSARY, at=midnight(now), source="calendar", count=float(years)
    )
    return due_rows.hear(tx, facts, signal, now=now)


def years_of(since: datetime, now: datetime) -> int:
    """How many years it is today since then, 0 where today is no anniversary of it."""
    return next((years for years, start, end in days_back(now) if start <= since < end), 0)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # a 29 February that there was not: the day behind the 28th
        return date(day.year - years, 3, 1)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)
