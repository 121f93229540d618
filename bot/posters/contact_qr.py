"""The platform's contact QR, read once, so that a poster can draw its own of the same words."""

from __future__ import annotations

_MOST_BYTES = 2 * 1024 * 1024
_MOST_PIXELS = 4_000_000
_SIDE = 1024  # px: the detail that a JPEG is decoded in, or finer


def said_in(picture: bytes) -> str:
    """What the QR in a picture file says, empty where there is none that can be read or that a poster has room for."""
    import numpy as np  # noqa: PLC0415  # these are loaded with the first picture, not before
    import zxingcpp  # noqa: PLC0415

    from bot.pictures import PictureRefused, decoded  # noqa: PLC0415
    from bot.posters.qr import is_short  # noqa: PLC0415

    try:
        image = decoded(picture, most_bytes=_MOST_BYTES, most_pixels=_MOST_PIXELS, side=_SIDE)
    except PictureRefused:
        return ""
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    found = zxingcpp.read_barcode(np.asarray(image.convert("L")), formats=formats)
    return found.text if found and is_short(found.text) else ""
