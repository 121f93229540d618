"""Avatars: a portrait file from outside becomes a fresh square JPEG without anything of the original."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from bot.pictures import PictureRefused, decoded
from bot.posters.errors import AvatarRefused

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 20_000_000


def square(picture: bytes, *, side: int) -> bytes:
    """Return the middle of `picture` as an RGB JPEG of `side` x `side` px.

    Raises `AvatarRefused` for another format, more than 2 MB or 20 million pixels, or a file that cannot be decoded.
    """
    try:
        image = decoded(picture, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS, side=side)
    except PictureRefused as problem:
        raise AvatarRefused(str(problem)) from problem
    fresh = Image.new("RGB", (side, side))  # a new picture, since Pillow carries comments and profiles along
    fresh.paste(_middle(image, side))
    out = BytesIO()
    fresh.save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue()


def _middle(image: Image.Image, side: int) -> Image.Image:
    """The largest square around the centre, made smaller by whole pixels first, which halves the work unseen."""
    width, height = image.size
    length = min(width, height)
    left, top = (width - length) / 2, (height - length) / 2
    box = (left, top, left + length, top + length)
    return image.resize((side, side), Image.Resampling.LANCZOS, box=box, reducing_gap=1.0)
