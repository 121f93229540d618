"""Real bots that live to be killed, each forked from one process that has done its imports.

`python tests/proofs/nursery.py` is that process: it has no loop and no threads, so that forking it is safe. An order
comes as a line of JSON on its input; what becomes of the child goes out in lines: `born PID`, `ready PORT`,
`gone STATUS`.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve()
_PATIENCE = 30.0  # seconds for a child to start or to end


class DiedEarly(Exception):
    """A child that nobody killed ended before it was ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to start: a configuration with the secrets it names, how far its clock is ahead, and where its log goes."""

    config: str
    environ: Mapping[str, str]
    ahead_s: float
    log: str


class Nursery:
    """The harness's side. One child at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._pid = 0

    async def bear(self, order: Order) -> None:
        """Fork a child; it is not ready yet."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
        await self._process.stdin.drain()
        _, pid = await self._heard("born")
        self._pid = int(pid)

    async def ready(self) -> int:
        """The port on which the child serves. Raises `DiedEarly`."""
        word, number = await self._heard("ready", "gone")
        if word == "gone":
            self._pid = 0
            raise DiedEarly(f"the child ended with status {number}")
        return int(number)

    async def end(self, how: signal.Signals) -> int:
        """Send a signal, wait until the child is reaped, and return its wait status."""
        os.kill(self._pid, how)
        while True:
            word, number = await self._heard("ready", "gone")  # it may have become ready in the meantime
            if word == "gone":
                self._pid = 0
                return int(number)

    async def close(self) -> None:
        """End the child, if there is one, and the nursery."""
        if self._pid:
            await self.end(signal.SIGKILL)
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()

    async def _heard(self, *words: str) -> tuple[str, str]:
        assert self._process.stdout
        async with asyncio.timeout(_PATIENCE):
            line = (await self._process.stdout.readline()).decode().split()
        if len(line) != 2 or line[0] not in words:
            raise RuntimeError(f"the nursery said {line}, not one of {words}")
        return line[0], line[1]


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """A nursery, its imports done, until the block ends."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", str(HERE), stdin=pipe, stdout=pipe)
    home = Nursery(process)
    try:
        await home._heard("awake")
        yield home
    finally:
        await home.close()


# --- the process that forks ------------------------------------------------------------------------------------------


def main() -> None:
    """Import everything, then fork a child for each order until the input ends."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path.insert(0, str(HERE.parents[2]))
    _preload()
    gc.freeze()
    _tell("awake", 1)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(Order(**json.loads(line)))
        _tell("born", pid)
        _tell("gone", os.waitpid(pid, 0)[1])


def _preload() -> None:
    """What a start would import, and what it reads once: the copy, the migrations."""
    import alembic.script  # noqa: F401
    import apscheduler.executors.asyncio
    import apscheduler.triggers.interval  # noqa: F401
    import psycopg  # noqa: F401
    import sqlalchemy.dialects.postgresql.psycopg
    import sqlalchemy.dialects.sqlite
    import sqlalchemy.ext.asyncio  # noqa: F401

    import bot.app
    import bot.cli  # noqa: F401


def _live(order: Order) -> None:
    """The child: a bot as `taoli serve` runs it. Never returns."""
    _die_with_parent()
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    status = 1
    try:
        asyncio.run(_serve(order))
        status = 0
    except BaseException:  # noqa: BLE001  the harness reads of it in the log
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


async def _serve(order: Order) -> None:
    from bot.app import App
    from bot.config import load
    from bot.keys import load_keys
    from bot.log import set_up
    from bot.machine import World

    set_up()
    ahead = timedelta(seconds=order.ahead_s)
    config = load(Path(order.config), order.environ)
    app = App(config, load_keys(config, os.urandom, os.environ), World(clock=lambda: datetime.now(UTC) + ahead))
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await app.start()
    _tell("ready", app.config.server.port)
    await stopped.wait()
    await app.stop()


def _tell(word: str, number: int) -> None:
    with suppress(BrokenPipeError):
        os.write(1, f"{word} {number}\n".encode())


def _die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    main()
