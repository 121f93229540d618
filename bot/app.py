"""The composition root: one function makes every part and hands it what it needs. Time and chance enter here only."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web

from bot.channels.wecom.crypto import Crypto
from bot.channels.wecom.gateway import Gateway
from bot.channels.wecom.pull import Puller
from bot.channels.wecom.sender import Lines, Sender
from bot.channels.wecom.tokens import MemoryTokenStore, Tokens
from bot.clocks import SandboxTime, ahead
from bot.config import Config
from bot.config.sections import App as AppSection
from bot.control import Control
from bot.copy import Copy
from bot.errors_page import guard
from bot.handler import PULL, Handler
from bot.hooks.orders import routes as order_routes
from bot.hooks.reading import Naming
from bot.keys import Keys
from bot.operator import Operator
from bot.pages.doorway import Doorway
from bot.pages.landing import Landing
from bot.pages.me import OwnPage
from bot.pages.public import PublicPages
from bot.pages.tokens import Tokens as PageTokens
from bot.posters.commissions import PosterDesk
from bot.posters.engine import HybridEngine
from bot.posters.studio import Studio
from bot.sandbox import Sandbox, SandboxApp
from bot.words import Words
from referral import campaigns, orders, thanks
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.ids import new_id
from referral.jobs import Job
from referral.messages import FetchReps, MakeDeskLink
from referral.outbox import Purpose, post
from referral.people import Person
from referral.times import Clock
from scheduler.clock import Clockwork, Tick
from scheduler.due import DueWork, Run
from storage import proofs
from storage.errors import StorageError
from storage.open import open_store
from storage.sqlite import version_risk
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

_STOP_S = 20.0


def machine_clock() -> datetime:
    """The one place where the wall clock is read."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Time and chance, as the machine has them; tests bring their own."""

    clock: Clock = machine_clock
    monotonic: Callable[[], float] = time.monotonic
    rng: random.Random = random.SystemRandom()  # noqa: RUF009  # stateless
    random_bytes: Callable[[int], bytes] = os.urandom


