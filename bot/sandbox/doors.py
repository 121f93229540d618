"""The control doors: `/sandbox/act`, `/sandbox/clock`, `/sandbox/log`; every refusal is a 400 that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from bot.sandbox.loopback import Unreachable
from bot.sandbox.state import Line
from bot.sandbox.wishes import BadAct, only

TEN_YEARS = 3653 * 86400  # seconds


def is_from_elsewhere(request: web.Request) -> bool:
    """Whether a page of another site sends this: by the origin that browsers add to what a page posts."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    return foreign or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


class Behind(Protocol):
    """What the doors open on."""

    async def act(self, persona: str, do: str, value: Any = None) -> dict[str, Any]:
        """Carry out an act."""

    async def advance(self, seconds: int) -> str:
        """Move the clock and return the new time."""

    def now(self) -> str:
        """Return the time."""

    def lines(self) -> list[Line]:
        """Return the log."""


class Doors:
    """Reads requests and words the answers."""

    def __init__(self, sandbox: Behind) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[web.RouteDef]:
        """The three doors."""
        return [
            web.post("/sandbox/act", self._act),
            web.get("/sandbox/clock", self._now),
            web.post("/sandbox/clock", self._advance),
            web.get("/sandbox/log", self._log),
        ]

    async def _act(self, request: web.Request) -> web.Response:
        if is_from_elsewhere(request):
            return _refused(403, "origin: another site")
        try:
            wish = await _object(request, {"persona", "do", "value"})
            result = await self._sandbox.act(_name(wish, "persona"), _name(wish, "do"), wish.get("value"))
        except BadAct as error:
            return _refused(400, str(error))
        except Unreachable as error:
            return _refused(502, f"bot: {error}")
        except TimeoutError:
            return _refused(503, "bot: did not come to rest in time")
        return _json({"ok": True, "result": result})

    async def _now(self, _request: web.Request) -> web.Response:
        return _json({"now": self._sandbox.now()})

    async def _advance(self, request: web.Request) -> web.Response:
        if is_from_elsewhere(request):
            return _refused(403, "origin: another site")
        try:
            seconds = _seconds((await _object(request, {"advance_s"})).get("advance_s"))
            return _json({"now": await self._sandbox.advance(seconds)})
        except BadAct as error:
            return _refused(400, str(error))
        except TimeoutError:
            return _refused(503, "bot: did not come to rest in time")

    async def _log(self, _request: web.Request) -> web.Response:
        return _json(self._sandbox.lines())


async def _object(request: web.Request, known: set[str]) -> dict[str, Any]:
    try:
        wish = msgspec.json.decode(await request.read())
    except msgspec.DecodeError as error:
        raise BadAct(f"body: {error}") from error
    if not isinstance(wish, dict):
        raise BadAct("body: must be a JSON object")
    only(wish, known)
    return wish


def _name(wish: Mapping[str, Any], field: str) -> str:
    name = wish.get(field)
    if not isinstance(name, str) or not name:
        raise BadAct(f"{field}: must be a text that is not empty")
    return name


def _seconds(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= TEN_YEARS:
        raise BadAct(f"advance_s: must be a whole number of seconds from 0 to {TEN_YEARS}")
    return value


def _refused(status: int, error: str) -> web.Response:
    return _json({"ok": False, "result": None, "error": error}, status=status)


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json", charset="utf-8"
    )
