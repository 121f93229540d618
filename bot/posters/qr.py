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
    """Return the QR of `link` as RGB of `side` x `side` px on pure white, with a quiet zone of at least 4 modules.

    Raises `PosterBroken` if the link is too long for 8 px per module.
    """
    import numpy as np  # noqa: PLC0415
    import zxingcpp  # noqa: PLC0415

    symbol = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    modules = np.asarray(symbol.to_image(scale=1, add_quiet_zones=True))
    scale = side // len(modules)
    if scale < LEAST_PX_PER_MODULE:
        raise PosterBroken(f"a link of {len(link)} characters leaves {scale} px per module of its QR: shorten it")
    enlarged = modules.repeat(scale, axis=0).repeat(scale, axis=1)
    start = (side - len(enlarged)) // 2
    picture = np.full((side, side, 3), 255, np.uint8)
    picture[start : start + len(enlarged), start : start + len(enlarged)][enlarged == 0] = dark
    return picture


def decode(jpeg: bytes, within: Square | None = None) -> str | None:
    """Return what the QR in a JPEG says, looking only `within` if given; None if nothing can be read."""
    import simplejpeg  # noqa: PLC0415
    import zxingcpp  # noqa: PLC0415

    try:
        grey = simplejpeg.decode_jpeg(jpeg, colorspace="GRAY")[:, :, 0]
    except ValueError:
        return None
    if within is not None:
        grey = grey[within.top : within.top + within.side, within.left : within.left + within.side]
    found = zxingcpp.read_barcode(grey.copy(), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return found.text if found else None


def check(jpeg: bytes, link: str, within: Square | None = None) -> None:
    """Raise `PosterBroken` unless the QR of the finished picture reads back as exactly `link`."""
    read = decode(jpeg, within)
    if read != link:
        raise PosterBroken("its QR cannot be read" if read is None else "its QR says something else than its link")
