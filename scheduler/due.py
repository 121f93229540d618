"""Due work: claims jobs under a lease and runs them; a poisoned one is put off, then buried; the rest goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

import structlog

from referral.jobs import Job
from referral.times import Clock

log = structlog.get_logger()

Run = Callable[[Job], Awaitable[None]]
"""Does one job. Doing it twice must do no harm: a lease may run out under a slow worker."""

LEASE = timedelta(seconds=120)
TRIES = 8
_BATCH = 100
_LONGEST = timedelta(hours=1)


class Claims(Protocol):
    """The worker's side of where jobs are kept."""

    async def claim(self, *, limit: int, lease: timedelta) -> list[Job]: ...
    async def done(self, job: Job) -> Any: ...
    async def retry(self, job: Job, after: timedelta, note: str) -> Any: ...
    async def bury(self, job: Job, note: str) -> Any: ...


class DueWork:
    """Runs what is due, by kind."""

    def __init__(self, claims: Claims, runs: Mapping[str, Run], clock: Clock) -> None:
        self._claims = claims
        self._runs = runs
        self._clock = clock
        self._one = asyncio.Lock()
        self._more = asyncio.Event()

    def wake(self) -> None:
        """Something may have become due: a long job under way must not keep it waiting."""
        self._more.set()

    async def drain(self) -> int:
        """Run all that is due, and what becomes due meanwhile; how many jobs were taken up."""
        async with self._one, asyncio.TaskGroup() as group:
            taken, under_way = 0, set[asyncio.Task[None]]()
            while True:
                self._more.clear()
                room = _BATCH - len(under_way)
                for job in await self._claims.claim(limit=room, lease=LEASE) if room else ():
                    taken += 1
                    under_way.add(group.create_task(self._do(job)))
                if not under_way:
                    return taken
                more = group.create_task(_set(self._more))
                done, _ = await asyncio.wait({*under_way, more}, return_when=asyncio.FIRST_COMPLETED)
                more.cancel()
                under_way -= done

    async def _do(self, job: Job) -> None:
        try:
            async with asyncio.timeout(LEASE.total_seconds() * 0.9):
                await self._runs[job.kind](job)
            await self._claims.done(job)
        except Exception as error:  # a poisoned job must not stop the others
            log.warning("job.failed", kind=job.kind, attempts=job.attempts, error=type(error).__name__, exc_info=error)
            await self._fail(job, type(error).__name__)

    async def _fail(self, job: Job, note: str) -> None:
        if job.attempts >= TRIES:
            await self._claims.bury(job, note)
        else:
            await self._claims.retry(job, min(_LONGEST, timedelta(seconds=2**job.attempts)), note)


async def _set(event: asyncio.Event) -> None:
    await event.wait()
