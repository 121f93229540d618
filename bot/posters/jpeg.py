"""JPEG in strips, so that some rows of a finished picture can be exchanged, and read, without touching the others.

Every strip is compressed by itself and stands behind a restart marker, at which a decoder begins anew just as the
encoder did (ITU-T T.81, B.2.1 and F.1.1.5.1). Put together they are one plain baseline JPEG with the very pixels that
compressing it at once gives, and about 4 bytes more for each strip.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import simplejpeg
from numpy.typing import NDArray

STRIP = 32  # px: at 4:2:0 two rows of the blocks that are compressed together
END = b"\xff\xd9"

_BLOCK = 16  # px, both ways
_FRAME, _INTERVAL, _SCAN = 0xC0, 0xDD, 0xDA  # the markers of a baseline picture's size, of strips, of what is shown
_RESTART = re.compile(b"\xff[\xd0-\xd7]")


def head(width: int, height: int, *, quality: int) -> bytes:
    """Return all that stands before the first strip of a picture of that size."""
    blank = _encoded(np.zeros((_BLOCK, width, 3), np.uint8), quality)
    scan = _segment(blank, _SCAN)
    blocks = -(-width // _BLOCK) * (STRIP // _BLOCK)
    interval = bytes((0xFF, _INTERVAL, 0, 4)) + blocks.to_bytes(2, "big")
    return _with_height(blank[: scan.start], height) + interval + blank[scan]


def strips(pixels: NDArray[np.uint8], *, first: int, quality: int) -> bytes:
    """Compress rows (height x width x RGB) to strips, the first of which has the number `first` in its picture."""
    alone = [_encoded(pixels[top : top + STRIP], quality) for top in range(0, len(pixels), STRIP)]
    body = _segment(alone[0], _SCAN).stop if alone else 0
    return b"".join(_mark_before(number) + strip[body : -len(END)] for number, strip in enumerate(alone, first))


def rows(jpeg: bytes, top: int, bottom: int) -> tuple[bytes, int]:
    """Cut out the strips that hold the rows from `top` up to before `bottom`: a JPEG, and which row is its first.

    A picture that is not in strips is returned as it is. Raises `ValueError` where strips are missing or out of order.
    """
    try:
        height, size = _measures(jpeg)
    except LookupError:
        return jpeg, 0
    body = _segment(jpeg, _SCAN).stop
    marks = [found.start() for found in _RESTART.finditer(jpeg, body)]
    count = -(-height // size)
    if not jpeg.endswith(END) or [jpeg[at + 1] & 7 for at in marks] != [number & 7 for number in range(count - 1)]:
        raise ValueError("a JPEG with strips missing or out of order")
    bounds = list(pairwise((body - 2, *marks, len(jpeg) - len(END))))
    first, last = top // size, min(-(-bottom // size), count)
    kept = b"".join(
        _mark_before(number) + jpeg[start + 2 : stop] for number, (start, stop) in enumerate(bounds[first:last])
    )
    return _with_height(jpeg[:body], min(last * size, height) - first * size) + kept + END, first * size


def _encoded(pixels: NDArray[np.uint8], quality: int) -> bytes:
    whole = np.ascontiguousarray(pixels)
    jpeg: bytes = simplejpeg.encode_jpeg(whole, quality=quality, colorsubsampling="420")
    return jpeg


def _mark_before(number: int) -> bytes:
    """The marker between a strip and the one before it, nothing for the first."""
    return bytes((0xFF, 0xD0 + (number - 1) % 8)) if number else b""


def _measures(jpeg: bytes) -> tuple[int, int]:
    """Return the picture's height and that of a strip, px; raise `LookupError` if it is not in strips of whole rows."""
    frame, interval = _segment(jpeg, _FRAME).start, _segment(jpeg, _INTERVAL).start
    height, width = (int.from_bytes(jpeg[frame + at : frame + at + 2], "big") for at in (5, 7))
    across, down = (8 * factor for factor in divmod(jpeg[frame + 11], 16))
    lines, rest = divmod(int.from_bytes(jpeg[interval + 4 : interval + 6], "big"), -(-width // across))
    if rest or not lines:
        raise LookupError("strips of broken rows")
    return height, lines * down


def _with_height(start: bytes, height: int) -> bytes:
    at = _segment(start, _FRAME).start + 5
    return start[:at] + height.to_bytes(2, "big") + start[at + 2 :]


def _segment(jpeg: bytes, marker: int) -> slice:
    """Where a header segment begins and ends; raise `LookupError` if there is none with that marker."""
    at = 2
    while jpeg[at : at + 1] == b"\xff":
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] == marker:
            return slice(at, end)
        at = end if end > at + 2 and jpeg[at + 1] != _SCAN else len(jpeg)
    raise LookupError(f"no segment {marker:#x}")
