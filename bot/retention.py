"""What is kept for thirty days: raw callbacks (reliability H 91; their keys stay, so that repeats stay known), and
where gifts went that were sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import partial

from referral import addresses
from referral.jobs import Job
from referral.times import Clock, next_daily
from storage.store import Store
from storage.transaction import Transaction

FORGET = "inbox.forget"
"""The job that does it; its key is the day."""

KEPT = timedelta(days=30)
_NIGHT = time(3, 30)
_AT_ONCE = 500  # rows in one transaction: a few milliseconds of the writer's time


async def forget_old(store: Store, *, clock: Clock) -> int:
    """Empty what is older; how many bodies."""
    before, emptied = clock() - KEPT, 0
    while keys := await store.read(lambda tx: tx.inbox.with_body(before, limit=20 * _AT_ONCE)):
        for start in range(0, len(keys), _AT_ONCE):
            await store.write(partial(_empty, keys=keys[start : start + _AT_ONCE]))
        emptied += len(keys)
    return emptied


async def forget_addresses(store: Store, *, clock: Clock) -> int:
    """Forget where gifts went that have long been sent, or came to nothing; how many addresses."""
    before, forgotten = clock() - addresses.KEPT, 0
    while gifts := await store.read(lambda tx: tx.addresses.outlived(before, _AT_ONCE)):
        await store.write(partial(_forget, gifts=gifts))
        forgotten += len(gifts)
    return forgotten


def forget_again(tx: Transaction, after: datetime) -> None:
    """Have it done in the coming night."""
    due = next_daily(after, _NIGHT)
    tx.jobs.put(Job(kind=FORGET, key=due.date().isoformat(), due_at=due))


def _forget(tx: Transaction, gifts: Sequence[str]) -> None:
    tx.addresses.forget(gifts)


def _empty(tx: Transaction, keys: Sequence[str]) -> None:
    tx.inbox.empty(keys)
