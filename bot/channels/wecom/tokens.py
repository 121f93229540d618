"""Access tokens: one fetch for any number of callers, one renewal for any number of rejections, no hot loop.

The platform may end a token early, and may hand out the same token again while it lives, so nothing here relies on
either. While a token is being renewed the old one stays in use for as long as it is good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

import structlog

from bot.channels.errors import ChannelError, Misconfigured, RateLimited

Clock = Callable[[], datetime]
Monotonic = Callable[[], float]

EARLY = timedelta(minutes=5)  # renewed this long before the end
EARLY_AGAIN = 60.0  # seconds between two early attempts
FIRST_PAUSE = 60.0  # seconds without a fetch after the platform turned us away; doubles
LONGEST_PAUSE = 900.0
LATELY = 300.0  # seconds for which an accepted token speaks for the app

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and the moment (aware, UTC) from which it is no longer used."""

    value: str
    expires_at: datetime


Fetch = Callable[[], Awaitable[tuple[str, int]]]
"""Asks the platform: returns the token and the seconds it lives, or raises a `ChannelError`."""


class TokenStore(Protocol):
    """Where tokens are shared between processes; names hold no secret."""

    async def get(self, name: str) -> Token | None:
        """Return the token kept under `name`."""

    async def set(self, name: str, token: Token) -> None:
        """Keep a newer token."""


class MemoryTokenStore:
    """Tokens of one process."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    async def get(self, name: str) -> Token | None:
        return self._tokens.get(name)

    async def set(self, name: str, token: Token) -> None:
        self._tokens[name] = token


def token_name(corp: str, secret: str) -> str:
    """Return the name under which the token of one app is kept."""
    return f"{corp}:{sha256(secret.encode()).hexdigest()[:16]}"


@dataclass(slots=True)
class _Slot:
    token: Token | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rounds: int = 0  # finished fetches, good or bad
    failure: ChannelError | None = None  # of the last round
    quiet_until: float = 0.0
    pause: float = 0.0  # the last one's length
    early_at: float = 0.0  # not before this
    worked_at: float | None = None  # when the platform last accepted a token of this app


class Tokens:
    """The tokens of any number of apps, by the name `token_name` gives."""

    def __init__(self, store: TokenStore, *, clock: Clock, monotonic: Monotonic) -> None:
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._slots: dict[str, _Slot] = {}

    async def get(self, name: str, fetch: Fetch) -> str:
        """Return a token in use. Raises what `fetch` raised, without asking again while a pause lasts."""
        slot = self._slot(name)
        token = slot.token
        if not token or self._life(token) <= timedelta(0):
            return await self._renewed(name, slot, fetch, bad=None)
        if self._life(token) <= EARLY and self._monotonic() >= slot.early_at:
            return await self._renewed_early(name, slot, fetch, token.value)
        return token.value

    async def renew(self, name: str, bad: str, fetch: Fetch) -> str:
        """Return a token to use instead of `bad`, fetched only if nobody has replaced `bad` yet."""
        return await self._renewed(name, self._slot(name), fetch, bad=bad)

    def worked(self, name: str) -> None:
        """Note that the platform accepted the token: what went wrong before is over."""
        slot = self._slot(name)
        slot.pause = 0.0
        slot.worked_at = self._monotonic()

    def reject(self, name: str, bad: str) -> Misconfigured:
        """Note that even the renewed token `bad` was rejected; return the error that callers now meet for a while.

        While other interfaces accept the app's tokens, it is that one interface which is at odds: the others go on.
        """
        slot = self._slot(name)
        others_accept = slot.worked_at is not None and self._monotonic() - slot.worked_at < LATELY
        if slot.token and slot.token.value == bad and not others_accept:
            slot.token = None
            self._rest(slot, Misconfigured("token_never_accepted"), name)
        return Misconfigured("token_never_accepted")

    async def _renewed_early(self, name: str, slot: _Slot, fetch: Fetch, old: str) -> str:
        slot.early_at = self._monotonic() + EARLY_AGAIN
        try:
            return await self._renewed(name, slot, fetch, bad=old)
        except ChannelError as problem:
            log.warning("token.not_renewed_early", app=name, reason=problem.reason)
            return old

    async def _renewed(self, name: str, slot: _Slot, fetch: Fetch, *, bad: str | None) -> str:
        seen = slot.rounds
        async with slot.lock:
            if slot.token and slot.token.value != bad and self._life(slot.token) > timedelta(0):
                return slot.token.value
            if slot.failure and (slot.rounds != seen or self._monotonic() < slot.quiet_until):
                raise slot.failure.with_traceback(None)
            slot.token = await self._shared(name, bad) or await self._fetched(name, slot, fetch)
            return slot.token.value

    async def _shared(self, name: str, bad: str | None) -> Token | None:
        token = await self._store.get(name)
        usable = token and token.value != bad and self._life(token) > EARLY
        return token if usable else None

    async def _fetched(self, name: str, slot: _Slot, fetch: Fetch) -> Token:
        try:
            value, seconds = await fetch()
        except ChannelError as problem:
            slot.rounds += 1
            slot.failure = problem
            self._rest(slot, problem, name)
            raise
        slot.rounds += 1
        slot.failure = None
        token = Token(value=value, expires_at=self._clock() + timedelta(seconds=seconds))
        await self._store.set(name, token)
        return token

    def _rest(self, slot: _Slot, problem: ChannelError, name: str) -> None:
        """Stay away from the platform for a while, if it turned us away rather than failed to answer."""
        if isinstance(problem, RateLimited):
            slot.quiet_until = self._monotonic() + problem.retry_after
        elif not problem.retryable:
            slot.failure = problem
            slot.pause = min(max(slot.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            slot.quiet_until = self._monotonic() + slot.pause
            log.warning("token.refused", app=name, reason=problem.reason, pause_s=slot.pause)

    def _life(self, token: Token) -> timedelta:
        return token.expires_at - self._clock()

    def _slot(self, name: str) -> _Slot:
        slot = self._slots.get(name)
        if slot is None:
            slot = self._slots[name] = _Slot()
        return slot
