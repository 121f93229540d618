"""The composition root: one function makes every part and hands it what it needs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from aiohttp import ClientSession, web

from bot.calendar import calendar_of
from bot.channels.wecom.crypto import Crypto
from bot.channels.wecom.effects import Lines
from bot.channels.wecom.gateway import Gateway
from bot.channels.wecom.pull import Puller
from bot.channels.wecom.sender import Sender
from bot.channels.wecom.tokens import MemoryTokenStore, Tokens
from bot.clocks import SandboxTime, ahead
from bot.config import Config
from bot.config.sections import App as AppSection
from bot.config.sections import Sending
from bot.control import Control
from bot.copy import Copy
from bot.egress import way_out
from bot.erasing import Folder
from bot.fulfilment.books import Books
from bot.fulfilment.connecting import Means, connect, gives, listeners
from bot.fulfilment.fulfilment import Fulfilment
from bot.fulfilment.given import given_by
from bot.handler import Handler
from bot.hooks.reading import Naming
from bot.keys import Keys
from bot.machine import World
from bot.operator import Operator
from bot.pages.cards import Tickets as CardTickets
from bot.pages.rep_passes import Passes
from bot.pages.tokens import Tokens as PageTokens
from bot.photo_shelf import DESIGNS, PhotoShelf
from bot.posters.carrying import Asking
from bot.posters.commissions import PosterDesk
from bot.posters.engine import HybridEngine
from bot.posters.studio import Studio
from bot.sandbox import Sandbox, SandboxApp
from bot.site import Parts, make_site
from bot.syncing import SYNC, Syncing
from bot.words import Words
from bot.work import Setting, Work
from referral import due_rows
from referral.carriers import Carrier
from referral.facts import Facts
from referral.floor import Policy
from referral.identities import Identity, IdentityKind
from referral.ids import new_id
from referral.minors import OF_CHILDREN
from referral.moments import Moment
from referral.people import Person
from referral.times import SHANGHAI, Clock
from referral.workdays import uncertain_years
from scheduler.clock import Clockwork
from storage.open import claim, open_store
from storage.sqlite import version_risk
from storage.transaction import Transaction

log = structlog.get_logger()

_STOP_S = 20.0


class App:
    """A running bot. `start` opens everything in order, `stop` closes it in the other.

    `tickets` sign the pages' share cards in the name of an Official Account; without them pages are plain links.
    """

    def __init__(self, config: Config, keys: Keys, world: World, *, tickets: CardTickets | None = None) -> None:
        self.config = config
        self.keys = keys
        self.world = world
        self.clock: Clock = world.clock
        self.sandbox: Sandbox | None = None
        self.tickets = tickets
        self._closing: list[Callable[[], Any]] = []

    async def start(self) -> None:
        """Bind the port, open the database, and begin to serve."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Finish what was accepted and give everything back; what fails at that keeps nothing else from it."""
        failed: Exception | None = None
        while self._closing:
            try:
                closed = self._closing.pop()()
                if asyncio.iscoroutine(closed):
                    await closed
            except Exception as error:
                log.exception("stop.failed")
                failed = failed or error
        if failed:
            raise failed

    async def settle(self) -> None:
        """Run all that is due until nothing is."""
        await self.work.settle()

    async def _start(self) -> None:
        listening = _bind(self.config)
        self._closing.append(listening.close)
        self.config = self.config.at_port(listening.getsockname()[1])
        self.own_address = self.config.server.own_address
        if lock := await claim(self.config.database.url):
            self._closing.append(lock.release)
        self.store = await open_store(self.config.database.url)
        self._closing.append(self.store.close)
        await self._set_clock()
        self._say_risk()
        self._make_words()
        self._say_uncertain()
        self._make_channel()
        if self.config.sandbox.enabled:
            self.sandbox = self._make_sandbox()
        self._make_work()
        await self._serve(self._make_site(), listening)
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

    def _say_uncertain(self) -> None:
        for year in uncertain_years(self.facts.workdays, self.clock().astimezone(SHANGHAI).date()):
            log.warning("calendar.uncertain", year=year)

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
            folder=Folder(path=config.files.data_dir, seal=self.keys.seal),
        )

    def _make_fulfilment(self) -> Fulfilment:
        session = way_out()
        self._closing.append(session.close)
        books = Books(store=self.store, facts=self.facts, clock=self.clock, rng=self.world.rng)
        means = Means(
            session=session,
            machine_clock=self.world.clock,
            random_bytes=self.world.random_bytes,
            given=given_by(self.keys.seal),
            played=self.sandbox.transfers.public_key if self.sandbox else None,
        )
        return connect(self.config, books, means)

    def _make_channel(self) -> None:
        config, world = self.config, self.world
        self.session = way_out(trusted=config.platforms, at_once=50)
        self._closing.append(self.session.close)
        wecom = config.wecom
        apps = wecom.apps if wecom else ()
        corp = wecom.corp_id if wecom else ""
        self.cryptos = {app.name: _crypto(app, corp, world.random_bytes) for app in apps}
        self.lines = lines_of(config, self.session, self._platforms_world())
        self.syncing = Syncing(
            self.store,
            self.lines,
            facts=self.facts,
            phone_key=self.keys.phone,
            clock=self.clock,
            rng=world.rng,
        )

    def _platforms_world(self) -> World:
        """The time that the platform goes by: where the sandbox plays it, the one that can be moved."""
        if not self.config.sandbox.enabled:
            return self.world
        return replace(self.world, clock=self.clock, monotonic=lambda: self.clock().timestamp())

    def _make_work(self) -> None:
        data_dir, world = self.config.files.data_dir, self.world
        studio = Studio(HybridEngine(bases=data_dir / "plates"), data_dir / "posters")
        self._closing.append(partial(asyncio.to_thread, studio.close))
        fetch = self.lines.contact.picture if self.lines.contact else None
        self.posters = PosterDesk(
            self.store,
            studio,
            facts=self.facts,
            words=self.words,
            photos=PhotoShelf(data_dir, DESIGNS),
            fetch=fetch,
            clock=self.clock,
            asking=Asking(rng=world.rng, wake=self._wake),
        )
        sender = Sender(
            self.store,
            facts=self.facts,
            lines=self.lines,
            posters=self.posters,
            pictures=data_dir / "qr",
            photos=PhotoShelf(data_dir),
            phone_key=self.keys.phone,
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
            wake=self._wake,
        )
        self.work = Work(
            Setting(
                store=self.store,
                facts=self.facts,
                sender=sender,
                fulfilment=self._make_fulfilment(),
                puller=Puller(self.store, self.lines.desks, self.handler.desk_event, self.clock),
                desks=tuple(self.lines.desks),
                has_contact=self.lines.contact is not None,
                clock=self.clock,
                rng=world.rng,
                ledger_seed=self.keys.ledger,
                data_dir=data_dir,
                sequences=self.config.database.sqlite_path is None,
            )
        )

    def _wake(self) -> None:
        self.work.wake()

    def _make_site(self) -> web.Application:
        parts = Parts(
            config=self.config,
            keys=self.keys,
            store=self.store,
            facts=self.facts,
            words=self.words,
            naming=self.naming,
            operator=self.operator,
            page_tokens=self.page_tokens,
            posters=self.posters,
            handler=self.handler,
            entrance=self.lines.rep.entrance if self.lines.rep else None,
            tickets=self.tickets,
            sandbox=self.sandbox,
            clock=self.clock,
            machine_clock=self.world.clock,
            rng=self.world.rng,
            wake=self._wake,
        )
        return make_site(parts)

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
            await self.store.write(self._seat_cast)
        await self.work.start()
        self._closing.append(self.work.stop)
        clockwork = Clockwork(self.work.ticks())
        clockwork.start()
        self._closing.append(clockwork.stop)
        control = Control(self.config.files.data_dir, self._command)
        await control.start()
        self._closing.append(control.stop)

    def _seat_cast(self, tx: Transaction) -> None:
        if tx.marks.get("sandbox_cast") is None:
            self._seat_mei(tx, self.clock())
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
            due_rows.keep(tx, self.facts, Moment(person=mei.id, customer_since=since, minor=False), now=now)

    async def _command(self, command: str, args: dict[str, Any]) -> Any:
        result = await (self.syncing.step() if command == SYNC else self.operator.run(command, args))
        self._wake()
        return result