class StoreClaims:
    """`scheduler.due.Claims` over the store: the embedded adapter of the `Jobs` port."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def claim(self, *, limit: int, lease: timedelta) -> list[Job]:
        now = self._clock()
        return await self._store.write(lambda tx: tx.jobs.claim(now, limit=limit, lease=lease))

    async def done(self, job: Job) -> None:
        await self._store.write(lambda tx: tx.jobs.done(job))

    async def retry(self, job: Job, after: timedelta, note: str) -> None:
        due_at = self._clock() + after
        await self._store.write(lambda tx: tx.jobs.retry(job, due_at, note))

    async def bury(self, job: Job, note: str) -> None:
        await self._store.write(lambda tx: tx.jobs.bury(job, note))


class App:
    """A running bot. `start` opens everything in order, `stop` closes it in the other."""

    def __init__(self, config: Config, keys: Keys, world: World) -> None:
        self.config = config
        self.keys = keys
        self.world = world
        self.clock: Clock = world.clock
        self.sandbox: Sandbox | None = None
        self._wanted = asyncio.Event()
        self._closing: list[Callable[[], Any]] = []

    async def start(self) -> None:
        """Bind the port, open the database, and begin to serve."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Finish what was accepted and give everything back."""
        while self._closing:
            closed = self._closing.pop()()
            if asyncio.iscoroutine(closed):
                await closed

    async def settle(self) -> None:
        """Run all that is due until nothing is."""
        while True:
            await self._turn()
            if await self.due.drain() + await self.sender.drain() == 0:
                return

    def wake(self) -> None:
        """Something may be due now."""
        self._wanted.set()
        self.sender.wake()

    async def _start(self) -> None:
        listening = _bind(self.config)
        self._closing.append(listening.close)
        self.config = self.config.at_port(listening.getsockname()[1])
        self.own_address = self.config.server.own_address
        self.store = await open_store(self.config.database.url)
        self._closing.append(self.store.close)
        await self._set_clock()
        self._say_risk()
        self._make_words()
        self._make_channel()
        self._make_work()
        site = self._make_site()
        await self._serve(site, listening)
        await self._begin()

    async def _set_clock(self) -> None:
        """With the sandbox, time is the machine's plus what was advanced; else the machine's own."""
        if self.config.sandbox.enabled:
            self.time = SandboxTime(self.store, self.world.clock, await self.store.read(ahead))
            self.time.settle = self.settle
            self.clock = self.time.now

    def _say_risk(self) -> None:
        if self.config.database.sqlite_path and (risk := version_risk()):
            log.warning("sqlite.version", risk=risk)

    def _make_words(self) -> None:
        config = self.config
        self.page_tokens = PageTokens(self.keys.tokens)
        kf = [desk for app in config.wecom.apps for desk in app.kf_accounts] if config.wecom else []
        self.facts, self.words = house(config, self.keys, self.page_tokens, desk=kf[0] if kf else None)
        self.naming = naming_of(config, self.keys)
        self.operator = Operator(
            store=self.store,
            facts=self.facts,
            words=self.words,
            naming=self.naming,
            clock=self.clock,
            rng=self.world.rng,
        )

    def _make_channel(self) -> None:
        config, world = self.config, self.world
        self.session = ClientSession(cookie_jar=DummyCookieJar(), connector=TCPConnector(limit=50))
        self._closing.append(self.session.close)
        tokens = Tokens(MemoryTokenStore(), clock=world.clock, monotonic=world.monotonic)
        gateways: dict[str, Gateway] = {}
        self.cryptos: dict[str, Crypto] = {}
        wecom = config.wecom
        for app in wecom.apps if wecom else ():
            assert wecom
            gateways[app.name] = Gateway(
                self.session,
                corp=wecom.corp_id,
                secret=app.secret,
                agent_id=app.agent_id,
                api_base=wecom.api_base or self.own_address,
                tokens=tokens,
                monotonic=world.monotonic,
                egress=config.egress.allow,
            )
            self.cryptos[app.name] = _crypto(app, wecom.corp_id, world.random_bytes)
        self.lines = _lines(config, gateways)

    def _make_work(self) -> None:
        data_dir, world = self.config.files.data_dir, self.world
        studio = Studio(HybridEngine(), data_dir / "posters")
        self._closing.append(studio.close)
        fetch = self.lines.contact.picture if self.lines.contact else None
        self.posters = PosterDesk(self.store, studio, facts=self.facts, words=self.words, fetch=fetch)
        self.sender = Sender(
            self.store,
            facts=self.facts,
            lines=self.lines,
            posters=self.posters,
            pictures=data_dir / "qr",
            clock=self.clock,
            rng=world.rng,
        )
        self.handler = Handler(
            store=self.store,
            facts=self.facts,
            words=self.words,
            apps=self.cryptos,
            clock=self.clock,
            rng=world.rng,
            wake=self.wake,
        )
        self.puller = Puller(self.store, self.lines.desks, self.handler.desk_event, self.clock)
        self.due = DueWork(StoreClaims(self.store, self.clock), self._runs(), self.clock)

    def _runs(self) -> Mapping[str, Run]:
        async def pull(job: Job) -> None:
            await self.puller.pull(job.key, job.payload.get("token", ""))

        async def grant(job: Job) -> None:
            now = self.clock()
            await self.store.write(lambda tx: thanks.grant(tx, self.facts, job.key, now=now, rng=self.world.rng))

        async def close(job: Job) -> None:
            await self.store.write(lambda tx: orders.close(tx, job.key))

        return {PULL: pull, thanks.GRANT: grant, orders.CLOSE: close}

    def _make_site(self) -> web.Application:
        config, world = self.config, self.world
        site = web.Application(middlewares=[guard(self.facts.company)], client_max_size=1 << 20)
        doorway = Doorway(key=self.keys.tokens, trusted=[str(p) for p in config.server.trusted_proxies])
        everywhere: dict[str, Any] = {
            "store": self.store,
            "facts": self.facts,
            "words": self.words,
            "clock": self.clock,
        }
        site.add_routes(self.handler.routes())
        site.add_routes(
            Landing(
                **everywhere,
                doorway=doorway,
                posters=self.posters,
                pictures=config.files.data_dir / "qr",
                rng=world.rng,
                wake=self.wake,
            ).routes()
        )
        site.add_routes(
            OwnPage(**everywhere, tokens=self.page_tokens, doorway=doorway, rng=world.rng, wake=self.wake).routes()
        )
        site.add_routes(
            PublicPages(**everywhere, verify_dir=config.files.data_dir / "verify", ready=self._ready).routes()
        )
        if config.orders:
            hook = order_routes(
                self.store,
                self.facts,
                [config.orders.secret],
                self.keys.phone,
                clock=self.clock,
                machine_clock=world.clock,
                rng=world.rng,
                app_id=self.naming.app_id,
            )
            site.add_routes(hook)
        if config.sandbox.enabled:
            self.sandbox = self._make_sandbox()
            site.add_routes(self.sandbox.routes())
        return site

    def _make_sandbox(self) -> Sandbox:
        config = self.config
        assert config.wecom and config.orders
        return Sandbox(
            corp=config.wecom.corp_id,
            apps=[
                SandboxApp(
                    name=app.name,
                    agent_id=app.agent_id,
                    secret=app.secret,
                    token=app.token,
                    aes_key=app.aes_key,
                    uses=app.uses,
                    kf_accounts=app.kf_accounts,
                )
                for app in config.wecom.apps
            ],
            orders_secret=config.orders.secret,
            clock=self.time,
            machine_clock=self.world.clock,
            settle=self.settle,
            rng=self.world.rng,
            state_file=config.files.data_dir / "sandbox.json",
        )

    async def _serve(self, site: web.Application, listening: socket.socket) -> None:
        runner = web.AppRunner(site, access_log=None, auto_decompress=False, lingering_time=1, shutdown_timeout=_STOP_S)
        await runner.setup()
        self._closing.append(runner.cleanup)
        await web.SockSite(runner, listening, backlog=1024).start()

    async def _begin(self) -> None:
        """All parts stand: take up what a former process left, and start to work."""
        if self.sandbox:
            await self.sandbox.start(self.own_address)
            self._closing.append(self.sandbox.close)
        await self.sender.rescue(all_of_them=True)
        await self.store.write(self._first_things)
        control = Control(self.config.files.data_dir, self._command)
        await control.start()
        self._closing.append(control.stop)
        worker = asyncio.create_task(self._work(), name="worker")
        self._closing.append(partial(_cancel, worker))
        clockwork = Clockwork(self._ticks())
        clockwork.start()
        self._closing.append(clockwork.stop)
        self.wake()

    def _first_things(self, tx: Transaction) -> None:
        """What a bot asks its platform for at every start, and the cast of a new sandbox."""
        now, rng = self.clock(), self.world.rng
        if self.lines.contact:
            post(tx, FetchReps(), lane="reps", purpose=Purpose.SYSTEM, now=now, rng=rng)
        for desk in self.lines.desks:
            if tx.desks.link(desk) is None:
                link = MakeDeskLink(desk=desk, scene="taoli")
                post(tx, link, lane=f"link:{desk}", purpose=Purpose.SYSTEM, now=now, rng=rng)
            tx.jobs.put(Job(kind=PULL, key=desk, due_at=now))
        if self.sandbox and tx.marks.get("sandbox_cast") is None:
            self._seat_mei(tx, now)
            tx.marks.set("sandbox_cast", "seated")

    def _seat_mei(self, tx: Transaction, now: datetime) -> None:
        """Mei has been a customer for two years: what an import would have told."""
        assert self.sandbox
        identity = Identity(IdentityKind.WECOM, self.sandbox.external_userid("mei"))
        if tx.people.find(identity) is None:
            since = now - timedelta(days=731)
            mei = Person(id=new_id(self.world.rng, "p"), nickname="梅姐", name="梅姐", rep="lin", joined_at=since)
            tx.people.create(mei, now)
            tx.people.attach(mei.id, identity, now)
            tx.people.attach(mei.id, Identity(IdentityKind.CRM, "mei"), now)
            tx.reps.add_contact(mei.id, "lin", since)

    def _ticks(self) -> list[Tick]:
        async def wake() -> None:
            self.wake()

        ticks = [
            Tick(name="due", every=timedelta(seconds=1), run=wake),
            Tick(name="rescue", every=timedelta(seconds=30), run=self.sender.rescue),
            Tick(name="desks", every=timedelta(minutes=5), run=self._listen),
            Tick(name="reps", every=timedelta(hours=1), run=self._ask_for_reps),
            Tick(name="head", every=timedelta(hours=1), run=self.sign_head),
        ]
        if self.config.database.sqlite_path is None:
            ticks.append(Tick(name="sequence", every=timedelta(milliseconds=500), run=self._sequence))
        return ticks

    async def _work(self) -> None:
        """Do what is due whenever something says so; a failure waits for the next second."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.settle()
            except Exception:
                log.exception("worker.failed")

    async def _turn(self) -> None:
        """What moves with time alone."""
        now = self.clock()
        await self.store.write(lambda tx: campaigns.turn_calendar(tx, now=now))
        if self.config.database.sqlite_path is None:
            await self._sequence()

    async def _sequence(self) -> None:
        while await self.store.write(lambda tx: tx.ledger.sequence()):
            continue

    async def _listen(self) -> None:
        """Ask every desk, in case a ring was lost."""
        now = self.clock()

        def unit(tx: Transaction) -> None:
            for desk in self.lines.desks:
                tx.jobs.put(Job(kind=PULL, key=desk, due_at=now))

        await self.store.write(unit)
        self.wake()

    async def _ask_for_reps(self) -> None:
        now = self.clock()
        await self.store.write(
            lambda tx: post(tx, FetchReps(), lane="reps", purpose=Purpose.SYSTEM, now=now, rng=self.world.rng)
        )
        self.wake()

    async def sign_head(self) -> None:
        """Sign the ledger as it stands, and keep the head outside the database too."""
        now = self.clock()
        head = await self.store.write(lambda tx: proofs.sign_off(tx, self.keys.ledger, now))
        path = self.config.files.data_dir / "ledger-heads.jsonl"
        await asyncio.to_thread(_append_line, path, json.dumps(head, ensure_ascii=False))

    async def _command(self, command: str, args: dict[str, Any]) -> Any:
        result = await self.operator.run(command, args)
        self.wake()
        return result

    async def _ready(self) -> str | None:
        try:
            await self.store.write(lambda tx: tx.marks.get("program"))
        except StorageError as error:
            return str(error)
        return None


def house(config: Config, keys: Keys, tokens: PageTokens, *, desk: str | None) -> tuple[Facts, Words]:
    """The company as the use cases know it, and its words."""
    public_url = config.server.public_url
    contact = f"微信客服 {public_url}/desk" if desk else config.company.name
    words = Words(Copy.load(), config.company.name, contact)
    facts = Facts(
        company=config.company.name,
        public_url=public_url,
        code_key=keys.codes,
        words=words,
        own_page=lambda person: f"{public_url}/me/{tokens.of(person)}",
        desk=desk,
        holdout=config.sending.holdout,
        welcomes=config.wecom is None or config.wecom.welcome == "send",
    )
    return facts, words


def naming_of(config: Config, keys: Keys) -> Naming:
    """How people are named here; a bare openid is unambiguous only with one account."""
    app_id = config.official[0].app_id if len(config.official) == 1 else None
    return Naming(phone_key=keys.phone, app_id=app_id)


def _crypto(app: AppSection, corp: str, random_bytes: Callable[[int], bytes]) -> Crypto:
    previous = None
    if app.token_previous or app.aes_key_previous:
        token, aes_key = app.token_previous or app.token, app.aes_key_previous or app.aes_key
        previous = Crypto(token, aes_key, corp, random_bytes=random_bytes)
    return Crypto(app.token, app.aes_key, corp, random_bytes=random_bytes, previous=previous)


def _lines(config: Config, gateways: Mapping[str, Gateway]) -> Lines:
    wecom = config.wecom
    if wecom is None:
        return Lines(contact=None, rep=None, desks={})
    contact, rep = wecom.app_for("contact"), wecom.app_for("rep")
    desks = {desk: gateways[app.name] for app in wecom.apps if "kf" in app.uses for desk in app.kf_accounts}
    return Lines(
        contact=gateways[contact.name] if contact else None,
        rep=gateways[rep.name] if rep else None,
        desks=desks,
    )


def _bind(config: Config) -> socket.socket:
    """Take the port before anything else, so that a busy one is said at once."""
    family = socket.AF_INET6 if ":" in config.server.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((config.server.host, config.server.port))
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=_STOP_S)


def _append_line(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
