"""The two stages put together. Importing this brings numpy, Pillow, pytakumi: only the first poster does."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from bot.posters import base, person, thumbnail
from bot.posters.base import Pixels
from bot.posters.press import Press

if TYPE_CHECKING:
    from bot.posters.engine import PosterSpec
    from bot.posters.faces import Faces
    from bot.posters.look import Look
    from bot.posters.shelf import Shelf

KEPT_BYTES = 25_000_000  # of shared parts: four for a feed; one for print is larger by itself


class Drawing:
    """Draws posters, keeping the latest shared parts in memory and all of them on a shelf."""

    def __init__(self, faces: Faces, shelf: Shelf) -> None:
        self._faces = faces
        self._shelf = shelf
        self._press = Press(faces)
        self._bases: dict[str, Pixels] = {}
        self._lock = Lock()

    def poster(self, spec: PosterSpec, look: Look, base_key: str) -> bytes:
        """Return the poster as JPEG; `base_key` names its shared part."""
        shared = self._base(spec, look, base_key)
        return person.lay_on(shared, spec, look, press=self._press, covers=self._faces.covers)

    def thumbnail(self, look: Look) -> bytes:
        """Return a template's small square picture as JPEG, from its tall poster without words."""
        return thumbnail.cut(base.draw_bare(look, self._press), look.frames["tall"])

    def _base(self, spec: PosterSpec, look: Look, key: str) -> Pixels:
        """Return the shared part from memory, else from the shelf, else drawn; one thread draws, others wait for it."""
        with self._lock:
            shared = self._bases.pop(key, None)
            if shared is None:
                shared = self._shelved(key)
            if shared is None:
                shared = base.draw(spec, look, self._press)
                self._shelf.put(f"{key}.png", base.pack(shared))
            self._bases[key] = shared  # now the youngest
            while len(self._bases) > 1 and sum(each.nbytes for each in self._bases.values()) > KEPT_BYTES:
                del self._bases[next(iter(self._bases))]
            return shared

    def _shelved(self, key: str) -> Pixels | None:
        kept = self._shelf.get(f"{key}.png")
        return base.unpack(kept) if kept else None
