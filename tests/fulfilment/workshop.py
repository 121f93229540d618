"""A company with connectors: real rules, real storage, real HTTP, and a clock that the test turns."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession, web
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from bot.copy import Copy
from bot.egress import way_out
from bot.fulfilment.books import Books, Connector
from bot.fulfilment.coupons import Coupons
from bot.fulfilment.fulfilment import Fulfilment
from bot.fulfilment.given import Safe, given_by
from bot.fulfilment.operating import Fulfilling
from bot.fulfilment.posting import Post
from bot.fulfilment.shipping import Shipping
from bot.fulfilment.transfers import Cash
from bot.fulfilment.webhooks import Webhooks
from bot.fulfilment.wechatpay import Merchant, WechatPay
from bot.sandbox.faults import Faults
from bot.sandbox.stage import Stage
from bot.sandbox.state import World
from bot.sandbox.transfers import KEY_ID, Transfers
from bot.words import Words
from bot.work import StoreClaims
from referral import coupons, ledger, thanks
from referral.announcements import ANNOUNCE
from referral.attribution import Reason
from referral.facts import Facts
from referral.fulfilment import FULFIL, Bill
from referral.identities import Identity, IdentityKind
from referral.people import Person
from referral.referrals import ReferralStatus
from referral.rewards import Reward, RewardState
from scheduler.due import DueWork
from storage.open import open_store
from storage.store import Store
from storage.tables import outbox
from tests.storage.cast import NOON, a_referral, a_reward, a_touch, an_order, settle

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
APP_ID = "wx0000000000000001"
MERCHANT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Asked:
    """One request as the receiver got it."""

    number: str
    body: dict[str, Any]
    at: datetime


class Receiver:
    """Another system of the company: checks the signature with the library, and answers as the test says.

    `answers` are used up in their order, then `usual`; a status, or a status with headers. With `cut` the connection
    breaks off, and until `silent` is set there is no answer; `heard` says that the `awaited` request came. Where the
    sender's clock `stands_still` only the signature is checked, not its age.
    """

    def __init__(self) -> None:
        self.answers: list[int | tuple[int, Mapping[str, str]]] = []
        self.usual: int = 204
        self.asked: list[Asked] = []
        self.clock: Any = lambda: NOON
        self.cut = False
        self.stands_still = False
        self.silent: asyncio.Event | None = None
        self.heard, self.awaited = asyncio.Event(), 1
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/thanks"

    @property
    def numbers(self) -> list[str]:
        return [each.number for each in self.asked]

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/thanks", self._take)
        app.router.add_route("*", "/elsewhere", self._elsewhere)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        content = _checked(await request.read(), request.headers, stands_still=self.stands_still)
        self.asked.append(Asked(request.headers["webhook-id"], content, self.clock()))
        if len(self.asked) >= self.awaited:
            self.heard.set()
        if self.silent:
            await self.silent.wait()
        if self.cut:
            assert request.transport
            request.transport.abort()
        answer = self.answers.pop(0) if self.answers else self.usual
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return web.Response(status=status, headers=headers, text="内部错误：私密的东西" if status >= 400 else None)

    async def _elsewhere(self, _request: web.Request) -> web.Response:
        raise AssertionError("a redirect was followed")


def _checked(body: bytes, headers: Mapping[str, str], *, stands_still: bool) -> Any:
    """The content of a request that is signed as it should be."""
    if not stands_still:
        return Webhook(SECRET).verify(body, dict(headers))
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert headers["webhook-signature"] == Webhook(SECRET).sign(headers["webhook-id"], at, body.decode())
    return json.loads(body)


@dataclass
class Workshop:
    """The company; `rewards` are given by `owe`, each through its own referral."""

    store: Store
    session: ClientSession
    facts: Facts
    now: datetime = NOON
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    connectors: dict[str, Connector] = field(default_factory=dict)
    given: Safe = field(default_factory=lambda: given_by(bytes(32), ["parcels"]))
    stage: Stage = None  # type: ignore[assignment]  # there is one while a platform is played
    platform_at: str = ""
    faults: Faults = field(default_factory=lambda: Faults(0))
    silent: asyncio.Event | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Workshop]:
        store, session = await open_store(url), way_out()
        facts = Facts(
            company="春和家居",
            public_url="https://i.example.cn",
            code_key=bytes(32),
            words=Words(Copy.load(), "春和家居", "微信客服"),
            own_page=lambda person: f"https://i.example.cn/me/{person}",
            managers=("zhou",),
        )
        opened = cls(store, session, facts)
        await store.write(opened._settle)
        try:
            yield opened
        finally:
            await session.close()
            await store.close()

    def _settle(self, tx: Any) -> None:
        code = settle(tx)
        for number, kind in enumerate((IdentityKind.CRM, IdentityKind.WECOM, IdentityKind.UNIONID, IdentityKind.PHONE)):
            tx.people.attach("mei", Identity(kind, f"{kind.value}-mei-{number}"), NOON)
        tx.touches.add(a_touch(code=code.code))

    def clock(self) -> datetime:
        return self.now

    @property
    def books(self) -> Books:
        return Books(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng)

    # --- connectors --------------------------------------------------------------------------------------------------

    def webhook(self, url: str, *, gives: tuple[str, ...] = ("days",), events: tuple[str, ...] = ()) -> None:
        """`erp` makes thanks real, by webhook."""
        post = Post(self.session, url=url, secret=SECRET, timeout_s=30, clock=lambda: datetime.now(UTC))
        self.connectors["erp"] = Webhooks("erp", self.books, post)
        self._use(dict.fromkeys(gives, "erp"), dict.fromkeys(events, ("erp",)))

    def coupons(self) -> None:
        """`vouchers` gives the codes of the pool `autumn`."""
        self._use({"coupon": "vouchers"})
        self.connectors["vouchers"] = Coupons("vouchers", self.books, "autumn")

    async def fill(self, *codes: str, pool: str = "autumn") -> None:
        """Put codes into the pool."""
        now, rng = self.now, self.rng
        await self.store.write(lambda tx: coupons.fill(tx, pool, codes, now=now, rng=rng))

    def shipping(self) -> None:
        """`parcels` are sent by staff."""
        self._use({"gift": "parcels"})
        self.connectors["parcels"] = Shipping("parcels", self.books, self.given)

    def transfers(self, *, key: rsa.RSAPublicKey, most_fen: int = 500_000) -> None:
        """`transfer` pays out, at the platform whose answers `key` checks."""
        merchant = Merchant(
            mch_id="1900000001",
            app_id=APP_ID,
            serial_no="5157F09EFDC096DE15EBE81A47057A72",
            private_key=MERCHANT_KEY,
            public_key=key,
            public_key_id=KEY_ID,
            scene="1000",
            remark="推荐谢礼",
            activity="春和家居",
        )
        platform = WechatPay(
            self.session,
            merchant,
            api_base=self.platform_at,
            clock=lambda: datetime.now(UTC),
            random_bytes=self.rng.randbytes,
        )
        self._use({"cash": "transfer"})
        cash = Cash("transfer", self.books, platform, self.given, app_id=APP_ID, most_fen=most_fen)
        self.connectors["transfer"] = cash

    def _use(self, gives: Mapping[str, str], listeners: Mapping[str, tuple[str, ...]] | None = None) -> None:
        connectors = {**self.facts.connectors, **gives}
        self.facts = replace(self.facts, connectors=connectors, listeners=listeners or self.facts.listeners)

    # --- what happens ------------------------------------------------------------------------------------------------

    async def owe(self, number: int = 1, **form: Any) -> Reward:
        """A friend has bought, and the refund window is over: Mei is owed a thanks, and work begins on it."""
        reward = await self.store.write(lambda tx: self._owe(tx, number, form))
        await self.work()
        return reward

    def _owe(self, tx: Any, number: int, form: Mapping[str, Any]) -> Reward:
        reward = a_reward(id=f"w{number}", referral=f"r{number}", rule=f"rule-{number}", order=f"o{number}", **form)
        tx.orders.add(an_order(id=f"o{number}", order_no=f"A{number}", person="jun", digest=f"d{number}"), [])
        credited = a_referral(id=f"r{number}", status=ReferralStatus.CREDITED, order=f"o{number}")
        tx.referrals.save(replace(credited, friend="jun" if number == 1 else self._friend(tx, number)))
        assert tx.campaigns.reserve("c1", reward.reserved_fen)
        tx.rewards.add(reward)
        ledger.record(tx, reward, RewardState.HELD, now=self.now, rng=self.rng)
        thanks.grant(tx, self.facts, f"r{number}", now=self.now, rng=self.rng)
        found: Reward = tx.rewards.get(reward.id)
        return found

    def _friend(self, tx: Any, number: int) -> str:
        tx.people.create(Person(id=f"friend-{number}"), self.now)
        return f"friend-{number}"

    async def refund(self, number: int = 1) -> None:
        """The friend gives everything back."""
        facts, now, rng = self.facts, self.now, self.rng
        await self.store.write(
            lambda tx: thanks.take_back(tx, facts, f"r{number}", Reason.REFUND_FULL, now=now, rng=rng)
        )

    async def work(self) -> None:
        """Do what is due now."""
        fulfilment = Fulfilment(self.books, self.connectors)
        runs = {FULFIL: fulfilment.fulfil, ANNOUNCE: fulfilment.announce}
        await DueWork(StoreClaims(self.store, self.facts, self.clock, self.rng), runs, self.clock).drain()

    async def later(self, **span: float) -> None:
        """Time passes, and what is due is done."""
        self.now += timedelta(**span)
        await self.work()

    async def until(self, end: timedelta, step: timedelta) -> None:
        """Time passes in steps."""
        stop = self.now + end
        while self.now < stop:
            self.now += step
            await self.work()

    async def restart(self) -> None:
        """The process died and another one begins."""
        await self.store.write(lambda tx: tx.jobs.free_all())
        await self.store.write(Fulfilment(self.books, self.connectors).take_up)
        await self.work()

    async def operate(self, command: str, **args: Any) -> dict[str, Any]:
        """What an operator does."""
        by = Fulfilling(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng, who="lin")
        done = await by.run(command, args)
        await self.work()
        return done

    # --- looking -----------------------------------------------------------------------------------------------------

    async def bill(self, number: int = 1) -> Bill:
        found = await self.store.read(lambda tx: tx.bills.of_reward(f"w{number}"))
        assert found
        return found

    async def reward(self, number: int = 1) -> Reward:
        found = await self.store.read(lambda tx: tx.rewards.get(f"w{number}"))
        assert found
        return found

    async def stands(self, number: int = 1) -> tuple[str, str]:
        """The states of the bill and of its reward."""
        return (await self.bill(number)).state.value, (await self.reward(number)).state.value

    async def used_fen(self) -> int:
        campaign = await self.store.read(lambda tx: tx.campaigns.get("c1"))
        assert campaign
        return campaign.used_fen

    async def told(self) -> list[str]:
        """What the managers were told, oldest first."""

        def unit(tx: Any) -> list[str]:
            rows = tx.connection.execute(select(outbox).where(outbox.c.lane == "rep:zhou").order_by(outbox.c.seq))
            return [json.loads(row.payload)["text"] for row in rows]

        return await self.store.read(unit)


@asynccontextmanager
async def platform_for(workshop: Workshop) -> AsyncIterator[Transfers]:
    """The sandbox's merchant platform on the loopback, on the workshop's clock.

    While the workshop is `silent` it does what it is asked, and does not answer.
    """

    class Clock:
        def now(self) -> datetime:
            return workshop.now

        async def advance(self, seconds: int) -> None:
            workshop.now += timedelta(seconds=seconds)

    @web.middleware
    async def silence(request: web.Request, handler: Any) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request)
        workshop.heard.set()
        if workshop.silent:
            await workshop.silent.wait()
        return answer

    workshop.stage = stage = Stage(corp="ww1", apps=(), clock=Clock())
    stage.world = World(salt="0")
    transfers = Transfers(stage, workshop.faults, machine_clock=lambda: datetime.now(UTC))
    transfers.merchant = MERCHANT_KEY.public_key()
    app = web.Application(middlewares=[silence])
    app.add_routes(transfers.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    workshop.platform_at = f"http://127.0.0.1:{port}"
    workshop.transfers(key=transfers.public_key())
    try:
        yield transfers
    finally:
        await runner.cleanup()
