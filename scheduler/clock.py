"""The clock: a handful of fixed jobs in this process, on APScheduler, memory store. Never a job per customer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduler.ticks import Tick

log = structlog.get_logger()


class Clockwork:
    """Starts and stops the fixed jobs."""

    def __init__(self, ticks: Sequence[Tick]) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for tick in ticks:
            self._scheduler.add_job(
                _guarded(tick),
                "interval",
                seconds=tick.every.total_seconds(),
                id=tick.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Begin on the running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """End; a job under way is cut off, and done again by whoever starts next."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def _guarded(tick: Tick) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await tick.run()
        except asyncio.CancelledError:  # the bot stops: no fault
            log.info("tick.stopped", tick=tick.name)
        except Exception:  # the next tick comes all the same
            log.exception("tick.failed", tick=tick.name)

    return run
