"""The studio: posters on request, drawn off the event loop, read back before anyone gets them, kept for next time."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bot.posters import qr
from bot.posters.engine import PosterEngine, PosterSpec
from bot.posters.errors import PosterBroken
from bot.posters.look import Look
from bot.posters.shelf import Shelf, name_of

_BETWEEN_S = 1.0
_NICENESS = 10


class Studio:
    """Makes each poster once, however many ask for it at the same time, and at most `workers` at a time."""

    def __init__(
        self,
        engine: PosterEngine,
        cache_dir: Path | None,
        *,
        workers: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep finished posters in `cache_dir` (None: nowhere); it may be unwritable or full without harm."""
        self._engine = engine
        self._shelf = Shelf(cache_dir)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="poster", initializer=_give_way)
        self._monotonic = monotonic
        self._gave_back = -_BETWEEN_S
        self._under_way: dict[PosterSpec | str, Future[bytes]] = {}

    async def poster(self, spec: PosterSpec, *, keep: bool = True) -> bytes:
        """Return the JPEG of `spec`, whose QR was just read back from these very bytes; without `keep` none is kept.

        Raises `PosterBroken` if it does not say the spec's link, or another `PosterError` if it cannot be drawn. A
        caller who gives up does not stop the work for the others.
        """
        return await self._once(spec, partial(self._make, spec, keep=keep))

    async def thumbnail(self, template: str) -> bytes:
        """Return a template's small square picture as JPEG, the same for everybody. Raises `TemplateUnknown`."""
        return await self._once(template, partial(self._small, template))

    def looks(self) -> list[Look]:
        """Every template, in order."""
        return self._engine.looks()

    def close(self) -> None:
        """Finish what is being drawn and let the threads go."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _once(self, what: PosterSpec | str, make: Callable[[], bytes]) -> bytes:
        job = self._under_way.get(what) or self._start(what, make)
        return await asyncio.shield(asyncio.wrap_future(job))

    def _start(self, what: PosterSpec | str, make: Callable[[], bytes]) -> Future[bytes]:
        job = self._under_way[what] = self._pool.submit(make)
        job.add_done_callback(lambda _: self._under_way.pop(what, None))
        return job

    def _small(self, template: str) -> bytes:
        from bot.posters import thumbnail  # noqa: PLC0415 (numpy and Pillow come with the first picture)

        name = name_of(template, self._engine.thumbnail_name(template))
        kept = self._shelf.get(name)
        if kept and thumbnail.is_whole(kept):
            return kept
        drawn = self._engine.thumbnail(template)
        self._shelf.put(name, drawn)
        self._give_back()
        return drawn

    def _make(self, spec: PosterSpec, *, keep: bool) -> bytes:
        name = name_of(spec.code, self._engine.fingerprint(spec))
        return self._kept(name, spec) or self._new(name, spec, keep=keep)

    def _kept(self, name: str, spec: PosterSpec) -> bytes | None:
        """Return the kept poster if it still reads back; one that was damaged or changed on disk is made again."""
        kept = self._shelf.get(name)
        if kept is None:
            return None
        try:
            qr.check(kept, spec.link, self._engine.qr_square(spec))
        except PosterBroken:
            return None
        return kept

    def _new(self, name: str, spec: PosterSpec, *, keep: bool) -> bytes:
        drawn = self._engine.render(spec, keep=keep)
        qr.check(drawn, spec.link, self._engine.qr_square(spec), fresh=True)
        if keep:
            self._shelf.put(name, drawn)
        self._give_back()
        return drawn

    def _give_back(self) -> None:
        """Return the memory that pictures took to the system, which the C library would keep for good.

        After one poster at once, but not after each of many: they would have to get it anew.
        """
        now = self._monotonic()
        if now - self._gave_back < _BETWEEN_S:
            return
        self._gave_back = now
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)


def _give_way() -> None:
    """Let callbacks, and whatever else there is to do, go before this thread; only Linux has a niceness of threads."""
    if sys.platform == "linux":
        os.nice(_NICENESS)
