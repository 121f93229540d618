"""Avatars: somebody else's picture file, looked at before it is decoded.

Only JPEG, PNG and WebP, judged by their first bytes; at most 2 MB; the size in the header is checked before a pixel is
decoded (a small file can claim gigabytes). What leaves is a fresh square JPEG without anything of the original file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from bot.posters.errors import AvatarRefused

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 20_000_000
_PAPER = (255, 255, 255)


def square(picture: bytes, *, side: int) -> bytes:
    """Return the middle of `picture` as an RGB JPEG of `side` x `side` px.

    Raises `AvatarRefused` for another format, more than 2 MB or 20 million pixels, or a file that cannot be decoded.
    """
    if len(picture) > MOST_BYTES:
        raise AvatarRefused(f"{len(picture)} bytes, at most {MOST_BYTES}")
    try:
        return _encode(_decode(picture, side), side)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, MemoryError) as problem:
        raise AvatarRefused(f"cannot be decoded: {problem}") from problem


def _decode(picture: bytes, side: int) -> Image.Image:
    open_file, size = _recognise(picture)
    if size is not None:
        _check_size(*size)
    image = open_file(BytesIO(picture))
    _check_size(*image.size)
    image.draft("RGB", (side * 2, side * 2))  # lets the JPEG decoder skip detail that nobody will see
    image.load()
    return ImageOps.exif_transpose(image)


def _recognise(picture: bytes) -> tuple[Callable[[BytesIO], ImageFile], tuple[int, int] | None]:
    """Return the one decoder for these first bytes, and the size where that decoder would reserve it on opening."""
    if picture.startswith(b"\xff\xd8\xff"):
        return JpegImageFile, None
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImageFile, None
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return WebPImageFile, _webp_size(picture)
    raise AvatarRefused("neither JPEG, PNG nor WebP")


def _webp_size(picture: bytes) -> tuple[int, int]:
    """Read the canvas size from the first chunk (RFC 9649 §2.5 to §2.7)."""
    chunk, body = picture[12:16], picture[20:30]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if chunk == b"VP8L":
        (packed,) = struct.unpack("<I", body[1:5])
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise AvatarRefused("a WebP without a picture")


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise AvatarRefused(f"{width}x{height} px, at most {MOST_PIXELS} in all")


def _encode(image: Image.Image, side: int) -> bytes:
    fresh = Image.new("RGB", (side, side))  # a new picture, since Pillow carries comments and profiles along
    fresh.paste(ImageOps.fit(_flatten(image), (side, side), Image.Resampling.LANCZOS))
    out = BytesIO()
    fresh.save(out, "JPEG", quality=92, subsampling=0)
    return out.getvalue()


def _flatten(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    paper = Image.new("RGBA", seen.size, _PAPER)
    return Image.alpha_composite(paper, seen).convert("RGB")
