"""All connectors together: which one does a bill, and what became of bills whose connector is not there any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from bot.fulfilment.books import Books, Connector, later
from bot.fulfilment.webhooks import Webhooks
from referral.announcements import ANNOUNCE
from referral.bills import NO_CONNECTOR
from referral.fulfilment import FULFIL, OPEN
from referral.jobs import Job
from storage.transaction import Transaction

log = structlog.get_logger()


AT_ONCE = 20
"""So many requests to one connector are under way at a time; what comes above waits for up to `_TURN`."""

_TURN = timedelta(seconds=30)


class Fulfilment:
    """Runs the jobs `FULFIL` and `ANNOUNCE`.

    A slow connector with a thousand bills must not take up the room that other work needs, such as reading the desks.
    """

    def __init__(self, books: Books, connectors: Mapping[str, Connector]) -> None:
        self._books = books
        self._connectors = connectors
        self._under_way = Counter[str]()

    async def fulfil(self, job: Job) -> None:
        """Take a bill one step further."""
        bill = await self._books.store.read(lambda tx: tx.bills.get(job.key))
        connector = self._connectors.get(bill.connector) if bill else None
        if bill and connector:
            await self._in_turn(bill.connector, job, connector.fulfil)
        elif bill:
            log.error("fulfilment.no_connector", connector=bill.connector, bill=bill.id)
            now = self._books.clock()
            await self._books.store.write(lambda tx: tx.bills.move(bill, bill.state, now, note=NO_CONNECTOR))

    async def announce(self, job: Job) -> None:
        """Tell a system of the company what happened; one that does not listen any more is told nothing."""
        news = await self._books.store.read(lambda tx: tx.announcements.get(job.key))
        connector = self._connectors.get(news.connector) if news else None
        if news and isinstance(connector, Webhooks):
            await self._in_turn(news.connector, job, connector.announce)
        elif news:
            log.error("fulfilment.no_connector", connector=news.connector, announcement=news.id)
            await self._books.store.write(lambda tx: tx.announcements.move(news, news.state, note=NO_CONNECTOR))

    async def _in_turn(self, name: str, job: Job, run: Callable[[Job], Awaitable[None]]) -> None:
        if self._under_way[name] >= AT_ONCE:
            wait = _TURN * (1 + self._books.rng.getrandbits(8)) / 2**8
            now = self._books.clock()
            await self._books.store.write(lambda tx: later(tx, job, wait, now))
            return
        self._under_way[name] += 1
        try:
            await run(job)
        finally:
            self._under_way[name] -= 1

    def take_up(self, tx: Transaction) -> None:
        """At every start: go on with what waited for a connector that is configured again."""
        now = self._books.clock()
        for name in self._connectors:
            for bill in tx.bills.of_connector(name, OPEN, None):
                if bill.note == NO_CONNECTOR:
                    tx.jobs.put(Job(kind=FULFIL, key=bill.id, due_at=now))
            for news in tx.announcements.undelivered(name, None):
                if news.note == NO_CONNECTOR:
                    tx.jobs.put(Job(kind=ANNOUNCE, key=news.id, due_at=now))
