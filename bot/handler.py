"""The message handler: every callback of a channel becomes one transaction, and its answer.

The walk of design §4: verify and decrypt → typed event → inbox row and use case in one transaction → commit → passive
reply if there is one, else an empty 200. What must go out waits in the outbox; nothing is sent from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import web

from bot.channels.wecom import callback
from bot.channels.wecom.callback import CallbackRefused, Opened
from bot.channels.wecom.crypto import Crypto
from bot.channels.wecom.wire import text_reply
from bot.conversations import desk, rep
from bot.metrics import CALLBACKS, UNRECOGNISED
from bot.words import Words
from referral import contacts
from referral.events import (
    ContactEdited,
    DeskEntered,
    DeskEvent,
    DeskRang,
    DeskSaid,
    DeskSendFailed,
    Event,
    FriendAdded,
    FriendLeft,
    RepOpened,
    RepSaid,
    Unrecognised,
)
from referral.facts import Facts
from referral.ids import Bits
from referral.jobs import Job
from referral.messages import FetchProfile
from referral.outbox import Purpose, post
from referral.times import Clock
from storage.errors import StorageError
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

PULL = "desk.pull"
"""The job that reads a desk; its key is the desk."""

_QUIET = (RepOpened, Unrecognised)
"""Events that leave nothing in the outbox."""

_DONE = {"Content-Type": "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """Takes events in, of callbacks and of desks. `wake` tells the worker that something may be due."""

    store: Store
    facts: Facts
    words: Words
    apps: Mapping[str, Crypto]
    clock: Clock
    rng: Bits
    wake: Callable[[], None]

    def routes(self) -> list[web.RouteDef]:
        """The callback addresses of all WeCom apps."""
        return [
            web.get("/callback/wecom/{app}", self.verify),
            web.post("/callback/wecom/{app}", self.callback),
        ]

    async def verify(self, request: web.Request) -> web.Response:
        """Answer the platform's check of the address."""
        try:
            return callback.verify(request, self._crypto(request))
        except CallbackRefused as refused:
            return _refused(refused)

    async def callback(self, request: web.Request) -> web.Response:
        """Take in one callback: 200 handled or already handled, 503 not stored, else refused."""
        app = request.match_info["app"]
        try:
            crypto = self._crypto(request)
            opened = await callback.read(request, crypto, app=app)
        except CallbackRefused as refused:
            return _refused(refused)
        if isinstance(opened.event, RepSaid):
            await asyncio.to_thread(rep.prepare, self.words, self.facts, opened.event)
        now = self.clock()
        try:
            reply = await self.store.write(lambda tx: self._receive(tx, opened, now))
        except StorageError:
            log.warning("callback.not_stored", app=app)
            CALLBACKS.labels("503").inc()
            return web.Response(status=503)
        CALLBACKS.labels("200").inc()
        if not isinstance(opened.event, _QUIET):
            self.wake()
        if reply is None:
            return web.Response(headers=_DONE)
        inner = text_reply(_sender_of(opened.event), crypto.receiver, now, reply)
        return web.Response(body=opened.reply(inner), content_type="application/xml", charset="utf-8")

    def desk_event(self, tx: Transaction, event: DeskEvent, now: datetime) -> None:
        """Take in one message or event of a desk."""
        match event:
            case DeskSaid():
                desk.said(tx, self.facts, self.words, event, now=now, rng=self.rng)
            case DeskEntered():
                desk.entered(tx, self.facts, self.words, event, now=now, rng=self.rng)
            case DeskSendFailed():
                desk.send_failed(tx, event, now=now)
            case _:
                return

    def _crypto(self, request: web.Request) -> Crypto:
        crypto = self.apps.get(request.match_info["app"])
        if crypto is None:
            raise CallbackRefused(403)
        return crypto

    def _receive(self, tx: Transaction, opened: Opened, now: datetime) -> str | None:
        """Store the event and do what follows from it. A repeat does nothing, but a desk that rings is always heard."""
        event = opened.event
        kind = type(event).__name__
        new = tx.inbox.receive(opened.key, channel="wecom", kind=kind, body=opened.plain, now=now)
        if new:
            return self._take(tx, event, now)
        if isinstance(event, DeskRang):
            self._take(tx, event, now)
        return None

    def _take(self, tx: Transaction, event: Event, now: datetime) -> str | None:
        match event:
            case RepSaid():
                return rep.said(tx, self.facts, self.words, event, now=now, rng=self.rng)
            case RepOpened():
                return rep.opened(tx, self.words, event)
            case FriendAdded():
                contacts.friend_added(tx, self.facts, event, now=now, rng=self.rng)
            case FriendLeft():
                contacts.contact_ended(tx, self.facts, event, now=now, rng=self.rng)
            case ContactEdited():
                self._ask_again(tx, event, now)
            case DeskRang():
                tx.jobs.put(Job(kind=PULL, key=event.desk, due_at=now, payload={"token": event.token}))
            case Unrecognised():
                UNRECOGNISED.labels(event.kind[:60]).inc()
        return None

    def _ask_again(self, tx: Transaction, event: ContactEdited, now: datetime) -> None:
        fetch = FetchProfile(who=event.who.value)
        lane = f"profile:{event.who.value}"
        post(tx, fetch, lane=lane, purpose=Purpose.SYSTEM, now=now, rng=self.rng)


def _refused(refused: CallbackRefused) -> web.Response:
    CALLBACKS.labels(str(refused.status)).inc()
    return refused.answer()


def _sender_of(event: Event) -> str:
    assert isinstance(event, RepSaid | RepOpened)
    return event.rep
