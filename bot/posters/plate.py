"""The plate: what everybody's poster shares, compressed already but for the rows on which one person's part lies.

Those rows are kept as pixels. A poster is a copy of them with the personal part laid on, compressed, and set between
what lies above and below as it is: a fifth of the work that the whole picture would be.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import msgspec
import numpy as np

from bot.posters import jpeg
from bot.posters.base import Pixels
from bot.posters.look import Frame

_DAMAGED = (zlib.error, msgspec.DecodeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """`above` is a JPEG up to the row `top`, where `band` (height x width x RGB) begins; `below` all that follows."""

    above: bytes
    below: bytes
    top: int
    band: Pixels
    quality: int

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return len(self.above) + len(self.below) + self.band.nbytes

    def printed(self, band: Pixels) -> bytes:
        """Return the whole picture as JPEG, with these rows in place of the band."""
        return self.above + jpeg.strips(band, first=self.top // jpeg.STRIP, quality=self.quality) + self.below


def made(pixels: Pixels, frame: Frame, *, quality: int) -> Plate:
    """Make the plate of a shared part (height x width x RGB) with room for what `frame` says is one person's."""
    height, width, _ = pixels.shape
    panel, square, dots = frame.panel, frame.qr, frame.size.dots
    top = min(panel.top, square.top) * dots // jpeg.STRIP * jpeg.STRIP
    end = max(panel.top + panel.height, square.top + square.side) * dots
    bottom = min(-(-end // jpeg.STRIP) * jpeg.STRIP, height)
    above = jpeg.strips(pixels[:top], first=0, quality=quality)
    below = jpeg.strips(pixels[bottom:], first=bottom // jpeg.STRIP, quality=quality)
    return Plate(
        above=jpeg.head(width, height, quality=quality) + above,
        below=below + jpeg.END,
        top=top,
        band=pixels[top:bottom].copy(),
        quality=quality,
    )


def pack(plate: Plate) -> bytes:
    """Return a plate as one file."""
    band = zlib.compress(plate.band.tobytes(), 1)
    content = msgspec.msgpack.encode((plate.above, plate.below, plate.top, plate.band.shape, plate.quality, band))
    return zlib.crc32(content).to_bytes(4, "big") + content


def unpack(packed: bytes) -> Plate | None:
    """Return a plate that was kept, or None if the file is damaged."""
    content = packed[4:]
    if zlib.crc32(content) != int.from_bytes(packed[:4], "big"):
        return None
    try:
        above, below, top, shape, quality, band = msgspec.msgpack.decode(content, type=_Kept)
        pixels = np.frombuffer(zlib.decompress(band), np.uint8).reshape(shape)
    except _DAMAGED:
        return None
    return Plate(above=above, below=below, top=top, band=pixels, quality=quality)


_Kept = tuple[bytes, bytes, int, tuple[int, int, int], int, bytes]
