"""Photos that customers send for their stories: drawn anew, without where and when they were taken."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from bot.photo_shelf import SMALL_WIDTH
from bot.pictures import decoded

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 25_000_000
SIDE = 1600  # px, the longer one
CARD_SIDE = 300  # px: what WeChat shows beside the words of a card
_QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A photo as it may be shown: a JPEG without anything of the file it was made from.

    `small` is the same 640 px wide, for a wall of many; empty where the photo itself is no wider.
    """

    jpeg: bytes
    width: int
    height: int
    small: bytes


def fitted(picture: bytes) -> Fitted:
    """Return a photo at most 1600 px wide and high.

    Raises `PictureRefused` for what is no JPEG, PNG or WebP or cannot be decoded, `PictureTooLarge` for more than 10 MB
    or 25 million pixels.
    """
    image = decoded(picture, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS, side=SIDE)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    fresh = Image.new("RGB", image.size)  # a new picture, since Pillow carries comments and profiles along
    fresh.paste(image)
    return Fitted(jpeg=_jpeg(fresh), width=fresh.width, height=fresh.height, small=_small(fresh))


def _small(photo: Image.Image) -> bytes:
    if photo.width <= SMALL_WIDTH:
        return b""
    height = max(1, round(photo.height * SMALL_WIDTH / photo.width))
    return _jpeg(photo.resize((SMALL_WIDTH, height), Image.Resampling.LANCZOS))


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, progressive=True)
    return out.getvalue()


def squared(file: Path) -> bytes:
    """Return the middle of a kept photo as a JPEG of 300 x 300 px, for a card. Raises `OSError` where there is none."""
    with Image.open(file) as image:
        image.draft("RGB", (CARD_SIDE * 2, CARD_SIDE * 2))
        fitting = ImageOps.fit(image.convert("RGB"), (CARD_SIDE, CARD_SIDE), Image.Resampling.LANCZOS)
    return _jpeg(fitting)
