"""The day's care, planned in small transactions after the day's asks."""

from __future__ import annotations

from functools import partial

from referral import caring
from referral.facts import Facts
from referral.ids import Bits
from referral.times import Clock
from storage.store import Store

_ROWS = 100
_SLICES = 40  # in one step: a second or so


async def plan_some(store: Store, facts: Facts, *, clock: Clock, rng: Bits) -> tuple[int, bool]:
    """One step: first whose birthday it is, then whose turn it is; how many cares, and whether there is more.

    The last step has the reps told. Whoever was looked at before is found to have had the day's care.
    """
    now = clock()
    while await store.write(partial(caring.run_out, now=now, limit=_ROWS)) == _ROWS:
        continue
    planned = await _birthdays(store, facts, clock=clock, rng=rng)
    for _ in range(_SLICES):
        people = await store.read(lambda tx: tx.cares.due(now, _ROWS))
        planned += await store.write(partial(caring.plan_slice, facts=facts, people=people, now=now, rng=rng))
        if len(people) < _ROWS:
            break
    else:
        return planned, True
    await store.write(partial(caring.call_reps, facts=facts, now=now))
    return planned, False


async def _birthdays(store: Store, facts: Facts, *, clock: Clock, rng: Bits) -> int:
    now, after, planned = clock(), "", 0
    while True:
        born = await store.read(partial(caring.born_now, facts=facts, after=after, limit=_ROWS, now=now))
        planned += await store.write(partial(caring.plan_slice, facts=facts, people=born, now=now, rng=rng))
        if len(born) < _ROWS:
            return planned
        after = born[-1]
