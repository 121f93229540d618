"""Portraits lately fetched, kept in memory for a while: a code that many open costs its advocate's picture once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.channels.errors import ChannelError
from referral.times import Clock

_KEPT = timedelta(minutes=10)
_MISSED = timedelta(minutes=1)  # how long one that could not be had is not asked for again
_AT_MOST = 32
_PATIENCE_S = 2.0

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets a picture by its address, from allowed hosts only."""


class Portraits:
    """Portraits by address, fetched at most once in ten minutes; of the 32 asked for last."""

    def __init__(self, fetch: Fetch, clock: Clock, *, patience: float = _PATIENCE_S) -> None:
        """Wait `patience` seconds at most for any of them."""
        self._fetch = fetch
        self._clock = clock
        self._patience = patience
        self._kept: OrderedDict[str, tuple[bytes | None, datetime]] = OrderedDict()

    async def get(self, address: str) -> bytes | None:
        """The portrait, None where it cannot be had: a poster is never held up by a picture."""
        portrait, until = self._kept.get(address, (None, None))
        if until is None or self._clock() >= until:
            portrait = await self._asked_for(address)
            self._keep(address, portrait)
        else:
            self._kept.move_to_end(address)
        return portrait

    async def _asked_for(self, address: str) -> bytes | None:
        try:
            return await asyncio.wait_for(self._fetch(address), self._patience)
        except (ChannelError, TimeoutError):
            return None

    def _keep(self, address: str, portrait: bytes | None) -> None:
        self._kept[address] = portrait, self._clock() + (_MISSED if portrait is None else _KEPT)
        self._kept.move_to_end(address)
        if len(self._kept) > _AT_MOST:
            self._kept.popitem(last=False)
