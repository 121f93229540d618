"""The page's addresses: the page itself, its live stream, the buttons on it, a session to take away or play again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from bot.pages.answer import static
from bot.playground import look
from bot.playground.behind import Behind, Reader
from bot.playground.board import Board, board_of, names_of
from bot.playground.chat import Around
from bot.playground.refusals import in_words
from bot.playground.replay import BadSession, Replay, session_lines
from bot.playground.seats import Seats, seats
from bot.playground.stream import Cursor, Stream
from bot.playground.tour import MORNING
from bot.sandbox import Sandbox
from bot.sandbox.doors import TEN_YEARS, is_from_elsewhere
from bot.sandbox.loopback import Unreachable
from bot.sandbox.wishes import BadAct
from referral.facts import Facts
from referral.hours import next_working_morning
from referral.moments import DAY
from referral.times import Clock, midnight

_IN_PHONES = ("/rep", "/me/", "/rules", "/privacy", "/desk")
_CLOSED = '<!doctype html><html lang="zh-CN"><title>网页</title><p>这个网页已经关掉了，再扫一次就能看到。</p></html>'
_REFRESH = re.compile(rb"<meta http-equiv=\"refresh\"[^>]*>", re.IGNORECASE)
_AFTER_NINE_THIRTY_S = 60


@dataclass(slots=True, kw_only=True)
class Playground:
    """Serves the page. `boot` tells one run of the program from the next."""

    sandbox: Sandbox
    reader: Reader
    facts: Facts
    clock: Clock
    boot: str
    closing: bool = False
    replay: Replay = field(init=False)

    def __post_init__(self) -> None:
        self.replay = Replay(self.sandbox, self._advance)

    def routes(self) -> list[web.RouteDef]:
        """All below `/sandbox/`, and the files the page needs."""
        files = [web.get(path, static(body, kind)) for path, body, kind in look.static_files().values()]
        return [
            web.get("/sandbox", self._home),
            web.get("/sandbox/", self._page),
            web.get("/sandbox/stream", self._stream),
            web.post("/sandbox/do", self._do),
            web.get("/sandbox/shown/{persona}", self._shown),
            web.get("/sandbox/session.jsonl", self._session),
            web.post("/sandbox/replay", self._play),
            *files,
        ]

    async def close(self, _site: web.Application) -> None:
        """Let go of the pages that listen, and stop what is being played. A signal of the application."""
        self.closing = True
        self.sandbox.bell.ring()
        await self.replay.stop()

    async def board(self, held: Seats) -> Board:
        """Everything on the page now."""
        return board_of(self.sandbox, held, await self._behind(held), self.around(), playing=self.replay.told)

    def around(self) -> Around:
        """What the phones need beside the log."""
        return Around(names=names_of(self.sandbox), own=(self.sandbox.base, self.facts.public_url.rstrip("/")))

    async def _behind(self, held: Seats) -> Behind:
        who = self.sandbox.handle
        return await self.reader.read(who(held.customer), who(held.friend), held.rep)

    async def _home(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/sandbox/")

    async def _page(self, request: web.Request) -> web.Response:
        held = self._seats(request)
        if not {"customer", "friend", "rep"} <= set(request.query):
            raise web.HTTPFound(f"/sandbox/?{held.query}")
        cursor = Cursor(said=self.sandbox.said, passed=self.sandbox.trace.seq)
        html = look.draw("page", held.lang, board=await self.board(held), boot=self.boot, cursor=cursor)
        return web.Response(text=html, content_type="text/html", headers=look.HEADERS)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await Stream(self, self._seats(request), request).serve()

    async def _do(self, request: web.Request) -> web.Response:
        """A button or a message; answers 204, or, to a browser without scripts, leads back to the page."""
        _same_site(request)
        form = await request.post()
        persona, do, back = (str(form.get(name, "")) for name in ("persona", "do", "back"))
        try:
            await self._carry_out(persona, do, _value(str(form.get("value", "")), str(form.get("as", "text"))))
        except BadAct as error:
            return web.Response(status=400, text=in_words(str(error), self._seats(request).lang))
        except Unreachable as error:
            return web.Response(status=502, text=f"机器人没有回答：{error}")
        except TimeoutError:
            return web.Response(status=503, text="机器人还在忙，等一会儿再看")
        if "HX-Request" in request.headers:
            return web.Response(status=204)
        raise web.HTTPSeeOther(f"/sandbox/?{back}" if back else "/sandbox/")

    async def _carry_out(self, persona: str, do: str, value: Any) -> None:
        if do == "advance":
            await self._advance(value)
        else:
            await self.sandbox.act(persona, do, value)

    async def _advance(self, value: Any) -> None:
        """Move the clock by seconds, or to a minute after the reps' next list."""
        if value == MORNING:
            now = self.clock()
            opening = next_working_morning(self.facts.hours, midnight(now) + DAY, self.facts.workdays)
            value = int((opening - now).total_seconds()) + _AFTER_NINE_THIRTY_S
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= TEN_YEARS:
            raise BadAct("value: seconds, or morning")
        await self.sandbox.advance(value)

    async def _shown(self, request: web.Request) -> web.Response:
        page = self.sandbox.shown(request.match_info["persona"])
        if page is None:
            page = _CLOSED.encode()
        page = _REFRESH.sub(b"", page)  # a page that is only looked at asks for nothing
        return web.Response(body=page, content_type="text/html", charset="utf-8", headers=look.SNAPSHOT_HEADERS)

    async def _session(self, request: web.Request) -> web.Response:
        headers = {"Content-Disposition": 'attachment; filename="taoli-session.jsonl"', "Cache-Control": "no-store"}
        body = session_lines(self.sandbox.deeds())
        return web.Response(body=body, content_type="application/x-ndjson", charset="utf-8", headers=headers)

    async def _play(self, request: web.Request) -> web.Response:
        _same_site(request)
        try:
            form = await request.post()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413, text="文件太大了，最多 1 MB")
        file, back = form.get("file"), str(form.get("back", ""))
        content = file.file.read() if isinstance(file, web.FileField) else b""
        try:
            self.replay.start(content)
        except BadSession as error:
            return web.Response(status=400, text=str(error))
        if "HX-Request" in request.headers:
            return web.Response(status=204)
        raise web.HTTPSeeOther(f"/sandbox/?{back}" if back else "/sandbox/")

    def _seats(self, request: web.Request) -> Seats:
        known = [person.name for person in self.sandbox.customers()]
        return seats(request.query, list(self.sandbox.staff()), known)


async def let_ourselves_frame(request: web.Request, response: web.StreamResponse) -> None:
    """Let the phones of this very page hold our pages; other sites still cannot. A signal of the application."""
    policy = response.headers.get("Content-Security-Policy", "")
    if request.path.startswith(_IN_PHONES) and _is_framed_here(request):
        response.headers["Content-Security-Policy"] = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")


def _value(text: str, kind: str) -> Any:
    """A form's value: a text, a number or JSON; nothing where it is empty."""
    if not text:
        return None
    if kind == "number":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text
    if kind == "json":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise BadAct(f"value: {error}") from error
    return text


def _is_framed_here(request: web.Request) -> bool:
    """Whether this is for a frame of our own pages, or, where a browser does not say, comes from one."""
    wanted_for = request.headers.get("Sec-Fetch-Dest")
    if wanted_for is None:
        return urlsplit(request.headers.get("Referer", "")).netloc == request.host
    return wanted_for == "iframe" and not is_from_elsewhere(request)


def _same_site(request: web.Request) -> None:
    """A page from elsewhere must not press our buttons."""
    if is_from_elsewhere(request):
        raise web.HTTPForbidden
