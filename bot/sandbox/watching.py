"""What an onlooker of the sandbox sees besides what is said: a bell for every change, and what passed between platform
and bot, in clear."""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

MOST_PASSED = 400
LONGEST = 4_000  # characters of one body


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that passed: `way` is `in` (to the bot) or `out` (to the platform); `status` as the other side said."""

    seq: int
    at: str
    way: str
    what: str
    status: str
    body: str
    ms: int


class Bell:
    """Wakes those who watch. `rung` grows with every change."""

    def __init__(self) -> None:
        self.rung = 0
        self._next = asyncio.Event()

    def ring(self) -> None:
        """Something changed."""
        self.rung += 1
        self._next.set()
        self._next = asyncio.Event()

    async def after(self, heard: int, seconds: float) -> int:
        """Wait until it was rung more often than `heard`, at most so long; how often it was."""
        if self.rung == heard:
            try:
                async with asyncio.timeout(seconds):
                    await self._next.wait()
            except TimeoutError:
                pass
        return self.rung


class Trace:
    """The latest of what passed."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._passed: deque[Passed] = deque(maxlen=MOST_PASSED)
        self.seq = 0

    def note(self, *, at: str, way: str, what: str, status: str, body: str, seconds: float) -> None:
        """Something passed, and took so long."""
        self.seq += 1
        ms = round(seconds * 1000)
        self._passed.append(Passed(seq=self.seq, at=at, way=way, what=what, status=status, body=body[:LONGEST], ms=ms))
        self._bell.ring()

    def since(self, seq: int) -> list[Passed]:
        """What passed after the `seq`th, oldest first."""
        return [each for each in self._passed if each.seq > seq]
