"""Photos that customers send for their stories: drawn anew, without where and when they were taken."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from bot.pictures import decoded

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 25_000_000
SIDE = 1600  # px, the longer one
_QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A photo as it may be shown: a JPEG without anything of the file it was made from."""

    jpeg: bytes
    width: int
    height: int


def fitted(picture: bytes) -> Fitted:
    """Return a photo at most 1600 px wide and high.

    Raises `PictureRefused` for what is no JPEG, PNG or WebP or cannot be decoded, `PictureTooLarge` for more than 10 MB
    or 25 million pixels.
    """
    image = decoded(picture, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS, side=SIDE)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    fresh = Image.new("RGB", image.size)  # a new picture, since Pillow carries comments and profiles along
    fresh.paste(image)
    out = BytesIO()
    fresh.save(out, "JPEG", quality=_QUALITY)
    return Fitted(jpeg=out.getvalue(), width=fresh.width, height=fresh.height)
