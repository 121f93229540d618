"""The day's plan, made in small transactions: the same for the clock and for an operator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from referral import caring, due_rows, nudges, plan
from referral.facts import Facts
from referral.ids import Bits
from referral.plan import Tally
from referral.times import Clock
from referral.turns import Place, next_few
from storage.store import Store
from storage.transaction import Transaction

_ROWS = 200
_SLICES = 40  # in one step: a second or so


async def plan_day(store: Store, facts: Facts, *, clock: Clock, rng: Bits) -> Tally:
    """Decide about all who are ready, until the day's budget is spent; what came of it."""
    tally, more = Tally(), True
    while more:
        some, more = await plan_some(store, facts, clock=clock, rng=rng)
        tally.add(some)
    return tally


async def plan_some(store: Store, facts: Facts, *, clock: Clock, rng: Bits) -> tuple[Tally, bool]:
    """One step of the day's plan, for who cannot wait for all of it; what came of it, and whether there is more.

    The last step also counts everybody who is not asked.
    """
    now, tally = clock(), Tally()
    await turn_rows(store, facts, now=now)
    place: Place | None = None
    for _ in range(_SLICES):
        people, place = await store.read(partial(next_few, facts=facts, now=now, below=place))
        tally.add(await store.write(partial(plan.plan_slice, facts=facts, people=people, now=now, rng=rng)))
        if place is None:
            break
    else:
        return tally, True
    await store.write(lambda tx: caring.plan_later(tx, now))
    tally.permissions = await plan_permissions(store, facts, now=now, rng=rng)
    await store.write(lambda tx: plan.call_reps(tx, facts, now=now))
    tally.add(await store.read(lambda tx: plan.left_over(tx, facts, now=now)))
    return tally, False


async def plan_permissions(store: Store, facts: Facts, *, now: datetime, rng: Bits) -> int:
    """Have reps ask a few customers whether they want to hear of anything, a page in a transaction; how many."""
    count = 0
    place: Place | None = None
    for _ in range(plan.PERMISSION_PAGES):
        listed, place = await store.write(partial(plan.plan_permissions, facts=facts, below=place, now=now, rng=rng))
        count += listed
        if place is None:
            break
    return count


async def turn_rows(store: Store, facts: Facts, *, now: datetime) -> None:
    """Make the due rows anew whose time has come, and end the asks that ran out; a slice at a time."""
    await _all(store, lambda tx: due_rows.look_again(tx, facts, now=now, limit=_ROWS))
    await _all(store, lambda tx: nudges.run_out(tx, facts, now=now, limit=_ROWS))


async def _all(store: Store, some: Callable[[Transaction], int]) -> None:
    """Repeat what does at most `_ROWS` rows until it finds fewer."""
    while await store.write(some) == _ROWS:
        continue
