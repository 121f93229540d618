"""The small square picture of a template: the piece of its tall poster with most to see, without words or persons."""

from __future__ import annotations

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from bot.posters.base import Pixels
from bot.posters.look import Frame

SIDE = 300  # px: what WeChat shows beside the words of a card
_PIECE = 640  # px of the poster that are shown on them
_STEP = 48  # of 255: a sharper edge counts no more, or lettering would beat pictures
_QUALITY = 88


def cut(poster: Pixels, frame: Frame) -> bytes:
    """Return the piece of a wordless poster, above its person and its QR, as a JPEG of `SIDE` x `SIDE` px."""
    free = poster[: min(frame.panel.top, frame.qr.top) * frame.size.dots]
    side = min(_PIECE, *free.shape[:2])
    top, left = _busiest(free, side)
    piece = Image.fromarray(np.ascontiguousarray(free[top : top + side, left : left + side]))
    small = np.asarray(piece.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    jpeg: bytes = simplejpeg.encode_jpeg(small, quality=_QUALITY, colorsubsampling="444")
    return jpeg


def is_whole(jpeg: bytes) -> bool:
    """Tell whether a kept picture is still one of ours."""
    try:
        shape: tuple[int, ...] = simplejpeg.decode_jpeg(jpeg).shape
    except ValueError:
        return False
    return shape == (SIDE, SIDE, 3)


def _busiest(pixels: Pixels, side: int) -> tuple[int, int]:
    """Where the square of that side begins (row, column) in which most changes from pixel to pixel."""
    sums = np.pad(_edges(pixels).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    found = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    return int(row), int(column)


def _edges(pixels: Pixels) -> NDArray[np.int32]:
    signed = pixels.astype(np.int16)
    edges = np.zeros(pixels.shape[:2], np.int32)
    edges[:, 1:] += np.abs(np.diff(signed, axis=1)).max(axis=2).clip(max=_STEP)
    edges[1:] += np.abs(np.diff(signed, axis=0)).max(axis=2).clip(max=_STEP)
    return edges
