"""Broadcasts brought to the platform and followed there. Making one has no idempotency key: it is never made twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.channels.errors import ChannelError, Misconfigured, NotYet, RateLimited, Refused, Unreachable
from bot.channels.wecom.broadcasts import BroadcastDesk
from bot.channels.wecom.effects import Effect, FateUnknown, Lines
from referral import broadcasts
from referral.broadcasts import EVERY, FOLLOW, PATIENCE, Broadcast, BroadcastState, Ended
from referral.facts import Facts
from referral.jobs import Job
from referral.messages import MakeBroadcast
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

_CLOCKS_APART = timedelta(minutes=2)
_SHOWN_AFTER = timedelta(minutes=2)
"""A broadcast that the platform does not list by then was not made, or cannot be told from others."""


class Broadcasting:
    """Makes broadcasts and follows them."""

    def __init__(self, store: Store, *, facts: Facts, lines: Lines, clock: Clock) -> None:
        self._store = store
        self._facts = facts
        self._lines = lines
        self._clock = clock

    async def make(self, message: MakeBroadcast) -> Effect | None:
        """Put a broadcast before its rep, or take up the one that an earlier try may have made.

        Raises `NotYet` while that cannot be told yet, `FateUnknown` when it cannot be told at all.
        """
        known = await self._store.read(lambda tx: tx.broadcasts.get(message.broadcast))
        if known is None or known.state is not BroadcastState.QUEUED:
            return None
        desk = self._lines.for_contact().broadcasts
        if known.asked_at:
            return await self._take_up(desk, known, known.asked_at)
        to, effect = await self._still_to_reach(message)
        if not to:
            return effect
        return await self._ask_for(desk, message, to)

    def given_up(self, message: MakeBroadcast) -> Effect:
        """What becomes of a broadcast whose letter came to no good end."""

        def effect(tx: Transaction, now: datetime) -> None:
            known = tx.broadcasts.get(message.broadcast)
            if known and known.state is BroadcastState.QUEUED:
                state = BroadcastState.UNKNOWN if known.asked_at else BroadcastState.FAILED
                broadcasts.close(tx, message.broadcast, state, f"{state.value}:broadcast", now=now)

        return effect

    async def follow(self, job: Job) -> None:
        """Ask how a broadcast stands and keep it; look again in ten minutes until it has come to its end."""
        known = await self._store.read(lambda tx: tx.broadcasts.get(job.key))
        if known is None or known.state is not BroadcastState.WAITING or known.task is None:
            return
        try:
            over = await self._look(known, known.task)
        except ChannelError as error:
            log.info("broadcast.not_followed", reason=error.reason)
            over = False
        if not over:
            again = Job(kind=FOLLOW, key=job.key, due_at=self._clock() + EVERY)
            await self._store.write(lambda tx: _look_again(tx, job, again))

    async def _ask_for(self, desk: BroadcastDesk, message: MakeBroadcast, to: Sequence[str]) -> Effect:
        asked_at = self._clock()
        await self._store.write(lambda tx: tx.broadcasts.asked(message.broadcast, asked_at))
        try:
            made = await desk.make(message.rep, to, message.text)
        except (RateLimited, NotYet, Misconfigured, Refused):
            await self._store.write(lambda tx: tx.broadcasts.asked(message.broadcast, None))
            raise
        except Unreachable as error:
            if not error.maybe_done:
                await self._store.write(lambda tx: tx.broadcasts.asked(message.broadcast, None))
            raise
        return lambda tx, now: broadcasts.made(tx, message.broadcast, made.msgid, made.unreachable, now=now)

    async def _still_to_reach(self, message: MakeBroadcast) -> tuple[list[str], Effect]:
        """The customers against whom nothing has come up meanwhile; the others' part ends at once."""

        def unit(tx: Transaction) -> list[str]:
            targets = tx.broadcasts.targets(message.broadcast)
            held = [each.person for each in targets if broadcasts.is_held(tx, self._facts, each, now=now)]
            if held:
                broadcasts.leave_out(tx, message.broadcast, held, "held", now=now)
            return [each.handle for each in targets if each.end is None and each.person not in held]

        now = self._clock()
        to = await self._store.write(unit)
        return to, lambda tx, at: broadcasts.close(tx, message.broadcast, BroadcastState.CANCELLED, "nobody", now=at)

    async def _take_up(self, desk: BroadcastDesk, known: Broadcast, asked_at: datetime) -> Effect:
        """Find what an earlier try may have made: this text, before this rep alone, and not ours already."""
        now = self._clock()
        for msgid in await desk.find(known.text, asked_at - _CLOCKS_APART, now + _CLOCKS_APART):
            if not await self._is_ours(msgid) and list(await desk.reps(msgid)) == [known.rep]:
                return lambda tx, at: broadcasts.made(tx, known.id, msgid, (), now=at)
        if now - asked_at < _SHOWN_AFTER:
            raise NotYet("broadcast_not_shown_yet")
        raise FateUnknown("broadcast_unknown")

    async def _is_ours(self, msgid: str) -> bool:
        return await self._store.read(lambda tx: tx.broadcasts.is_known(msgid))

    async def _look(self, known: Broadcast, msgid: str) -> bool:
        """Keep what the platform tells; take the rest back when the rep has had three days. Whether it is over."""
        desk, now = self._lines.for_contact().broadcasts, self._clock()
        is_unwanted = await self._store.read(lambda tx: broadcasts.is_unwanted(tx, self._facts, known.id, now=now))
        is_late = now - known.created_at >= PATIENCE
        if is_late or is_unwanted:
            await _cancel(desk, msgid)
        told = [
            Ended(handle=each.handle, end=each.end, at=each.at or now)
            for each in await desk.deliveries(msgid, known.rep)
        ]

        def unit(tx: Transaction) -> bool:
            over = broadcasts.followed(tx, known.id, told, now=now)
            if (is_late or is_unwanted) and not over:
                why = "taken_back" if is_unwanted else "rep_did_not_send"
                broadcasts.close(tx, known.id, BroadcastState.CANCELLED, why, now=now)
            return over or is_late or is_unwanted

        return await self._store.write(unit)


async def _cancel(desk: BroadcastDesk, msgid: str) -> None:
    try:
        await desk.cancel(msgid)
    except Refused as error:  # nothing of it is left to take back
        log.info("broadcast.not_cancelled", reason=error.reason)


def _look_again(tx: Transaction, job: Job, again: Job) -> None:
    """Finish this look and put the next one; a worker whose lease was lost puts none."""
    if tx.jobs.done(job):
        tx.jobs.put(again)
