"""The webhook connector: bills and announcements posted to another system until it takes them or they are too old."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.fulfilment.books import Books, later
from bot.fulfilment.content import of_announcement, of_bill
from bot.fulfilment.posting import Answer, Post
from bot.fulfilment.said import trouble, undecided
from referral import bills, connectors
from referral.announcements import Announcement, AnnouncementState
from referral.fulfilment import Bill, BillState, retry_in
from referral.jobs import Job
from storage.transaction import Transaction

log = structlog.get_logger()

UNDER_WAY = timedelta(minutes=1)
"""So long after a bill went out, or was last looked at, an answer may still come."""


class Webhooks:
    """One receiver and what it is given."""

    def __init__(self, name: str, books: Books, post: Post) -> None:
        self._name = name
        self._books = books
        self._post = post

    async def fulfil(self, job: Job) -> None:
        """Send a bill, and put on record what came of it.

        That it is sent is on record before: whoever dies in between finds it unknown, and sends it again under the
        same number. One that was called off since is not sent again, and nobody can be asked what became of it: that
        is for people to find out.
        """
        taken = await self._books.store.write(lambda tx: self._take(tx, job))
        if taken is None:
            return
        was, bill, body = taken
        answer = await self._post.send(bill.id, body)
        log.info("webhook.sent", connector=self._name, bill=bill.id, ok=answer.ok, note=answer.note)
        await self._books.store.write(lambda tx: self._answered(tx, job, bill, was, answer))

    def _take(self, tx: Transaction, job: Job) -> tuple[BillState, Bill, str] | None:
        now = self._books.clock()
        known = tx.bills.get(job.key)
        if known and known.state is BillState.UNKNOWN and bills.is_called_off(tx, known):
            self._leave(tx, job, known)
            return None
        found = bills.take_up(tx, job.key, now=now)
        if found is None or found[0].state not in (BillState.WAITING, BillState.UNKNOWN):
            return None
        bill, reward = found
        sent = bills.goes_out(tx, bill, now=now)
        return (bill.state, sent, of_bill(tx, sent, reward)) if sent else None

    def _leave(self, tx: Transaction, job: Job, bill: Bill) -> None:
        facts, now, rng = self._books.facts, self._books.clock(), self._books.rng
        if now - bill.changed_at < UNDER_WAY:
            later(tx, job, UNDER_WAY, now)
        else:
            undecided(tx, facts, bill, now=now, rng=rng)

    def _answered(self, tx: Transaction, job: Job, bill: Bill, was: BillState, answer: Answer) -> None:
        facts, now, rng = self._books.facts, self._books.clock(), self._books.rng
        if answer.ok:
            bills.done(tx, facts, bill, now=now, rng=rng)
            return
        was = BillState.UNKNOWN if answer.maybe_done else was
        back = bills.came_back(tx, facts, bill, was, answer.note, now=now, rng=rng)
        standing = connectors.failed(tx, facts, self._name, gone=answer.gone, now=now, rng=rng)
        if back is None or back.state is BillState.CANCELLED or standing.is_disabled:
            return
        if wait := retry_in(bill.tries, rng):
            later(tx, job, max(wait, answer.retry_after), now)
            return
        bills.give_up(tx, back, now=now)
        trouble(tx, facts, self._name, answer.note, now=now, rng=rng)

    async def announce(self, job: Job) -> None:
        """Send an announcement; it may come twice, under the same number."""
        found = await self._books.store.read(lambda tx: self._news(tx, job.key))
        if found is None:
            return
        announcement, body = found
        answer = await self._post.send(announcement.id, body)
        log.info("webhook.announced", connector=self._name, announcement=job.key, ok=answer.ok, note=answer.note)
        await self._books.store.write(lambda tx: self._announced(tx, job, announcement, answer))

    def _news(self, tx: Transaction, key: str) -> tuple[Announcement, str] | None:
        announcement = tx.announcements.get(key)
        if announcement is None or announcement.state is not AnnouncementState.WAITING:
            return None
        body = of_announcement(tx, announcement)
        return (announcement, body) if body and not tx.connectors.get(self._name).is_disabled else None

    def _announced(self, tx: Transaction, job: Job, announcement: Announcement, answer: Answer) -> None:
        facts, now, rng = self._books.facts, self._books.clock(), self._books.rng
        tries, state = announcement.tries + 1, AnnouncementState.WAITING
        if answer.ok:
            tx.announcements.move(announcement, AnnouncementState.DONE, tries=tries, note="")
            connectors.worked(tx, self._name)
            return
        standing = connectors.failed(tx, facts, self._name, gone=answer.gone, now=now, rng=rng)
        wait = retry_in(tries, rng)
        if wait and not standing.is_disabled:
            later(tx, job, max(wait, answer.retry_after), now)
        elif not standing.is_disabled:
            state = AnnouncementState.FAILED
            trouble(tx, facts, self._name, answer.note, now=now, rng=rng)
        tx.announcements.move(announcement, state, tries=tries, note=answer.note)
