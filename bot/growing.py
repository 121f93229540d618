"""The referral forest in the night: which friends have stayed by now, and who stands out against all the others."""

from __future__ import annotations

from datetime import datetime, time
from functools import partial
from typing import Protocol

from referral import grafting
from referral.facts import Facts
from referral.jobs import Job
from referral.times import Clock, next_daily
from storage.store import Store
from storage.transaction import Transaction

GROW = "forest.grow"
"""The job that does it; its key is the day."""

_NIGHT = time(3, 20)
_ROWS = 200


class Slice(Protocol):
    """Does a few, those behind a person; whom to go on behind, '' at the end."""

    def __call__(self, tx: Transaction, after: str) -> str: ...


async def grow(store: Store, facts: Facts, *, clock: Clock) -> None:
    """Do it. Where the forest was never gone through, all credited referrals are planted first."""
    if not await store.read(lambda tx: tx.branches.is_planted()):
        await _through(store, lambda tx, after: _plant_some(tx, facts, after, clock()))
    await _through(store, lambda tx, after: _settle_some(tx, facts, after, clock()))
    grove = await store.read(lambda tx: tx.branches.totals())
    await store.write(lambda tx: tx.branches.set_grove(grove))
    await _through(store, lambda tx, after: _compare_some(tx, facts, after, clock()))


def grow_again(tx: Transaction, after: datetime) -> None:
    """Have it done in the coming night."""
    due = next_daily(after, _NIGHT)
    tx.jobs.put(Job(kind=GROW, key=due.date().isoformat(), due_at=due))


async def _through(store: Store, some: Slice) -> None:
    last = await store.write(partial(some, after=""))
    while last:
        last = await store.write(partial(some, after=last))


def _plant_some(tx: Transaction, facts: Facts, after: str, now: datetime) -> str:
    friends = tx.branches.brought_by_anybody(after, _ROWS)
    grafting.replant(tx, facts, friends, now=now)
    return friends[-1] if len(friends) == _ROWS else ""


def _settle_some(tx: Transaction, facts: Facts, after: str, now: datetime) -> str:
    friends = tx.branches.unsettled(after, _ROWS)
    told = {each.by for each in friends if grafting.settle(tx, each, now=now) and each.by}
    grafting.count_up(tx, facts, told, now=now)
    return friends[-1].person if len(friends) == _ROWS else ""


def _compare_some(tx: Transaction, facts: Facts, after: str, now: datetime) -> str:
    """Against the company as it is now; whatever was counted wrongly comes right too."""
    advocates = tx.branches.advocates(after, _ROWS)
    for each in advocates:
        grafting.count(tx, facts, each.person, now=now)
    return advocates[-1].person if len(advocates) == _ROWS else ""
