"""Who carries the asks in the clock proof: four senders over one SQLite store, or four processes on one PostgreSQL.

Both are the program's own senders. The platform behind them is a fake: reached over HTTP through the program's own
gateway (`wire`), or called in memory where that would take too long.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog
from aiohttp import ClientSession, web

from bot import planning
from bot.calendar import ChineseCalendar
from bot.channels.errors import AlreadyDone, RateLimited, Unreachable
from bot.channels.wecom.effects import Lines
from bot.channels.wecom.gateway import Gateway
from bot.channels.wecom.sender import Sender
from bot.channels.wecom.tokens import MemoryTokenStore, Tokens
from bot.photo_shelf import PhotoShelf
from referral.facts import Facts
from referral.floor import Policy
from storage.open import open_store
from storage.store import Store
from tests.hooks.house import facts
from tests.proofs.clock_judge import BUDGET
from tests.proofs.clock_people import DESK
from tests.proofs.fake_wecom import FakeWecom

FOUR = 4
FAULTS = (("refused", 0.004), ("cut off before", 0.004), ("cut off after", 0.006))
_BREAK_OFF_S = 0.12  # real seconds within which a worker is killed, once it has begun
_PATIENCE_S = 300.0


@cache
def house() -> Facts:
    """The company, with the real calendar and the shipped policy, but for a larger day's budget."""
    return replace(facts(), workdays=ChineseCalendar(), policy=Policy(daily_budget=BUDGET))


@dataclass(slots=True)
class Platform(FakeWecom):
    """A platform that notes when an ask reaches whom, knows a message id again, and breaks at random.

    `reached` is told each ask that arrives: the person and the nudge.
    """

    reached: Callable[[str, str], None] = lambda person, nudge: None
    counts: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)

    def take(self, message_id: str, to: str) -> str:
        """What becomes of a message: `ok`, `again`, or one of the `FAULTS`."""
        if message_id in self._seen:
            self.counts["repeats recognised"] += 1
            return "again"
        chance = self.rng.random()
        for fault, share in FAULTS:
            chance -= share
            if chance < 0:
                self.counts[fault] += 1
                break
        else:
            fault = "ok"
        if fault in ("ok", "cut off after"):
            self._seen.add(message_id)
            self.reached(to.removeprefix("wm"), f"g{message_id[1:]}")
        return fault

    def _desk_message(self, query: Any, body: Any) -> dict[str, Any]:
        self.counts["over HTTP"] += 1
        match self.take(body["msgid"], body["touser"]):
            case "again":
                return {"errcode": 95032, "errmsg": "msgid repeated"}
            case "refused":
                return {"errcode": 45009, "errmsg": "api freq out of limit"}
            case "cut off before" | "cut off after":
                raise web.HTTPInternalServerError
        return {}


class Shortcut:
    """The platform called in memory, with pauses in which other work goes on, or a sender is broken off."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def menu(self, desk: str, to: str, head: str, items: Any, tail: str, message_id: str) -> None:
        await self._pause()
        fate = self._platform.take(message_id, to)
        await self._pause()
        match fate:
            case "again":
                raise AlreadyDone("message_id_used")
            case "refused":
                raise RateLimited("too_often", retry_after=60)
            case "cut off before":
                raise Unreachable("no_connection", maybe_done=False)
            case "cut off after":
                raise Unreachable("cut_off", maybe_done=True)

    async def tell_rep(self, rep: str, words: str) -> None:
        """News of a customer reaches their rep."""
        await self._pause()
        self._platform.counts["words to reps"] += 1

    async def _pause(self) -> None:
        for _ in range(self._platform.rng.randrange(4)):
            await asyncio.sleep(0)


def hush() -> None:
    """Only what is wrong is logged, and not among the figures."""
    loud = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=loud, logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def sender_of(store: Store, desk: Any, clock: Callable[[], datetime], seed: int) -> Sender:
    """A sender as the program makes it."""
    return Sender(
        store,
        facts=house(),
        lines=Lines(contact=None, rep=desk, desks={DESK: desk}),
        posters=None,  # type: ignore[arg-type]  # no letter of this proof has one
        pictures=Path(tempfile.gettempdir()),
        photos=PhotoShelf(Path(tempfile.gettempdir())),
        phone_key=b"k" * 32,
        clock=clock,
        rng=random.Random(seed),
    )


def gateway_to(session: ClientSession, api_base: str, clock: Callable[[], datetime]) -> Gateway:
    """The program's own gateway."""
    return Gateway(
        session,
        corp="ww1",
        secret="s",
        agent_id=1,
        api_base=api_base,
        tokens=Tokens(MemoryTokenStore(), clock=clock, monotonic=time.monotonic),
        monotonic=time.monotonic,
        egress=(),
    )


