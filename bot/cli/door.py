"""Where batches of a file go: to the running bot, into the database where none runs, or, for a trial, nowhere."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from operator import add
from pathlib import Path
from typing import Any, Protocol

import msgspec

from bot import control
from bot.cli.house import House, opened, operator, read_config
from bot.intake import Batch, Ended, Found, Intake, OrdersBatch, PeopleBatch, Telling
from bot.intake.strangers import Prepared, told
from bot.lessons import Progress, learned
from bot.operator import ADDRESS, FROM_FILES
from referral.lessons import Profile
from referral.moments import Thresholds
from referral.studying import MOST, study
from referral.taught import NONE, Tally, Taught
from storage.errors import DatabaseInUse, StorageError
from storage.open import sqlite_path

_TRIES, _PAUSE_S = 50, 0.2
_TOGETHER = 20  # batches of people made beforehand in one transaction
_LONGEST = 600_000  # bytes of a batch on its way to the bot, which takes a megabyte with all around it


class Door(Protocol):
    """Takes batches in. `size` is how many rows a batch should have."""

    here: House
    size: int

    async def take(self, batch: Batch) -> Sequence[Any]:
        """What each row was, as `bot.intake` says it."""
        ...

    async def end(self, ended: Ended) -> None:
        """Say that the file is done."""
        ...

    async def tally(self) -> Tally:
        """How much history there is."""
        ...

    async def learned(self, progress: Progress) -> Taught | None:
        """What it teaches; `progress` is told how many customers were looked at."""
        ...

    async def teach(self, taught: Taught, progress: Progress) -> None:
        """Keep a lesson, and give every customer what it says of them; `progress` is told how many have it."""
        ...


@asynccontextmanager
async def door(file: Path, *, dry: bool) -> AsyncIterator[Door]:
    """The door of the company that a configuration names; `dry` takes everything and keeps nothing."""
    if dry:
        async with _looking(file) as here:
            yield _Trial(here)
    elif await _bot_runs(file):
        async with opened(file) as here:
            yield _Beside(here, read_config(file).files.data_dir)
    else:
        async with _opened_alone(file) as here:
            yield Alone(here)


class Alone:
    """Nobody else is in the house: batches are as large as is quickest.

    `together` of them are kept in one transaction, where none can lose a race and begin again.
    """

    size = 1_000

    def __init__(self, here: House) -> None:
        self.here = here
        self.together = _TOGETHER if here.config.database.sqlite_path else 1
        self._intake = operator(here).intake

    async def take(self, batch: Batch) -> Sequence[Any]:
        return await _take(self._intake, batch, dry=False)

    async def end(self, ended: Ended) -> None:
        await self._intake.ended(ended)

    async def tally(self) -> Tally:
        return await self.here.store.read(lambda tx: tx.lessons.tally())

    async def learned(self, progress: Progress) -> Taught | None:
        return await learned(self.here.store, clock=self.here.clock, progress=progress)

    async def teach(self, taught: Taught, progress: Progress) -> None:
        await self._intake.learn(taught)
        after, done = "", 0
        while done == 0 or after:
            _, after = await self._intake.tell(Telling(after=after), self.size)
            done += self.size
            progress(done)

    def chance(self, size: int) -> bytes:
        """So many bytes of chance."""
        return self._intake.rng.getrandbits(8 * size).to_bytes(size, "big")

    async def set_scale(self, scale: Thresholds) -> None:
        """Keep the company's scale of activity."""
        await self.here.store.write(lambda tx: tx.moments.set_thresholds(scale))

    async def keep(self, some: Callable[[], Iterator[Prepared]]) -> list[list[Found]] | None:
        """Keep people who were made beforehand; only here, where nobody else writes, is that of use."""
        return await self._intake.prepared(some)


