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
LEAST_PX_PER_MODULE = 8
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


def draw(link: str, *, side: int, dark: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return the QR of `link` as RGB of at most `side` x `side` px, with a quiet zone of 4 modules of pure white.

    It has whole px per module, so it may be some px smaller. Raises `PosterBroken` if the link is too long for 8 px
    per module.
    """
    import numpy as np  # noqa: PLC0415
    import zxingcpp  # noqa: PLC0415

    symbol = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    modules = np.asarray(symbol.to_image(scale=1, add_quiet_zones=True))
    scale = side // len(modules)
    if scale < LEAST_PX_PER_MODULE:
        raise PosterBroken(f"a link of {len(link)} characters leaves {scale} px per module of its QR: shorten it")
    colours = np.where(modules[..., np.newaxis] == 0, np.array(dark, np.uint8), np.uint8(255))
    return colours.repeat(scale, axis=1).repeat(scale, axis=0)


def decode(jpeg: bytes, within: Square | None = None) -> str | None:
    """Return what the QR in a JPEG says; None if nothing can be read.

    With `within` only that part is looked at, at half its size: what reads so reads whole, and it takes half the time.
    """
    import simplejpeg  # noqa: PLC0415
    import zxingcpp  # noqa: PLC0415

    half = 1 if within is None else 2
    try:
        height = simplejpeg.decode_jpeg_header(jpeg)[0] // half
        grey = simplejpeg.decode_jpeg(jpeg, colorspace="GRAY", min_height=height, min_factor=half)[:, :, 0]
    except ValueError:
        return None
    if within is not None:
        left, top, side = within.left // half, within.top // half, within.side // half
        grey = grey[top : top + side, left : left + side]
    found = zxingcpp.read_barcode(grey.copy(), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return found.text if found else None


def check(jpeg: bytes, link: str, within: Square | None = None) -> None:
    """Raise `PosterBroken` unless the QR of the finished picture reads back as exactly `link`."""
    read = decode(jpeg, within)
    if read != link:
        raise PosterBroken("its QR cannot be read" if read is None else "its QR says something else than its link")
