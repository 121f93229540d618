"""The pictures the platform serves: QR codes and simple avatars, drawn on demand and always the same."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache

import segno
import zxingcpp
from PIL import Image, ImageDraw

AVATAR = 160  # pixels a side


class NoCode(Exception):
    """The picture holds no QR code that can be read."""


@lru_cache(maxsize=256)
def qr_png(content: str) -> bytes:
    """Return a PNG of the QR code of `content`, with its quiet zone."""
    picture = io.BytesIO()
    segno.make(content, error="m", micro=False).save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()


@lru_cache(maxsize=256)
def avatar_png(name: str) -> bytes:
    """Return a plain portrait in colours that depend on `name`."""
    red, green, blue = (128 + byte // 3 for byte in hashlib.sha256(name.encode()).digest()[:3])
    image = Image.new("RGB", (AVATAR, AVATAR), (red, green, blue))
    draw = ImageDraw.Draw(image)
    skin = (255, 240, 224)
    draw.ellipse((50, 28, 110, 92), fill=skin)
    draw.ellipse((20, 100, 140, 240), fill=skin)
    picture = io.BytesIO()
    image.save(picture, format="PNG")
    return picture.getvalue()


def read_qr(picture: bytes) -> str:
    """Return the text of the first QR code in `picture`, any format Pillow opens; raise `NoCode` when there is none."""
    try:
        with Image.open(io.BytesIO(picture)) as image:
            codes = zxingcpp.read_barcodes(
                image.convert("L"), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
            )
    except (OSError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoCode("not a picture") from error
    if not codes:
        raise NoCode("no QR code in the picture")
    return codes[0].text