class Tasks:
    """Four senders in this process, over its one store."""

    def __init__(self, store: Store, desks: Sequence[Any], clock: Callable[[], datetime], rng: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        self._store, self._clock, self._rng = store, clock, rng
        self._desks = desks
        self._senders = [sender_of(store, desk, clock, rng.getrandbits(32)) for desk in desks]

    async def work(self, *, planners: int = 0, kill: bool = False, rescue: bool = False, sends: bool = True) -> None:
        """Plan with so many, rescue and send with all; break one off if so wished."""
        tasks = [asyncio.create_task(self._do(i, i < planners, rescue, sends)) for i in range(FOUR)]
        if kill:
            await self._break_off(tasks)
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(done, Exception):
                raise done

    async def close(self) -> None:
        """They live in this process."""

    async def _do(self, number: int, plans: bool, rescue: bool, sends: bool) -> None:
        sender = self._senders[number]
        if rescue:
            await sender.rescue()
        if plans:
            await planning.plan_day(self._store, house(), clock=self._clock, rng=random.Random(self._bits()))
        if sends:
            await sender.drain()

    async def _break_off(self, tasks: list[asyncio.Task[None]]) -> None:
        number = self._rng.randrange(FOUR)
        await asyncio.sleep(self._rng.random() * _BREAK_OFF_S)
        if tasks[number].cancel():
            await asyncio.wait([tasks[number]])
            self.counts["senders broken off"] += tasks[number].cancelled()
            self._senders[number] = sender_of(self._store, self._desks[number], self._clock, self._bits())

    def _bits(self) -> int:
        return self._rng.getrandbits(32)


class Processes:
    """Four processes, each with its own store and sender, against one database."""

    def __init__(self, url: str, api_base: str, clock: Callable[[], datetime], rng: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        self._spec = (url, api_base)
        self._clock, self._rng = clock, rng
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.proofs.clock_senders", "storage.postgres"])
        self._workers = [self._bear() for _ in range(FOUR)]

    async def work(self, *, planners: int = 0, kill: bool = False, rescue: bool = False, sends: bool = True) -> None:
        """Plan with so many, rescue and send with all; kill one if so wished."""
        for number, (_, line) in enumerate(self._workers):
            line.send((self._clock(), number < planners, rescue, sends))
        told = [asyncio.create_task(asyncio.to_thread(_heard, line)) for _, line in self._workers]
        doomed = self._rng.randrange(FOUR) if kill else -1
        if kill:
            await asyncio.sleep(self._rng.random() * _BREAK_OFF_S)
            self._workers[doomed][0].kill()
        heard = await asyncio.wait_for(asyncio.gather(*told), _PATIENCE_S)
        for number, answer in enumerate(heard):
            if answer != "done" and number != doomed:
                raise RuntimeError(f"a worker ended: {answer}")
        if kill:
            self.counts["processes killed at work"] += heard[doomed] != "done"
            await asyncio.to_thread(self._workers[doomed][0].join)
            await asyncio.sleep(0.03)  # what it had sent arrives
            self._workers[doomed] = self._bear()

    async def close(self) -> None:
        """End them all."""
        for process, line in self._workers:
            line.close()
            await asyncio.to_thread(process.join)

    def _bear(self) -> tuple[Any, Connection]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=live, args=(*self._spec, theirs, self._rng.getrandbits(32)), daemon=True)
        process.start()
        theirs.close()
        return process, ours


def _heard(line: Connection) -> str:
    try:
        return str(line.recv())
    except (EOFError, OSError):
        return "gone"


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def live(url: str, api_base: str, line: Connection, seed: int) -> None:
    """A worker process: does as it is told until its line is cut."""
    die_with_parent()
    hush()
    asyncio.run(_serve(url, api_base, line, seed))


async def _serve(url: str, api_base: str, line: Connection, seed: int) -> None:
    now = [datetime.fromtimestamp(0, UTC)]
    store, rng = await open_store(url), random.Random(seed)
    async with ClientSession() as session:
        sender = sender_of(store, gateway_to(session, api_base, lambda: now[0]), lambda: now[0], rng.getrandbits(32))
        while True:
            try:
                now[0], plans, rescue, sends = await asyncio.to_thread(line.recv)
            except (EOFError, OSError):
                break
            try:
                if rescue:
                    await sender.rescue()
                if plans:
                    await planning.plan_day(store, house(), clock=lambda: now[0], rng=rng)
                if sends:
                    await sender.drain()
                line.send("done")
            except Exception as error:  # noqa: BLE001  the proof is told of it
                line.send(repr(error))
    await store.close()
