"""The two stages put together. Importing this brings numpy, Pillow, pytakumi: only the first poster does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from bot.posters import base, legible, person, plate, thumbnail
from bot.posters.errors import TemplateBroken
from bot.posters.look import proved
from bot.posters.plate import Plate
from bot.posters.press import Press

if TYPE_CHECKING:
    from bot.posters.engine import PosterSpec
    from bot.posters.faces import Faces
    from bot.posters.look import Look
    from bot.posters.shelf import Shelf

KEPT_BYTES = 16_000_000  # of plates: ten for a feed, two for print


class Drawing:
    """Draws posters, keeping the latest shared parts in memory and all of them on a shelf."""

    def __init__(self, faces: Faces, shelf: Shelf, *, proves: bool = True) -> None:
        self._faces = faces
        self._shelf = shelf
        self._press = Press(faces)
        self._plates: dict[str, Plate] = {}
        self._coming: dict[str, Future[Plate]] = {}
        self._proves = proves
        self._proved: set[tuple[str, str, str]] = set()
        self._lock = Lock()

    def poster(self, spec: PosterSpec, look: Look, base_key: str, *, keep: bool) -> bytes:
        """Return the poster as JPEG; `base_key` names its shared part, which goes on the shelf only with `keep`."""
        shared = self._plate(spec, look, base_key, keep=keep)
        return person.lay_on(shared, spec, look, press=self._press, covers=self._faces.covers)

    def unread(self, spec: PosterSpec, look: Look) -> list[str]:
        """Return which words are missing on a poster of plain words, or cannot be read."""
        return legible.unread(spec, look, self._press)

    def thumbnail(self, look: Look) -> bytes:
        """Return a template's small square picture as JPEG, from its tall poster without words."""
        return thumbnail.cut(base.draw_bare(look, self._press), look.frames["tall"])

    def _plate(self, spec: PosterSpec, look: Look, key: str, *, keep: bool) -> Plate:
        """Return the shared part from memory, else from the shelf, else drawn.

        One thread draws it; others that want the same wait for that one, and nobody who wants another.
        """
        with self._lock:
            if kept := self._plates.pop(key, None):
                self._plates[key] = kept  # now the youngest
                return kept
            coming = self._coming.get(key)
            mine = self._coming[key] = Future[Plate]() if coming is None else coming
        if coming is None:
            self._fulfil(mine, lambda: self._shelved(key) or self._drawn(spec, look, key, keep=keep), key)
        return mine.result()

    def _fulfil(self, coming: Future[Plate], make: Callable[[], Plate], key: str) -> None:
        """Make what others wait for too; they are told also when it fails, and the next who asks tries again."""
        try:
            shared = make()
        except BaseException as problem:
            with self._lock:
                del self._coming[key]
            coming.set_exception(problem)
            raise
        with self._lock:
            del self._coming[key]
            self._plates[key] = shared
            while len(self._plates) > 1 and sum(each.nbytes for each in self._plates.values()) > KEPT_BYTES:
                del self._plates[next(iter(self._plates))]
        coming.set_result(shared)

    def _drawn(self, spec: PosterSpec, look: Look, key: str, *, keep: bool) -> Plate:
        if self._proves:
            self._prove(spec, look)
        pixels = base.draw(spec, look, self._press)
        shared = plate.made(pixels, look.frames[spec.size], quality=look.quality)
        if keep and not spec.quote and not spec.photo:  # neither may outlast a consent or a design on a disk
            self._shelf.put(f"{key}.plate", plate.pack(shared))
        return shared

    def _prove(self, spec: PosterSpec, look: Look) -> None:
        """Raise `TemplateBroken` for a template that leaves words out, once looked at in each size by day and night.

        Few words tell that as well as the campaign's own, and are not to blame for anything. Palettes keep contrast.
        Our own templates as they ship were looked at by the tests, which takes nothing of anybody's first poster.
        """
        proof = (look.digest, spec.size, spec.theme)
        if proof in self._proved or look.digest in proved():
            return
        plain = replace(
            spec, company="青禾", headline="慢慢来", body="有问题找得到人。", note="", season="", nickname=None
        )
        if found := self.unread(replace(plain, quote="", quote_by="", photo=None, avatar=None, code="3F9K2A7B"), look):
            raise TemplateBroken(f"{look.name}: {'；'.join(found)}")
        self._proved.add(proof)

    def _shelved(self, key: str) -> Plate | None:
        kept = self._shelf.get(f"{key}.plate")
        return plate.unpack(kept) if kept else None
