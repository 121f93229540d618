"""The scale of activity, kept true: made anew from everybody's; when it has moved, everybody is ranked again."""

from __future__ import annotations

from datetime import datetime, time
from functools import partial

from bot.lessons import relearn
from referral import due_rows
from referral.facts import Facts
from referral.jobs import Job
from referral.moments import Thresholds
from referral.times import Clock, next_daily
from storage.store import Store
from storage.transaction import Transaction

RANK = "moments.rank"
"""The job that does it; its key is the day."""

_NIGHT = time(3)
_MOVED = 0.02  # of rank: less changes nobody's place in a plan
_ROWS = 200


async def rank_tonight(store: Store, facts: Facts, *, clock: Clock) -> None:
    """Make the scale true, and then learn again from the company's own history by it."""
    await rerank(store, facts, clock=clock)
    await relearn(store, facts, clock=clock)


async def rerank(store: Store, facts: Facts, *, clock: Clock) -> int:
    """Do it; how many customers' ranks changed."""
    fresh = await store.read(lambda tx: Thresholds.of(tx.moments.all_activity()))
    kept = await store.read(lambda tx: tx.moments.thresholds())
    if fresh.distance(kept) < _MOVED:
        return 0
    changed, last = await store.write(lambda tx: _rank_some(tx, facts, fresh, "", clock))
    while last:
        some, last = await store.write(partial(_rank_some, facts=facts, scale=fresh, after=last, clock=clock))
        changed += some
    await store.write(lambda tx: tx.moments.set_thresholds(fresh))  # last: one that is broken off begins anew
    return changed


def rank_again(tx: Transaction, after: datetime) -> None:
    """Have it done in the coming night."""
    due = next_daily(after, _NIGHT)
    tx.jobs.put(Job(kind=RANK, key=due.date().isoformat(), due_at=due))


def _rank_some(tx: Transaction, facts: Facts, scale: Thresholds, after: str, clock: Clock) -> tuple[int, str]:
    """Rank the next few; how many changed, and whom to go on behind, '' at the end."""
    now, changed = clock(), 0
    some = tx.moments.after(after, _ROWS)
    for moment in some:
        rank = None if moment.activity is None else scale.rank(moment.activity)
        if rank != moment.rank:
            due_rows.keep(tx, facts, moment.but(rank=rank), now=now)
            changed += 1
    return changed, some[-1].person if len(some) == _ROWS else ""
