"""The sandbox itself: builds its parts, keeps its memory, and serves both its sides over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from bot.sandbox import state
from bot.sandbox.acquisition import Acquisition
from bot.sandbox.acts import Acts
from bot.sandbox.api import Api
from bot.sandbox.broadcasts import Broadcasts
from bot.sandbox.callbacks import Callback
from bot.sandbox.contacts import Contacts
from bot.sandbox.customers import Customers, Result
from bot.sandbox.delivery import ANSWER_TIME, Delivery
from bot.sandbox.desks import Desks
from bot.sandbox.doors import Doors
from bot.sandbox.entrance import Entrance
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.loopback import Loopback
from bot.sandbox.media import Media
from bot.sandbox.messages import Messages
from bot.sandbox.operator import Operator
from bot.sandbox.people import REPS, People
from bot.sandbox.phone import Phone
from bot.sandbox.scenery import Scenery
from bot.sandbox.sessions import Sessions
from bot.sandbox.shop import Shop
from bot.sandbox.staff import Staff
from bot.sandbox.stage import Chance, SandboxApp, SandboxClock, Stage
from bot.sandbox.state import MOST_DEEDS, Deed, Line, Person, World
from bot.sandbox.tokens import Tokens
from bot.sandbox.transfers import Transfers
from bot.sandbox.watching import Bell, Trace
from bot.sandbox.ways import QUOTA, Ways

PATIENCE = 600.0  # seconds for one act or one move of the clock
KEEP_EVERY = 2.0  # seconds between looks for changes made outside acts
ROUNDS = 20  # of letting the bot settle and delivering what its sends caused
CODES_KEPT = 3 * 86400  # seconds


class Sandbox:
    """A local WeCom with its people.

    `corp` is the company's id, the receiver of every callback; `orders_secret` is a key or `whsec_` and its base64.
    `clock` is the one that bot and sandbox share, `machine_clock` the machine's own. `settle` waits until the bot has
    done all that is due now. `state_file` keeps people, contact ways and log between runs (media lie in a folder beside
    it); without it all is forgotten. `retry_pause` is in seconds. The options after it bend the platform for tests:
    seconds until a new contact is known (`contact_lag`), contact ways allowed, most messages in a pull, broadcasts that
    a customer gets in a month (None: as many as it has days), calls of one path in a minute, seconds of a slow answer,
    seconds the bot has to answer a callback.
    """

    def __init__(
        self,
        *,
        corp: str,
        apps: Sequence[SandboxApp],
        orders_secret: bytes | str,
        clock: SandboxClock,
        machine_clock: Callable[[], datetime],
        settle: Callable[[], Awaitable[None]],
        rng: Chance,
        state_file: Path | None = None,
        retry_pause: float = 5.0,
        reps: Mapping[str, str] = REPS,
        contact_lag: int = 0,
        way_quota: int = QUOTA,
        pull_page: int = 1000,
        broadcast_cap: int | None = None,
        calls_per_minute: int | None = None,
        slow_seconds: float = 3.0,
        answer_time: float = ANSWER_TIME,
    ) -> None:
        self._stage = stage = Stage(corp=corp, apps=tuple(apps), clock=clock)
        self._settle = settle
        self._rng = rng
        self._state_file = state_file
        self._loopback = loopback = Loopback()
        media = Media(stage, state_file.with_name(state_file.name + ".media") if state_file else None)
        self._people = people = People(stage, reps)
        self._delivery = delivery = Delivery(stage, loopback, media, retry_pause, answer_time)
        self._desks = desks = Desks(stage, people, machine_clock=machine_clock, page=pull_page)
        ways, contacts = Ways(stage, people, way_quota), Contacts(stage, people, media, contact_lag)
        acquisition = Acquisition(stage, people)
        sessions = Sessions(stage, people, desks, media, delivery.later)
        tokens, faults = Tokens(stage), Faults(slow_seconds)
        shop = Shop(stage, loopback, orders_secret, machine_clock=machine_clock, retry_pause=retry_pause)
        broadcasts = Broadcasts(stage, people, contacts, broadcast_cap)
        self._entrance = entrance = Entrance(stage, people)
        messages = Messages(stage, people, media)
        nouns = (people, ways, acquisition, contacts, desks, sessions, media, messages, broadcasts, entrance)
        endpoints = {path: endpoint for noun in nouns for path, endpoint in noun.endpoints().items()}
        self._api = Api(stage, tokens, faults, endpoints, calls_per_minute)
        self._sessions = sessions
        self._media = media
        self._phone = phone = Phone(stage, loopback)
        self._faults = faults
        self.transfers = Transfers(stage, faults, machine_clock=machine_clock)
        self._scenery = Scenery(stage, people, ways, media)
        self._acts = Acts(
            people=people,
            customers=Customers(
                stage=stage,
                people=people,
                ways=ways,
                acquisition=acquisition,
                contacts=contacts,
                desks=desks,
                sessions=sessions,
                media=media,
                phone=phone,
                shop=shop,
                transfers=self.transfers,
                post=self._post,
                quiet=self._quiet,
            ),
            staff=Staff(
                stage=stage, contacts=contacts, broadcasts=broadcasts, media=media, sessions=sessions, post=self._post
            ),
            operator=Operator(stage=stage, tokens=tokens, faults=faults, delivery=delivery, quiet=self._quiet),
        )
        self._turn = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._kept = -1

    def routes(self) -> list[web.RouteDef]:
        """The platform's API, its pictures, its login, and the control doors, for the bot's own aiohttp application."""
        parts = (self._scenery, self._entrance, Doors(self), self.transfers)
        return [web.route("*", "/cgi-bin/{path:.+}", self._api.handle), *(r for part in parts for r in part.routes())]

    async def start(self, bot_url: str) -> None:
        """Wake up; `bot_url` is the loopback address of the bot, and of these routes. Raise `StateUnreadable`."""
        known = await asyncio.to_thread(state.load, self._state_file) if self._state_file else None
        self._stage.world = known or World(salt=f"{self._rng.getrandbits(128):032x}")
        self._stage.base = bot_url.rstrip("/")
        self._people.populate()
        self._desks.populate()
        self._loopback.open(self._stage.base)
        self._tasks = [asyncio.create_task(self._delivery.run()), asyncio.create_task(self._keep())]

    async def close(self) -> None:
        """End what runs, keep the memory, close connections."""
        async with self._turn:  # so that a saving under way is not cut off in the middle
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            started, self._tasks = bool(self._tasks), []
            if started:
                await self._save()
            await self._loopback.close()

    async def act(self, persona: str, do: str, value: Any = None) -> Result:
        """Let `persona` do something; acts take turns.

        Return the act's own result and `replies`, the log lines it brought that persona. Raise `BadAct` naming the
        field, `Unreachable` when the bot does not answer, `TimeoutError` when it does not come to rest.
        """
        async with asyncio.timeout(PATIENCE), self._turn:
            said = self._stage.world.said
            try:
                result = await self._acts.act(persona, do, value)
                self._remember(persona, do, value)
            finally:
                await self._save()
                self._stage.bell.ring()
        lines = [line for line in self._stage.lines_since(said) if line.to == persona]
        return result | {"replies": msgspec.to_builtins(lines)}

    async def say(self, persona: str, text: str) -> Result:
        """A customer writes to the desk, a rep to the app."""
        return await self.act(persona, "say", text)

    def hold(self, content: bytes, content_type: str = "image/jpeg") -> str:
        """Keep a picture as the platform keeps what a phone has sent; returns its id, for `say` with `media`."""
        return self._media.keep("image", content, content_type)

    async def tap(self, persona: str, item: str) -> Result:
        """A customer taps a menu item by its id."""
        return await self.act(persona, "tap", item)

    async def enter(self, persona: str, scene: str | None = None) -> Result:
        """A customer opens the desk's chat, through its link or with a scene; a rep opens the app."""
        return await self.act(persona, "enter", scene)

    async def scan(self, persona: str, code: str) -> Result:
        """A customer opens the landing page of a code or a link."""
        return await self.act(persona, "scan", code)

    async def add(self, persona: str, value: str | None = None) -> Result:
        """A customer adds the rep behind the last scanned page, behind a code, or the rep named."""
        return await self.act(persona, "add", value)

    async def delete(self, persona: str, rep: str | None = None) -> Result:
        """A customer deletes a rep, the oldest contact when none is named; a rep deletes the customer named."""
        return await self.act(persona, "delete", rep)

    async def buy(self, persona: str, value: int | Mapping[str, Any]) -> Result:
        """A customer buys for so many fen; see `act` for the longer form."""
        return await self.act(persona, "buy", value if isinstance(value, int) else dict(value))

    async def refund(self, persona: str, order: str) -> Result:
        """The shop refunds an order, whole or `NUMBER:FEN`."""
        return await self.act(persona, "refund", order)

    async def visit(self, persona: str, shop: str) -> Result:
        """A customer visits a shop."""
        return await self.act(persona, "visit", shop)

    async def trial(self, persona: str, product: str) -> Result:
        """A customer begins to try a product."""
        return await self.act(persona, "trial", product)

    async def sign(self, persona: str, contract: str) -> Result:
        """A customer signs a contract."""
        return await self.act(persona, "sign", contract)

    async def open(self, persona: str, branch: str) -> Result:
        """A customer opens an account."""
        return await self.act(persona, "open", branch)

    async def advance(self, seconds: int) -> str:
        """Move the clock, let everything due happen, and return the new time as ISO 8601 in Beijing time."""
        async with asyncio.timeout(PATIENCE), self._turn:
            await self._stage.clock.advance(seconds)
            await self._quiet()
            self._remember("", "advance", seconds)
            await self._save()
            self._stage.bell.ring()
        return self.now()

    def now(self) -> str:
        """The sandbox clock, ISO 8601 in Beijing time."""
        return self._stage.iso_now()

    def lines(self) -> list[Line]:
        """Everything said in either direction, oldest first."""
        return self._stage.world.lines

    def lines_since(self, said: int) -> list[Line]:
        """What was said after the log's counter stood at `said`."""
        return self._stage.lines_since(said)

    @property
    def said(self) -> int:
        """The log's counter: how many lines there ever were."""
        return self._stage.world.said

    @property
    def bell(self) -> Bell:
        """Rung at every change."""
        return self._stage.bell

    @property
    def trace(self) -> Trace:
        """What passed between platform and bot since the start."""
        return self._stage.trace

    @property
    def broken(self) -> Fault:
        """The fault in force."""
        return self._faults.current

    def deeds(self) -> list[Deed]:
        """What was done so far, oldest first."""
        return self._stage.world.deeds

    def customers(self) -> list[Person]:
        """The customers there are, oldest first."""
        return list(self._stage.world.people.values())

    def staff(self) -> dict[str, str]:
        """The members of staff with their names."""
        return self._people.staff()

    def shown(self, persona: str) -> bytes | None:
        """The page that a customer has open, as it came."""
        return self._phone.shown.get(persona)

    def _remember(self, persona: str, do: str, value: Any) -> None:
        deeds = self._stage.world.deeds
        deeds.append(Deed(at=self.now(), persona=persona, do=do, value=value))
        del deeds[:-MOST_DEEDS]

    def is_with_staff(self, persona: str) -> bool:
        """Whether somebody of the staff has a customer's chat, so that the bot is silent in it."""
        person = self._stage.world.people.get(persona)
        return person is not None and self._sessions.is_with_staff(person)

    def start_session(self) -> None:
        """What was done so far belongs to no session that is taken away."""
        self._stage.world.deeds.clear()

    def handle(self, persona: str) -> str | None:
        """What the platform calls a customer who has done something, None for others; makes nobody."""
        person = self._stage.world.people.get(persona)
        return person.external_userid if person else None

    @property
    def base(self) -> str:
        """The address of bot and sandbox."""
        return self._stage.base

    def external_userid(self, persona: str) -> str:
        """Return what the platform calls a customer; raise `people.Unknown` for a name that cannot be one's."""
        return self._people.customer(persona).external_userid

    def desks(self) -> list[str]:
        """The ids of the desks; known once started."""
        return list(self._stage.world.desks)

    async def _post(self, callbacks: list[Callback]) -> list[Result]:
        receipts = await self._delivery.deliver(callbacks)
        await self._quiet()
        return [receipt.row() for receipt in receipts]

    async def _quiet(self) -> None:
        """Let the bot settle, deliver what its sends caused, and again, until nothing is left."""
        for _ in range(ROUNDS):
            await self._settle()
            if self._delivery.is_idle:
                return
            await self._delivery.idle()

    async def _keep(self) -> None:
        """Save what changed between acts: the bot makes contact ways and uploads files on its own."""
        while True:
            await asyncio.sleep(KEEP_EVERY)
            if self._kept != self._stage.world.changes:
                async with self._turn:
                    await self._save()

    async def _save(self) -> None:
        world = self._stage.world
        self._kept = world.changes
        if self._state_file is None:
            return
        oldest = self._stage.now() - CODES_KEPT
        world.codes = {value: code for value, code in world.codes.items() if code.issued >= oldest}
        await asyncio.to_thread(state.write, self._state_file, msgspec.json.encode(world))