def house(config: Config, keys: Keys, tokens: PageTokens, *, desk: str | None) -> tuple[Facts, Words]:
    """The company as the use cases know it, and its words."""
    public_url = config.server.public_url
    contact = f"微信客服 {public_url}/desk" if desk else config.company.name
    words = Words(Copy.load(), config.company.name, contact, config.company.industry)
    facts = Facts(
        company=config.company.name,
        public_url=public_url,
        code_key=keys.codes,
        words=words,
        own_page=lambda person: f"{public_url}/me/{tokens.of(person)}",
        rep_page=lambda rep, now: f"{public_url}/rep/t/{Passes(keys.tokens).link(rep, now)}",
        desk=desk,
        hours=config.sending.hours,
        workdays=calendar_of(config.sending),
        policy=policy_of(config.sending, config.company.industry),
        holdout=config.sending.holdout,
        welcomes=config.wecom is None or config.wecom.welcome == "send",
        managers=config.wecom.managers if config.wecom else (),
        industry=config.company.industry,
        connectors=gives(config.fulfilment),
        listeners=listeners(config.fulfilment),
        carriers=carriers_of(config, desk),
    )
    return facts, words


def carriers_of(config: Config, desk: str | None) -> frozenset[Carrier]:
    """What the QR of a poster can be with these apps."""
    uses = {use for app in config.wecom.apps for use in app.uses} if config.wecom else set[str]()
    has = {
        Carrier.LANDING: True,
        Carrier.CONTACT: "contact" in uses,
        Carrier.DESK: desk is not None,
        Carrier.ACQUISITION: "acquisition" in uses,
    }
    return frozenset(carrier for carrier, can_be in has.items() if can_be)


