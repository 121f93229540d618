"""A session as JSON lines, to take away and to play again in a fresh demo."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import structlog

from bot.playground.refusals import in_words
from bot.sandbox import Sandbox
from bot.sandbox.loopback import Unreachable
from bot.sandbox.state import MOST_DEEDS, Deed
from bot.sandbox.wishes import BadAct

PAUSE_S = 0.4

log = structlog.get_logger()


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
    if len(lines) > MOST_DEEDS:
        raise BadSession(f"最多 {MOST_DEEDS} 行")
    return [_read(number, line) for number, line in enumerate(lines, start=1)]


def _read(number: int, line: bytes) -> Deed:
    try:
        return msgspec.json.decode(line, type=Deed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadSession(f"第 {number} 行不是一步操作") from error


class Replay:
    """Plays one session at a time.

    `told` is how far it is: done, of how many, what went wrong; None if none plays, or the last came to its end.
    """

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
            await asyncio.gather(self._task, return_exceptions=True)

    async def _play(self, deeds: Sequence[Deed]) -> None:
        for done, deed in enumerate(deeds):
            self._tell(done, len(deeds), "")
            try:
                await self._do(deed)
            except (BadAct, Unreachable, TimeoutError) as error:
                self._tell(done, len(deeds), in_words(str(error) or type(error).__name__, "zh"))
                return
            except Exception:
                self._tell(done, len(deeds), f"第 {done + 1} 步没有做成")
                log.exception("replay.failed", do=deed.do)
                return
            await asyncio.sleep(PAUSE_S)
        self.told = None
        self._sandbox.bell.ring()

    async def _do(self, deed: Deed) -> None:
        if deed.do == "advance" and not deed.persona:
            await self._advance(deed.value)
        else:
            await self._sandbox.act(deed.persona, deed.do, deed.value)

    def _tell(self, done: int, of: int, problem: str) -> None:
        self.told = (done, of, problem)
        self._sandbox.bell.ring()