class _Trial:
    """Says what every row would be."""

    size = 1_000

    def __init__(self, here: House) -> None:
        self.here = here
        self._intake = operator(here).intake
        self._company: list[Profile] = []
        self._tally = NONE

    async def take(self, batch: Batch) -> Sequence[Any]:
        if not isinstance(batch, PeopleBatch):
            return await _take(self._intake, batch, dry=True)
        looked, now = await self._intake.foreseen(batch), self.here.clock()
        every = max(1, batch.of // (2 * MOST))
        for place, (_, each) in enumerate(looked, start=batch.place):
            friends = each.moment.past_referrals
            counted = (1, int(friends is not None), int(bool(friends)), friends or 0)
            self._tally = Tally(*map(add, self._tally, counted))
            if place % every == 0:
                self._company.append(told(each.moment, each.known, now))
        return [found for found, _ in looked]

    async def end(self, ended: Ended) -> None:
        """Nothing was done."""

    async def tally(self) -> Tally:
        return self._tally

    async def learned(self, progress: Progress) -> Taught | None:  # nothing is read again
        """What the people of the file teach."""
        taught = [each for each in self._company if each.referred is not None]
        return study(taught, self._company, self._tally)

    async def teach(self, taught: Taught, progress: Progress) -> None:
        """Nothing is kept."""


class _Beside:
    """The running bot does it between its other work: a batch holds up its writer for some 20 ms."""

    size = 200

    def __init__(self, here: House, folder: Path) -> None:
        self.here = here
        self._folder = folder

    async def take(self, batch: Batch) -> Sequence[Any]:
        if len(batch.rows) > 1 and len(msgspec.json.encode(batch)) > _LONGEST:
            middle = len(batch.rows) // 2
            halves = batch.rows[:middle], batch.rows[middle:]
            return [found for half in halves for found in await self.take(replace(batch, rows=half))]  # type: ignore[arg-type]
        found: Sequence[Any] = await self._ask(_name(batch), batch)
        return found

    async def end(self, ended: Ended) -> None:
        await self._ask("ended", ended)

    async def tally(self) -> Tally:
        return await self.here.store.read(lambda tx: tx.lessons.tally())

    async def learned(self, progress: Progress) -> Taught | None:
        return await learned(self.here.store, clock=self.here.clock, progress=progress)

    async def teach(self, taught: Taught, progress: Progress) -> None:
        await self._ask("lesson", taught)
        after, done = "", 0
        while done == 0 or after:
            _, after = await self._ask("tell", Telling(after=after))
            done += self.size
            progress(done)

    async def _ask(self, what: str, args: Batch | Ended | Taught | Telling) -> Any:
        try:
            return await control.ask(self._folder, f"{FROM_FILES}{what}", msgspec.to_builtins(args))
        except control.NobodyThere:
            raise StorageError("机器人停下了；已写入的行都在，再导入一次同一个文件就会接着做完") from None


def _name(batch: Batch) -> str:
    if isinstance(batch, PeopleBatch):
        return "people"
    return "orders" if isinstance(batch, OrdersBatch) else "signals"


async def _take(intake: Intake, batch: Batch, *, dry: bool) -> Sequence[Any]:
    if isinstance(batch, PeopleBatch):
        return await intake.people(batch)
    if isinstance(batch, OrdersBatch):
        return await intake.orders(batch, dry=dry)
    return await intake.signals(batch, dry=dry)


async def _bot_runs(file: Path) -> bool:
    try:
        await control.ask(read_config(file).files.data_dir, ADDRESS, {})
    except control.NobodyThere:
        return False
    return True


@asynccontextmanager
async def _opened_alone(file: Path) -> AsyncIterator[House]:
    """Open for writing; another command may hold the database for a moment."""
    for attempt in range(_TRIES):
        opening = opened(file, writing=True, in_bulk=True)
        try:
            here = await opening.__aenter__()
        except DatabaseInUse:
            if attempt == _TRIES - 1:
                raise
            await asyncio.sleep(_PAUSE_S)
            continue
        break
    try:
        yield here
    finally:
        await opening.__aexit__(None, None, None)


@asynccontextmanager
async def _looking(file: Path) -> AsyncIterator[House]:
    """Open for reading; a database that does not exist yet is an empty one."""
    path = sqlite_path(read_config(file).database.url)
    if path is None or path.exists():
        async with opened(file) as here:
            yield here
        return
    with tempfile.TemporaryDirectory(prefix="taoli-") as folder:
        async with opened(file, writing=True, url=f"sqlite:///{folder}/empty.db") as here:
            yield here