def policy_of(sending: Sending, industry: str) -> Policy:
    """How often a customer may be asked, as configured; where children are taught, only known adults."""
    return Policy(
        gap_days=sending.gap_days,
        per_year=sending.per_year,
        monthly_cap=sending.monthly_cap,
        min_tenure_days=sending.min_tenure_days,
        daily_budget=sending.daily_budget,
        rep_daily=sending.rep_daily,
        optout_limit=sending.optout_limit,
        complaint_limit=sending.complaint_limit,
        known_adults=industry in OF_CHILDREN,
    )


def naming_of(config: Config, keys: Keys) -> Naming:
    """How people are named here; a bare openid is unambiguous only with one account.

    A company's own id is an app too: by it the platform gives the openids that payments go to.
    """
    app_ids = {account.app_id for account in config.official}
    accounts = app_ids | {config.wecom.corp_id} if app_ids and config.wecom else app_ids
    app_id = next(iter(app_ids)) if len(app_ids) == 1 else None
    return Naming(phone_key=keys.phone, app_id=app_id, accounts=frozenset(accounts))


def _crypto(app: AppSection, corp: str, random_bytes: Callable[[int], bytes]) -> Crypto:
    previous = None
    if app.token_previous or app.aes_key_previous:
        token, aes_key = app.token_previous or app.token, app.aes_key_previous or app.aes_key
        previous = Crypto(token, aes_key, corp, random_bytes=random_bytes)
    return Crypto(app.token, app.aes_key, corp, random_bytes=random_bytes, previous=previous)


def lines_of(config: Config, session: ClientSession, world: World) -> Lines:
    """The apps' gateways, by what each is for. Without an `api_base` the platform is our own sandbox."""
    wecom = config.wecom
    if wecom is None:
        return Lines(contact=None, rep=None, desks={})
    tokens = Tokens(MemoryTokenStore(), clock=world.clock, monotonic=world.monotonic)
    gateways = {
        app.name: Gateway(
            session,
            corp=wecom.corp_id,
            secret=app.secret,
            agent_id=app.agent_id,
            api_base=wecom.api_base or config.server.own_address,
            tokens=tokens,
            monotonic=world.monotonic,
            egress=config.egress.allow,
        )
        for app in wecom.apps
    }
    contact, rep, acquisition = wecom.app_for("contact"), wecom.app_for("rep"), wecom.app_for("acquisition")
    desks = {desk: gateways[app.name] for app in wecom.apps if "kf" in app.uses for desk in app.kf_accounts}
    return Lines(
        contact=gateways[contact.name] if contact else None,
        rep=gateways[rep.name] if rep else None,
        desks=desks,
        acquisition=gateways[acquisition.name] if acquisition else None,
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
