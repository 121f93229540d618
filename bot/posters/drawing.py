"""The two stages put together. Importing this brings numpy, Pillow, pytakumi: only the first poster does."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from bot.posters import base, person, plate, thumbnail
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

    def __init__(self, faces: Faces, shelf: Shelf) -> None:
        self._faces = faces
        self._shelf = shelf
        self._press = Press(faces)
        self._plates: dict[str, Plate] = {}
        self._lock = Lock()

    def poster(self, spec: PosterSpec, look: Look, base_key: str) -> bytes:
        """Return the poster as JPEG; `base_key` names its shared part."""
        shared = self._plate(spec, look, base_key)
        return person.lay_on(shared, spec, look, press=self._press, covers=self._faces.covers)

    def thumbnail(self, look: Look) -> bytes:
        """Return a template's small square picture as JPEG, from its tall poster without words."""
        return thumbnail.cut(base.draw_bare(look, self._press), look.frames["tall"])

    def _plate(self, spec: PosterSpec, look: Look, key: str) -> Plate:
        """Return the shared part from memory, else from the shelf, else drawn; one thread draws, others wait for it."""
        with self._lock:
            shared = self._plates.pop(key, None) or self._shelved(key)
            if shared is None:
                pixels = base.draw(spec, look, self._press)
                shared = plate.made(pixels, look.frames[spec.size], quality=look.quality)
                if not spec.quote:  # what a customer said must not outlast her consent on a disk
                    self._shelf.put(f"{key}.plate", plate.pack(shared))
            self._plates[key] = shared  # now the youngest
            while len(self._plates) > 1 and sum(each.nbytes for each in self._plates.values()) > KEPT_BYTES:
                del self._plates[next(iter(self._plates))]
            return shared

    def _shelved(self, key: str) -> Plate | None:
        kept = self._shelf.get(f"{key}.plate")
        return plate.unpack(kept) if kept else None
