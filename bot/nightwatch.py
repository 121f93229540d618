"""What the night makes of all acts together: rates learned anew, suspicions raised, in slices that hold up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from heapq import nlargest

from referral import suspicions
from referral.fraud import PRIOR, Act, Suspect, Verdicts, conversions, suspect
from referral.jobs import Job
from referral.suspicions import NOTED
from referral.times import Clock, next_daily
from storage.store import Store
from storage.transaction import Transaction

WATCH = "fraud.watch"
"""The job that does it; its key is the day."""

_NIGHT = time(2)
_SINCE = timedelta(days=365)
_MOST = 20_000  # acts that are weighed, the latest: two seconds of one processor
_ROWS = 500  # read at once
_WRITTEN = 200  # kept in one transaction


async def watch(store: Store, *, clock: Clock) -> int:
    """Weigh everything anew; how many suspicions were raised."""
    now = clock()
    acts = await _acts(store, now - _SINCE)
    verdicts = await asyncio.to_thread(_weighed, acts, now)
    raised = 0
    for start in range(0, len(acts), _WRITTEN):
        some = acts[start : start + _WRITTEN]
        raised += await store.write(partial(_note, acts=some, verdicts=verdicts, now=now))
    await store.write(lambda tx: tx.suspicions.keep_rates(verdicts.rates))
    return raised


def watch_again(tx: Transaction, after: datetime) -> None:
    """Have it done in the coming night."""
    due = next_daily(after, _NIGHT)
    tx.jobs.put(Job(kind=WATCH, key=due.date().isoformat(), due_at=due))


async def _acts(store: Store, since: datetime) -> list[Act]:
    """The latest acts, in the order of their referrals' ids."""
    found: list[Act] = []
    last = ""
    while some := await store.read(partial(_read, after=last, since=since)):
        last = some[-1].referral
        found = nlargest(_MOST, [*found, *some], key=lambda act: act.paid_at) if len(found) >= _MOST else found + some
    return sorted(found, key=lambda act: act.referral)


def _read(tx: Transaction, after: str, since: datetime) -> list[Act]:
    return tx.suspicions.acts_after(after, since, _ROWS)


def _weighed(acts: Sequence[Act], now: datetime) -> Verdicts:
    cases, busiest = conversions(acts, now=now)
    return suspect(cases, replace(PRIOR, busiest=busiest))


def _note(tx: Transaction, acts: Sequence[Act], verdicts: Verdicts, now: datetime) -> int:
    """Keep what was found about some acts: of those that show nothing, only where something was kept before."""
    found: list[Suspect] = [verdicts.conversions[act.referral] for act in acts]
    known = tx.suspicions.known_among([act.referral for act in acts])
    return suspicions.note(
        tx, acts, [each for each in found if each.chance >= NOTED or each.conversion.id in known], now=now
    )
