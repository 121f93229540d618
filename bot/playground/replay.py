"""A session as JSON lines, to take away and to play again in a fresh demo."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from bot.sandbox import Sandbox
from bot.sandbox.loopback import Unreachable
from bot.sandbox.state import Deed
from bot.sandbox.wishes import BadAct

MOST = 5_000
PAUSE_S = 0.4


class BadSession(ValueError):
    """A file that is no session; the message says which line, in words for whoever brought it."""


def session_lines(deeds: Sequence[Deed]) -> bytes:
    """Each act on a line of its own, oldest first."""
    return b"".join(msgspec.json.encode(deed) + b"\n" for deed in deeds)


def read_session(content: bytes) -> list[Deed]:
    """The acts of a session. Raises `BadSession`."""
    lines = [line for line in content.splitlines() if line.strip()]
    if not lines:
        raise BadSession("请选一个会话文件（.jsonl）")
    if len(lines) > MOST:
        raise BadSession(f"最多 {MOST} 行")
    return [_read(number, line) for number, line in enumerate(lines, start=1)]


def _read(number: int, line: bytes) -> Deed:
    try:
        return msgspec.json.decode(line, type=Deed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadSession(f"第 {number} 行读不懂：{error}") from error


class Replay:
    """Plays one session at a time. `told` is how far it is: done, of how many, what went wrong; None if none plays."""

    def __init__(self, sandbox: Sandbox, advance: Callable[[Any], Awaitable[None]]) -> None:
        self._sandbox = sandbox
        self._advance = advance
        self._task: asyncio.Task[None] | None = None
        self.told: tuple[int, int, str] | None = None

    def start(self, content: bytes) -> None:
        """Play a session from now on. Raises `BadSession`."""
        if self._task and not self._task.done():
            raise BadSession("上一个会话还在重放")
        deeds = read_session(content)
        self._task = asyncio.create_task(self._play(deeds))

    async def stop(self) -> None:
        """End it where it is."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _play(self, deeds: Sequence[Deed]) -> None:
        for done, deed in enumerate(deeds):
            self._tell(done, len(deeds), "")
            try:
                await self._do(deed)
            except (BadAct, Unreachable, TimeoutError) as error:
                self._tell(done, len(deeds), str(error) or type(error).__name__)
                return
            await asyncio.sleep(PAUSE_S)
        self._tell(len(deeds), len(deeds), "")

    async def _do(self, deed: Deed) -> None:
        if deed.do == "advance" and not deed.persona:
            await self._advance(deed.value)
        else:
            await self._sandbox.act(deed.persona, deed.do, deed.value)

    def _tell(self, done: int, of: int, problem: str) -> None:
        self.told = (done, of, problem)
        self._sandbox.bell.ring()
