"""What every connector works with: the books, the clock, and how it puts a bill off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from referral.facts import Facts
from referral.ids import Bits
from referral.jobs import Job
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The store and what use cases want to know. `clock` is the one that rules go by."""

    store: Store
    facts: Facts
    clock: Clock
    rng: Bits


class Connector(Protocol):
    """One way of making thanks real."""

    async def fulfil(self, job: Job) -> None:
        """Take the bill that the job names one step further. Doing it twice does no harm."""


def later(tx: Transaction, job: Job, after: timedelta, now: datetime) -> None:
    """Finish this look and put the next one; a worker whose lease was lost puts none."""
    if tx.jobs.done(job):
        tx.jobs.put(Job(kind=job.kind, key=job.key, due_at=now + after))
