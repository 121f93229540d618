"""The lift, measured: every customer seen once a night, a slice at a time, and the sums kept for the reports."""

from __future__ import annotations

from datetime import datetime, time
from functools import partial

from referral.jobs import Job
from referral.lift import Measured, Observed
from referral.times import Clock, next_daily
from storage.store import Store
from storage.transaction import Transaction

MEASURE = "lift.measure"
"""The job that does it; its key is the day."""

_NIGHT = time(4, 30)
_ROWS = 500


async def measure(store: Store, *, clock: Clock) -> Measured:
    """See everybody as of now; nobody, before anything was ever planned."""
    began = await store.read(lambda tx: tx.lift.began())
    measured = Measured(at=clock(), since=began)
    if began is None:
        return measured
    last, more = "", True
    while more:
        some, last = await store.read(partial(_slice, after=last, since=began))
        measured.add(some)
        more = last != ""
    return measured


async def measure_tonight(store: Store, *, clock: Clock) -> None:
    """Do it, and keep what it came to."""
    measured = await measure(store, clock=clock)
    if measured.since:
        await store.write(lambda tx: tx.lift.keep(measured))


def measured_at_once(tx: Transaction, now: datetime) -> Measured:
    """The latest night; where there is none yet, everybody as of now."""
    if kept := tx.lift.latest():
        return kept
    measured = Measured(at=now, since=tx.lift.began())
    if measured.since:
        some, _ = tx.lift.observed("", measured.since, limit=None)
        measured.add(some)
    return measured


def measure_again(tx: Transaction, after: datetime) -> None:
    """Have it done in the coming night."""
    due = next_daily(after, _NIGHT)
    tx.jobs.put(Job(kind=MEASURE, key=due.date().isoformat(), due_at=due))


def _slice(tx: Transaction, *, after: str, since: datetime) -> tuple[list[Observed], str]:
    return tx.lift.observed(after, since, _ROWS)
