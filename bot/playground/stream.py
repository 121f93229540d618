"""The page's live stream: new bubbles and events are appended, the other parts sent anew when they have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from bot.playground import look
from bot.playground.board import Board, phone_of
from bot.playground.seats import Seats

if TYPE_CHECKING:
    from bot.playground.playground import Playground

log = structlog.get_logger()

PARTS = ("clock", "platform", "decision", "story", "list", "ledger", "tour")
_LOOK_AGAIN_S = 5.0
_TOGETHER_S = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a page has seen: lines said, and what passed between platform and bot."""

    said: int
    passed: int

    def __str__(self) -> str:
        return f"{self.said}-{self.passed}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """A cursor from an address."""
        said, _, passed = text.partition("-")
        return cls(said=int(said), passed=int(passed)) if said.isdecimal() and passed.isdecimal() else None


class Stream:
    """One page's stream."""

    def __init__(self, ground: Playground, seats: Seats, request: web.Request) -> None:
        self._ground = ground
        self._sandbox = ground.sandbox
        self._seats = seats
        self._request = request
        self._response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
        )
        self._sent: dict[str, str] = {}

    async def serve(self) -> web.StreamResponse:
        """Send until the page is closed."""
        await self._response.prepare(self._request)
        seen = self._request.headers.get("Last-Event-ID") or self._request.query.get("since", "")
        cursor = Cursor.read(seen)
        if self._request.query.get("boot") != self._ground.boot or cursor is None:
            await self._send("reload", "reload")
            return self._response
        try:
            await self._follow(cursor)
        except ConnectionResetError:
            pass  # the page was closed
        except Exception:
            log.exception("stream.failed")
        return self._response

    async def _follow(self, cursor: Cursor) -> None:
        heard = -1
        while not (self._ground.closing or _is_gone(self._request)):
            heard = await self._sandbox.bell.after(heard, _LOOK_AGAIN_S)
            cursor = await self._send_new(cursor)
            await self._send_parts(await self._ground.board(self._seats))
            await self._response.write(b":\n\n")  # so that nobody in between takes the silence for the end
            await asyncio.sleep(_TOGETHER_S)

    async def _send_new(self, cursor: Cursor) -> Cursor:
        reached = Cursor(said=self._sandbox.said, passed=self._sandbox.trace.seq)
        for name, html in list(self._new(cursor)):  # at once: while they are sent, more is said
            await self._send(name, html, str(reached))
        return reached

    def _new(self, cursor: Cursor) -> Iterator[tuple[str, str]]:
        around = self._ground.around()
        for seat, persona in self._seats.phones.items():
            phone = phone_of(self._sandbox, seat, persona, around, since=cursor.said)
            if phone.bubbles:
                yield f"phone-{seat}", self._draw("bubbles", phone=phone, seats=self._seats)
        if passed := self._sandbox.trace.since(cursor.passed):
            yield "passed", self._draw("passed", passed=passed)

    async def _send_parts(self, board: Board) -> None:
        for part in PARTS:
            html = self._draw(part, board=board)
            if self._sent.get(part) != html:
                self._sent[part] = html
                await self._send(part, html)

    def _draw(self, template: str, **values: Any) -> str:
        return look.draw(template, self._seats.lang, **values)

    async def _send(self, name: str, html: str, place: str = "") -> None:
        lines = "".join(f"data: {line}\n" for line in html.split("\n"))
        mark = f"id: {place}\n" if place else ""
        await self._response.write(f"{mark}event: {name}\n{lines}\n".encode())


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
