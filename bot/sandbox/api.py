"""`/cgi-bin/...`: who may ask what, in which form, and the words of every answer (platform.md header, 10.2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from bot.sandbox.answers import Blob, Call, Endpoint, Refusal, Upload
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.stage import SandboxApp, Stage
from bot.sandbox.tokens import Tokens

LARGEST_JSON = 1024 * 1024  # bytes
LARGEST_UPLOAD = 21 * 1024 * 1024  # bytes
READ_TIME = 30.0  # seconds to receive a request
WINDOW = 60  # seconds of the rate limiter, and of its block
ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[0-7])[0-9a-fA-F]{4}")
MORE = "https://open.work.weixin.qq.com/devtool/query?e="
USES = {
    "externalcontact/": ("contact", 84074, "no external contact permission"),
    "kf/": ("kf", 95017, "api not opened"),
}


class Api:
    """Answers the calls of apps. `calls_per_minute` limits one path of the company; None is no limit."""

    def __init__(
        self,
        stage: Stage,
        tokens: Tokens,
        faults: Faults,
        endpoints: Mapping[str, Endpoint],
        calls_per_minute: int | None,
    ) -> None:
        self._stage = stage
        self._tokens = tokens
        self._faults = faults
        self._endpoints = endpoints
        self._calls_per_minute = calls_per_minute
        self._calls: dict[str, list[int]] = {}
        self._blocked: dict[str, int] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call: HTTP 200 with an errcode always, unless the platform is down."""
        loop = asyncio.get_running_loop()
        began, path = loop.time(), request.match_info["path"]
        note = partial(self._note, path, lambda: loop.time() - began)
        if self._faults.current is Fault.DOWN:
            note("502", b"")
            return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
        if self._faults.current is Fault.SLOW:
            await asyncio.sleep(self._faults.slow_seconds)
        asked = Asked()
        try:
            answer = await self._answer(request, path, asked)
        except Refusal as refusal:
            note(f"errcode {refusal.errcode}", asked.body)
            return _json(self._refused(refusal, request.remote or ""))
        note("errcode 0", asked.body)
        if isinstance(answer, Blob):
            return web.Response(body=answer.content, content_type=answer.content_type)
        return _json({"errcode": 0, "errmsg": "ok"} | answer)

    def _note(self, path: str, seconds: Callable[[], float], status: str, body: bytes) -> None:
        """Let onlookers see the call; what is in its address, the token too, stays out."""
        self._stage.trace.note(
            at=self._stage.iso_now(),
            way="out",
            what=path,
            status=status,
            body=body.decode(errors="replace"),
            seconds=seconds(),
        )

    async def _answer(self, request: web.Request, path: str, asked: Asked) -> dict[str, Any] | Blob:
        if path == "gettoken":
            return self._tokens.grant(request.query)
        if path == "getcallbackip":
            self._tokens.owner(request.query.get("access_token", ""))
            return {"ip_list": ["127.0.0.1"]}
        endpoint = self._endpoint(path, request.method)
        app = self._tokens.owner(request.query.get("access_token", ""))
        self._check_permission(app, path)
        self._check_rate(path)
        async with asyncio.timeout(READ_TIME):
            call = await _read(request, app, asked)
        answer = endpoint.answer(call)
        self._stage.world.calls += 1
        return answer

    def _endpoint(self, path: str, method: str) -> Endpoint:
        endpoint = self._endpoints.get(path)
        if endpoint is None:
            raise Refusal(40066, "invalid url")
        if endpoint.method not in (method, "ANY"):
            required = 43001 if endpoint.method == "GET" else 43002
            raise Refusal(required, f"require {endpoint.method} method")
        return endpoint

    def _check_permission(self, app: SandboxApp, path: str) -> None:
        for prefix, (use, errcode, errmsg) in USES.items():
            if path.startswith(prefix) and use not in app.uses:
                raise Refusal(errcode, errmsg)

    def _check_rate(self, path: str) -> None:
        """Refuse for a minute once a path was asked too often in a minute (platform.md 10.1)."""
        now = self._stage.now()
        if self._faults.current is Fault.RATE or self._blocked.get(path, now) > now:
            raise Refusal(45009, "api freq out of limit")
        if self._calls_per_minute is None:
            return
        self._calls[path] = [at for at in self._calls.get(path, []) if at > now - WINDOW] + [now]
        if len(self._calls[path]) > self._calls_per_minute:
            self._blocked[path] = now + WINDOW
            raise Refusal(45009, "api freq out of limit")

    def _refused(self, refusal: Refusal, remote: str) -> dict[str, Any]:
        self._stage.world.count += 1
        hint = f"{self._stage.now()}{self._stage.world.count:012d}"
        tail = f", hint: [{hint}], from ip: {remote}, more info at {MORE}{refusal.errcode}"
        return {"errcode": refusal.errcode, "errmsg": refusal.errmsg + tail} | refusal.extra


@dataclass(slots=True)
class Asked:
    """What a call carried, once it was read."""

    body: bytes = b""


async def _read(request: web.Request, app: SandboxApp, asked: Asked) -> Call:
    if request.content_type.startswith("multipart/"):
        return Call(app=app, query=request.query, body={}, upload=await _upload(request))
    if request.method == "GET":
        return Call(app=app, query=request.query, body={})
    asked.body = await _limited(request.content, LARGEST_JSON)
    return Call(app=app, query=request.query, body=_object(asked.body))


async def _upload(request: web.Request) -> Upload | None:
    try:
        async for part in await request.multipart():
            if isinstance(part, aiohttp.BodyPartReader) and part.name == "media" and part.filename:
                return Upload(filename=part.filename, content=await _limited(part, LARGEST_UPLOAD))
    except ValueError as error:
        raise Refusal(41005, "media data missing") from error
    return None


async def _limited(source: aiohttp.StreamReader | aiohttp.BodyPartReader, most: int) -> bytes:
    content = bytearray()
    while chunk := await _chunk(source):
        content += chunk
        if len(content) > most:
            raise Refusal(45001, "size out of limit")
    return bytes(content)


async def _chunk(source: aiohttp.StreamReader | aiohttp.BodyPartReader) -> bytes:
    if isinstance(source, aiohttp.BodyPartReader):
        return await source.read_chunk(65536)
    return await source.read(65536)


def _object(content: bytes) -> dict[str, Any]:
    """Decode a JSON object; needless \\u escapes are refused, as the platform may (platform.md header)."""
    if ESCAPED.search(content):
        raise Refusal(40033, "invalid request: \\uxxxx character")
    try:
        value = msgspec.json.decode(content or b"{}")
    except msgspec.DecodeError as error:
        raise Refusal(40058, "Warning: wrong json format. invalid parameter") from error
    if not isinstance(value, dict):
        raise Refusal(40058, "Warning: wrong json format. invalid parameter")
    return value


def _json(answer: Mapping[str, Any]) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json", charset="utf-8")
