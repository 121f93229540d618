"""Two independent readers of QRs, and what chats do to a picture."""

from __future__ import annotations

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
