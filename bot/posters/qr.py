"""The QR of a poster: its link, its pixels, and reading it back from the finished picture.

A short payload is what makes a QR survive recompression (measured: at a fixed size payload length beats error level),
so the link is short, in capitals where that saves a version, at level M with whole pixels per module. The libraries
are imported where they are used, because links are made in processes that never draw.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.posters.errors import PosterBroken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORT_HOST = 19  # characters: with it `HTTPS://HOST/I/CODE` is 38, the most that version 2-M holds in capitals
LEAST_PX_PER_MODULE = 6  # still 2 px where the picture is shrunk to a third, about the least that decoders read
MOST_MODULES = 49  # of a side with its quiet zones, that is version 6: a platform's own link with our mark in it
LEAST_SIDE = 270  # px: what survives being halved and forwarded twice, for the shortest links
_CAPITALS = re.compile(r"[0-9A-Z $%*+\-./:]+")  # the alphanumeric mode of ISO/IEC 18004


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """Where a QR lies on its poster, in px."""

    left: int
    top: int
    side: int


def link_for(public_url: str, code: str) -> str:
    """Return the landing link of `code` for a QR: in capitals where the host, its port included, is short enough."""
    public = public_url.rstrip("/")
    parts = urlsplit(public)
    capitals = f"{parts.scheme}://{parts.netloc}/I/{code}".upper()
    if parts.path or len(parts.netloc) > SHORT_HOST or not _CAPITALS.fullmatch(capitals):
        return f"{public}/i/{code}"
    return capitals


def is_short(link: str) -> bool:
    """Whether every poster has room for the QR of this, at level L at the least."""
    try:
        return _fits(_modules(link, "L"), LEAST_SIDE)
    except ValueError:  # more than any QR holds
        return False


def draw(link: str, *, side: int, dark: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return the QR of `link` as RGB of at most `side` x `side` px, with a quiet zone of 4 modules of pure white.

    It has whole px per module, so it may be some px smaller; a long link in a small square is at level L, whose fewer
    and larger modules survive more there than level M does. Raises `PosterBroken` for a link that is too long for it.
    """
    import numpy as np  # noqa: PLC0415

    modules = _modules(link, "M")
    if not _fits(modules, side):
        modules = _modules(link, "L")
    if not _fits(modules, side):
        raise PosterBroken(f"a link of {len(link)} characters makes a QR too fine for {side} px: shorten it")
    scale = side // len(modules)
    colours = np.where(modules[..., np.newaxis] == 0, np.array(dark, np.uint8), np.uint8(255))
    return colours.repeat(scale, axis=1).repeat(scale, axis=0)


def _modules(link: str, level: str) -> NDArray[np.uint8]:
    """The QR of a link with its quiet zones, one sign per module, 0 where it is dark."""
    import numpy as np  # noqa: PLC0415
    import zxingcpp  # noqa: PLC0415

    symbol = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    return np.asarray(symbol.to_image(scale=1, add_quiet_zones=True))


def _fits(modules: NDArray[np.uint8], side: int) -> bool:
    return len(modules) <= MOST_MODULES and side // len(modules) >= LEAST_PX_PER_MODULE


def decode(jpeg: bytes, within: Square | None = None, *, fresh: bool = False) -> str | None:
    """Return what the QR in a JPEG says; None if nothing can be read.

    With `within` only that part is looked at, at half its size: what reads so reads whole, and it takes half the time.
    Of a picture in strips that is `fresh`, and cannot have been damaged meanwhile, no other part is even decoded.
    """
    import zxingcpp  # noqa: PLC0415

    try:
        grey = _grey(jpeg) if within is None else _part(jpeg, within, fresh=fresh)
    except ValueError:
        return None
    found = zxingcpp.read_barcode(grey.copy(), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return found.text if found else None


def _part(jpeg: bytes, within: Square, *, fresh: bool) -> NDArray[np.uint8]:
    from bot.posters.jpeg import rows  # noqa: PLC0415

    cut, first = rows(jpeg, within.top, within.top + within.side) if fresh else (jpeg, 0)
    left, top, side = within.left // 2, (within.top - first) // 2, within.side // 2
    return _grey(cut, smaller=2)[top : top + side, left : left + side]


def _grey(jpeg: bytes, *, smaller: int = 1) -> NDArray[np.uint8]:
    import simplejpeg  # noqa: PLC0415

    height = simplejpeg.decode_jpeg_header(jpeg)[0] // smaller
    decoded: NDArray[np.uint8] = simplejpeg.decode_jpeg(jpeg, colorspace="GRAY", min_height=height, min_factor=smaller)
    return decoded[:, :, 0]


def check(jpeg: bytes, link: str, within: Square | None = None, *, fresh: bool = False) -> None:
    """Raise `PosterBroken` unless the QR of the finished picture reads back as exactly `link`; see `decode`."""
    read = decode(jpeg, within, fresh=fresh)
    if read != link:
        raise PosterBroken("its QR cannot be read" if read is None else "its QR says something else than its link")
