"""A small town for sandbox tests: a fixed clock, and a fake bot on the same loopback server as the sandbox.

The fake bot reads callbacks with wechatpy, not with the sandbox's own cryptography.
"""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook
from wechatpy.work.crypto import WeChatCrypto

from bot.sandbox import Sandbox, SandboxApp

CORP = "ww5b1c0e6b7d9a3f21"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ORDERS = "whsec_" + "c2VjcmV0IG9mIHRoZSBvcmRlcnM="
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # a Monday, 12:00 in Beijing


def an_app(name: str = "main", **fields: Any) -> SandboxApp:
    known = {"agent_id": 1000002, "secret": f"secret-of-{name}", "token": f"token{name}", "aes_key": KEY}
    return SandboxApp(name=name, **(known | fields))


class FixedClock:
    """Stands still until advanced."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    async def advance(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)


class FakeBot:
    """Hears callbacks, serves landing pages, takes orders, and does in `settle` what a test gives it to do."""

    def __init__(self, apps: dict[str, SandboxApp]) -> None:
        self.apps = apps
        self.heard: list[tuple[str, dict[str, str], str]] = []
        self.queries: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.is_stuck = False
        self.reply: Callable[[SandboxApp, ET.Element], str] = lambda app, message: ""
        self.duties: list[Callable[[], Awaitable[None]]] = []
        self.pages: dict[str, str] = {}
        self.visits: list[tuple[str, str, str]] = []
        self.orders: list[dict[str, Any]] = []
        self.order_ids: list[str] = []
        self.order_statuses: list[int] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/callback/wecom/{app}", self._prove),
            web.post("/callback/wecom/{app}", self._hear),
            web.get("/i/{code}", self._land),
            web.post("/hooks/orders", self._order),
        ]

    async def settle(self) -> None:
        duties, self.duties = self.duties, []
        for duty in duties:
            await duty()

    def events(self, kind: str) -> list[dict[str, str]]:
        """The heard events or changes called `kind`, by tag."""
        return [tags for _, tags, _ in self.heard if kind in (tags.get("ChangeType"), tags.get("Event"))]

    def crypto(self, app: SandboxApp) -> WeChatCrypto:
        return WeChatCrypto(app.token, app.aes_key, CORP)

    async def _prove(self, request: web.Request) -> web.Response:
        query = request.query
        crypto = self.crypto(self.apps[request.match_info["app"]])
        echo = crypto.check_signature(query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"])
        return web.Response(text=echo)

    async def _hear(self, request: web.Request) -> web.Response:
        app, query = self.apps[request.match_info["app"]], request.query
        inner = self.crypto(app).decrypt_message(
            await request.text(), query["msg_signature"], query["timestamp"], query["nonce"]
        )
        message = ET.fromstring(inner)
        self.heard.append((app.name, {tag.tag: tag.text or "" for tag in message}, inner))
        self.queries.append(dict(query))
        if self.is_stuck:
            await asyncio.Event().wait()
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return web.Response(status=status)
        return web.Response(text=self.reply(app, message))

    async def _land(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        self.visits.append((code, request.headers["User-Agent"], request.headers.get("Cookie", "")))
        if code not in self.pages:
            return web.Response(status=404, text="<title>没有找到</title>", content_type="text/html")
        page = f"<title>梅姐请您来</title><img alt=x data-contact-qr src='{self.pages[code]}'>"
        response = web.Response(text=page, content_type="text/html")
        response.set_cookie("device", "d1", secure=True, httponly=True)
        return response

    async def _order(self, request: web.Request) -> web.Response:
        if self.order_statuses:
            return web.Response(status=self.order_statuses.pop(0))
        self.orders.append(Webhook(ORDERS).verify(await request.text(), dict(request.headers)))
        self.order_ids.append(request.headers["webhook-id"])
        return web.json_response({"outcome": "held", "reasons": []})


class Town:
    """The sandbox, its fake bot, and a client that calls the API as an app does."""

    def __init__(self, sandbox: Sandbox, bot: FakeBot, clock: FixedClock, client: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.bot = bot
        self.clock = clock
        self.client = client

    async def ask(self, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """Call `/cgi-bin/PATH` exactly as told."""
        content = None if body is None else msgspec.json.encode(body)
        async with self.client.request(method, f"/cgi-bin/{path}", params=query, data=content) as response:
            assert response.status == 200
            return await response.json()

    async def token(self, app: str = "main") -> str:
        answer = await self.ask("GET", "gettoken", corpid=CORP, corpsecret=f"secret-of-{app}")
        return str(answer["access_token"])

    async def get(self, path: str, app: str = "main", **query: str) -> dict[str, Any]:
        return await self.ask("GET", path, access_token=await self.token(app), **query)

    async def post(self, path: str, body: Any, app: str = "main") -> dict[str, Any]:
        return await self.ask("POST", path, body, access_token=await self.token(app))

    async def upload(self, content: bytes, kind: str = "image", path: str = "media/upload") -> dict[str, Any]:
        form = aiohttp.FormData()
        form.add_field("media", io.BytesIO(content), filename="poster.jpg", content_type="image/jpeg")
        query = {"access_token": await self.token(), "type": kind}
        async with self.client.post(f"/cgi-bin/{path}", params=query, data=form) as response:
            return await response.json()

    async def act(self, persona: str, do: str, value: Any = None) -> dict[str, Any]:
        """Act through the door and return the result, which must be ok."""
        answer = await self.knock("act", {"persona": persona, "do": do, "value": value})
        assert answer["ok"], answer
        return answer["result"]

    async def knock(self, door: str, body: Any) -> dict[str, Any]:
        async with self.client.post(f"/sandbox/{door}", json=body) as response:
            return {"status": response.status} | await response.json()

    async def later(self, seconds: int) -> None:
        await self.knock("clock", {"advance_s": seconds})

    async def a_way(self, **fields: Any) -> dict[str, Any]:
        """Make a contact way of lin's."""
        body = {"type": 1, "scene": 2, "user": ["lin"], "state": "R8K2M9QX"} | fields
        return await self.post("externalcontact/add_contact_way", body)


@asynccontextmanager
async def open_town(apps: list[SandboxApp] | None = None, **options: Any) -> AsyncIterator[Town]:
    """A running town; options go to the sandbox."""
    apps = apps or [an_app()]
    bot, clock = FakeBot({app.name: app for app in apps}), FixedClock()
    known: dict[str, Any] = {"retry_pause": 0, "rng": random.Random(7)}
    sandbox = Sandbox(
        corp=CORP,
        apps=apps,
        orders_secret=ORDERS,
        clock=clock,
        machine_clock=lambda: datetime.now(UTC),
        settle=bot.settle,
        **(known | options),
    )
    application = web.Application()
    application.add_routes([*bot.routes(), *sandbox.routes()])
    async with TestServer(application, host="127.0.0.1") as server:
        await sandbox.start(str(server.make_url("/")))
        async with aiohttp.ClientSession(base_url=server.make_url("/")) as client:
            yield Town(sandbox, bot, clock, client)
        await sandbox.close()
