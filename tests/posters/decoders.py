"""Two independent readers of QRs, and what chats do to a picture."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import zxingcpp
from PIL import Image

from tests.fixtures.missing import missing


def opened(jpeg: bytes) -> Image.Image:
    """A JPEG as a picture."""
    return Image.open(BytesIO(jpeg))


def read_by_zbar(picture: Image.Image) -> set[str]:
    """What every QR says, by zbar."""
    try:
        from pyzbar.pyzbar import ZBarSymbol, decode
    except ImportError:
        missing("libzbar0")
    return {found.data.decode() for found in decode(picture, symbols=[ZBarSymbol.QRCODE])}


def read_by_zxing(picture: Image.Image) -> set[str]:
    """What every QR says, by zxing-cpp."""
    return {found.text for found in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)}


def recompressed(picture: Image.Image, *, scale: float, quality: int) -> Image.Image:
    """Made smaller and compressed anew."""
    size = round(picture.width * scale), round(picture.height * scale)
    out = BytesIO()
    picture.resize(size, Image.Resampling.BILINEAR).save(out, "JPEG", quality=quality)
    return opened(out.getvalue())


def hardships(poster: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """What happens to a poster on its way (posters.md §3)."""
    yield "as it is", poster
    yield "half", recompressed(poster, scale=1 / 2, quality=60)
    yield "a third", recompressed(poster, scale=1 / 3, quality=60)
    yield "q40", recompressed(poster, scale=1, quality=40)
    yield "q60", recompressed(poster, scale=1, quality=60)
    once = recompressed(poster, scale=3 / 4, quality=50)
    yield "forwarded twice", recompressed(once, scale=2 / 3, quality=40)
    askew = poster.rotate(5, Image.Resampling.BICUBIC, expand=True, fillcolor=(99, 99, 99))
    yield "held askew", recompressed(askew, scale=1, quality=70)
