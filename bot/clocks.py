"""The sandbox's clock: the machine's, ahead by an offset that is kept in the database, so that commands see it too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta

from referral.times import SHANGHAI, Clock
from referral.workdays import Workdays, next_working_day
from storage.store import Store
from storage.transaction import Transaction

MARK = "sandbox_clock_ahead_s"


def ahead(tx: Transaction) -> timedelta:
    """By how much the sandbox's clock runs ahead of the machine's."""
    return timedelta(seconds=float(tx.marks.get(MARK) or 0))


class SandboxTime:
    """`bot.sandbox.SandboxClock`: one clock for bot and sandbox, that only moves forward."""

    def __init__(self, store: Store, machine: Clock, offset: timedelta) -> None:
        self._store = store
        self._machine = machine
        self._offset = offset
        self.settle: Callable[[], Awaitable[object]] | None = None

    def now(self) -> datetime:
        """The moment it is for every rule."""
        return self._machine() + self._offset

    async def advance(self, seconds: int) -> None:
        """Move on, run everything that became due, return when idle."""
        await self.set_to(self._offset + timedelta(seconds=seconds))
        if self.settle:
            await self.settle()

    async def set_to(self, offset: timedelta) -> None:
        """Set how far the clock is ahead, and keep it."""
        self._offset = offset
        await self._store.write(lambda tx: tx.marks.set(MARK, str(offset.total_seconds())))


def demo_start(now: datetime, workdays: Workdays) -> datetime:
    """10:00 in Beijing of the next working day after today: where a demo begins."""
    day = next_working_day(workdays, now.astimezone(SHANGHAI).date())
    return datetime.combine(day, time(10), tzinfo=SHANGHAI)
