"""A platform made here: real HTTP, answers that a test chooses, and a gateway that talks to it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession, web

from bot.channels.wecom.gateway import Gateway
from bot.channels.wecom.tokens import MemoryTokenStore, Tokens

SECRET = "a-secret-of-the-app"


class Platform:
    """Answers `cgi-bin` calls from `answers` by path; a list is used up one by one; a callable sees the request."""

    def __init__(self) -> None:
        self.answers = {}
        self.asked = []
        self.tokens = 0
        self.bad_tokens = set()
        self.gate = None
        self.in_flight = Counter()
        self.most_in_flight = Counter()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/cgi-bin/gettoken", self.gettoken)
        app.router.add_route("*", "/cgi-bin/{call:.+}", self.answer)
        app.router.add_get("/qr/{name}", self.picture)
        return app

    async def gettoken(self, request: web.Request) -> web.Response:
        self.tokens += 1
        if request.query["corpsecret"] != SECRET:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        return web.json_response({"errcode": 0, "errmsg": "ok", "access_token": f"t{self.tokens}", "expires_in": 7200})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        call = request.match_info["call"]
        raw = await request.read()
        self.asked.append((call, raw, dict(request.query)))
        self.in_flight[call] += 1
        self.most_in_flight[call] = max(self.most_in_flight[call], self.in_flight[call])
        if self.gate:
            await self.gate.wait()
        self.in_flight[call] -= 1
        if request.query["access_token"] in self.bad_tokens:
            return web.json_response({"errcode": 40014, "errmsg": "invalid access_token"})
        answer = self.answers.get(call, {})
        if isinstance(answer, list):
            answer = answer.pop(0)
        if callable(answer):
            return answer(request)
        return web.json_response({"errcode": 0, "errmsg": "ok"} | answer)

    async def picture(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "moved":
            raise web.HTTPFound("/qr/good")
        if name == "gone":
            raise web.HTTPNotFound
        return web.Response(body=b"x" * (2 * 1024 * 1024 + 1) if name == "large" else b"\xff\xd8picture")

    def body(self, number: int = -1) -> dict:
        return json.loads(self.asked[number][1])


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
async def session():
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def make(platform, seconds, session, aiohttp_server):
    server = await aiohttp_server(platform.app())

    def gateway(secret: str = SECRET, api_base: str = "") -> Gateway:
        tokens = Tokens(MemoryTokenStore(), clock=lambda: datetime(2026, 11, 23, tzinfo=UTC), monotonic=seconds)
        return Gateway(
            session,
            corp="ww1",
            secret=secret,
            agent_id=1000002,
            api_base=api_base or f"http://{server.host}:{server.port}",
            tokens=tokens,
            monotonic=seconds,
            egress=["*.qlogo.cn"],
        )

    gateway.address = f"http://{server.host}:{server.port}"
    return gateway


@pytest.fixture
def gateway(make):
    return make()
