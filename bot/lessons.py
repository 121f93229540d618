"""Learning from a company's own history, and telling every customer's row: after an import, and at night.

The study reads slice by slice and keeps no more customers than it needs; the effects are written slice by slice, each
in a transaction of its own, so that a night's work never holds up a callback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from referral import due_rows
from referral.facts import Facts
from referral.lessons import Lesson, Profile
from referral.studying import MOST, study, tells
from referral.taught import NOTICED, Tally, Taught
from referral.times import Clock
from storage.lessons import profile
from storage.store import Store
from storage.transaction import Transaction

ROWS = 200
"""Customers whose effect is written in one transaction beside other work."""

_READ = 2_000  # customers looked at in one read
_STALE = timedelta(days=7)  # tenures and last orders have moved on by then
_GREW = 0.1  # of the company: by more, and its fifths may have moved

Progress = Callable[[int], None]


async def learned(store: Store, *, clock: Clock, progress: Progress | None = None) -> Taught | None:
    """What the company's history teaches now; None where it tells too little. Writes nothing."""
    tally = await store.read(lambda tx: tx.lessons.tally())
    if not tells(tally) or not await store.read(lambda tx: tx.lessons.is_on()):
        return None
    now = clock()
    taught, company, after, seen = list[Profile](), list[Profile](), "", 0
    every, every_taught = max(1, tally.company // MOST), max(1, tally.customers // MOST)
    count = 0
    while rows := await store.read(partial(_told, after=after)):
        for row in rows:
            wanted, teaches = seen % every == 0, False
            seen += 1
            if row.past_referrals is not None:
                teaches = count % every_taught == 0
                count += 1
            if wanted or teaches:
                one = profile(row, now)
                company += [one] if wanted else []
                taught += [one] if teaches else []
        after = rows[-1].person
        if progress:
            progress(seen)
    return await asyncio.to_thread(study, taught, company, tally)


def is_news(tally: Tally, known: Taught | None) -> bool:
    """Whether a lesson may turn out otherwise than the one that is known: of another history, or a larger company."""
    if known is None:
        return tells(tally)
    grew = abs(tally.company - known.company) > _GREW * known.company
    return grew or tally[1:] != known.tally[1:]


def apply_some(
    tx: Transaction, facts: Facts, lesson: Lesson, after: str, *, now: datetime, limit: int = ROWS
) -> tuple[int, str]:
    """Give the next customers their effect; how many it changed, and whom to go on behind, '' at the end."""
    some = tx.moments.after(after, limit)
    profiles = tx.lessons.profiles([moment.person for moment in some], now)
    changed = 0
    for moment in some:
        told = profiles.get(moment.person)
        effect = lesson.effect(told) if told and moment.may_be_learned else 0.0
        if abs(effect - moment.profile) > NOTICED:
            due_rows.keep(tx, facts, moment.but(profile=effect), now=now)
            changed += 1
    return changed, some[-1].person if len(some) == limit else ""


async def relearn(store: Store, facts: Facts, *, clock: Clock) -> int:
    """Learn again if there is something new to learn, or time has passed; how many customers' effects changed."""
    tally, known = await store.read(lambda tx: (tx.lessons.tally(), tx.lessons.latest()))
    at = await store.read(lambda tx: tx.lessons.learned_at())
    if not is_news(tally, known) and (at is None or clock() - at < _STALE):
        return 0
    taught = await learned(store, clock=clock)
    if taught is None:
        return 0
    await store.write(lambda tx: tx.lessons.keep(taught, clock()))
    changed, after = await store.write(partial(_apply, facts=facts, lesson=taught.lesson, after="", clock=clock))
    while after:
        some, after = await store.write(partial(_apply, facts=facts, lesson=taught.lesson, after=after, clock=clock))
        changed += some
    return changed


def _told(tx: Transaction, after: str) -> list[Any]:
    return list(tx.lessons.told_after(after, _READ))


def _apply(tx: Transaction, facts: Facts, lesson: Lesson, after: str, clock: Clock) -> tuple[int, str]:
    return apply_some(tx, facts, lesson, after, now=clock())
