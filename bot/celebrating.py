"""The calendar's own signals: whose anniversary it is today, who comes of age, each a row of its own, in slices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from functools import partial

from referral import anniversaries, minors
from referral.facts import Facts
from referral.jobs import Job
from referral.times import SHANGHAI, Clock, next_daily
from storage.anniversaries import came_between
from storage.store import Store
from storage.transaction import Transaction

CELEBRATE = "moments.anniversaries"
"""The job that does it; its key is the day."""

_EARLY = time(5)  # before the plan of the day, which may ask because of it
_ROWS = 200


async def come_of_age(store: Store, facts: Facts, *, clock: Clock) -> int:
    """Let those be adults whose birthday it was to be; how many. The day itself is forgotten then."""
    count, now = 0, clock()
    while some := await store.write(partial(_let_be_adults, facts=facts, now=now)):
        count += some
    return count


async def celebrate(store: Store, facts: Facts, *, clock: Clock) -> int:
    """Keep the anniversaries of today; how many. Done again, it does nothing more."""
    now, kept = clock(), 0
    for _, since, until in anniversaries.days_back(now):
        came = await store.read(partial(_came, since=since, until=until))
        for start in range(0, len(came), _ROWS):
            kept += await store.write(partial(_keep, facts=facts, people=came[start : start + _ROWS], now=now))
    return kept


def celebrate_again(tx: Transaction, after: datetime) -> None:
    """Have it done in the coming morning."""
    due = next_daily(after, _EARLY)
    tx.jobs.put(Job(kind=CELEBRATE, key=due.date().isoformat(), due_at=due))


def _let_be_adults(tx: Transaction, facts: Facts, now: datetime) -> int:
    people = tx.intake.of_age(now.astimezone(SHANGHAI).date().isoformat(), _ROWS)
    for person in people:
        minors.say(tx, facts, person, False, who="house", by_staff=True, now=now)
        tx.intake.change(person, {"adult_on": None})
    return len(people)


def _came(tx: Transaction, since: datetime, until: datetime) -> list[str]:
    return came_between(tx.connection, since, until)


def _keep(tx: Transaction, facts: Facts, people: Sequence[str], now: datetime) -> int:
    return sum(anniversaries.keep(tx, facts, person, now=now) for person in people)
