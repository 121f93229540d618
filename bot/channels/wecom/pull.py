"""Reading a desk: page by page after the kept cursor, each message in a transaction of its own.

The cursor moves only when a page is in, so a crash reads it again; the message's own id makes that harmless. One
customer's messages are taken in order, different customers side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
import structlog

from bot.channels.wecom.gateway import Gateway
from referral.events import DeskEvent
from referral.times import Clock
from storage.errors import StorageError
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

Take = Callable[[Transaction, DeskEvent, datetime], None]
"""The use case of one desk event, run in the transaction that stores it."""


class Puller:
    """Reads desks; safe to call again for the same desk at any time."""

    def __init__(self, store: Store, desks: Mapping[str, Gateway], take: Take, clock: Clock) -> None:
        self._store = store
        self._desks = desks
        self._take = take
        self._clock = clock
        self._reading: dict[str, asyncio.Lock] = {}

    async def pull(self, desk: str, token: str) -> int:
        """Read everything new at a desk; how many messages came."""
        gateway = self._desks.get(desk)
        if gateway is None:
            return 0
        async with self._reading.setdefault(desk, asyncio.Lock()):
            came = 0
            cursor = await self._store.read(lambda tx: tx.desks.cursor(desk))
            while True:
                page = await gateway.pull(desk, cursor, token)
                await self._take_in(page.events)
                came += len(page.events)
                if page.cursor != cursor:
                    cursor = page.cursor
                    await self._store.write(_read_to(desk, cursor))
                if not page.more:
                    return came

    async def _take_in(self, events: Iterable[DeskEvent]) -> None:
        lines: dict[str, list[DeskEvent]] = {}
        for event in events:
            lines.setdefault(event.who.value if event.who else "", []).append(event)
        async with asyncio.TaskGroup() as group:
            for line in lines.values():
                group.create_task(self._take_line(line))

    async def _take_line(self, line: list[DeskEvent]) -> None:
        for event in line:
            try:
                await self._store.write(self._unit(event, take=self._take))
            except StorageError:
                raise
            except Exception:  # one message nobody foresaw must not shut the desk; it is kept and counted
                log.exception("desk.message_broken", kind=type(event).__name__)
                await self._store.write(self._unit(event, take=None))

    def _unit(self, event: DeskEvent, *, take: Take | None) -> Callable[[Transaction], None]:
        now = self._clock()
        kind = type(event).__name__ if take else f"{type(event).__name__}:broken"

        def unit(tx: Transaction) -> None:
            key = f"kf:{event.desk}:{event.message_id}"
            new = tx.inbox.receive(key, channel="kf", kind=kind, body=msgspec.json.encode(event), now=now)
            if new and take:
                take(tx, event, now)

        return unit


def _read_to(desk: str, cursor: str) -> Callable[[Transaction], None]:
    return lambda tx: tx.desks.read_to(desk, cursor)
