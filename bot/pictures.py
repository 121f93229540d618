"""Somebody else's picture file, looked at before it is decoded.

Only JPEG, PNG and WebP, judged by their first bytes; the size in the header is checked before a pixel is decoded (a
small file can claim gigabytes). What is made of it must be drawn anew: nothing of the original file may travel on.
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

_PAPER = (255, 255, 255)
_MOST_SCANS = 64  # of a JPEG; each is a walk over all its pixels, and cameras write a dozen at most
_SCAN = b"\xff\xda"
_UPPER_BITS = 1 / 256


class PictureRefused(Exception):
    """The file is not one we are willing to decode."""


class PictureTooLarge(PictureRefused):
    """It has too many bytes or pixels; a smaller one of the same would do."""


def decoded(picture: bytes, *, most_bytes: int, most_pixels: int, side: int) -> Image.Image:
    """Return `picture` upright as RGB, in the detail that `side` px need or finer.

    Raises `PictureRefused` for another format or a file that cannot be decoded, `PictureTooLarge` over a limit.
    """
    if len(picture) > most_bytes:
        raise PictureTooLarge(f"{len(picture)} bytes, at most {most_bytes}")
    try:
        return flattened(_decode(picture, most_pixels, side))
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, MemoryError) as problem:
        raise PictureRefused(f"cannot be decoded: {problem}") from problem


def flattened(image: Image.Image) -> Image.Image:
    """Return an image as RGB, what is transparent as white, and of 16 bits the upper eight."""
    if image.mode.startswith("I"):  # Pillow would cut all but the darkest off as white
        return image.convert("I").point(lambda value: value * _UPPER_BITS).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    paper = Image.new("RGBA", seen.size, _PAPER)
    return Image.alpha_composite(paper, seen).convert("RGB")


def _decode(picture: bytes, most_pixels: int, side: int) -> Image.Image:
    open_file, size = _recognise(picture)
    if size is not None:
        _check_size(*size, most_pixels)
    image = open_file(BytesIO(picture))
    _check_size(*image.size, most_pixels)
    image.draft("RGB", (side * 2, side * 2))  # lets the JPEG decoder skip detail that nobody will see
    image.load()
    return ImageOps.exif_transpose(image)


def _recognise(picture: bytes) -> tuple[Callable[[BytesIO], ImageFile], tuple[int, int] | None]:
    """Return the one decoder for these first bytes, and the size where that decoder would reserve it on opening."""
    if picture.startswith(b"\xff\xd8\xff"):
        if picture.count(_SCAN) > _MOST_SCANS:
            raise PictureRefused("a JPEG of too many scans")
        return JpegImageFile, None
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImageFile, None
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return WebPImageFile, _webp_size(picture)
    raise PictureRefused("neither JPEG, PNG nor WebP")


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
    raise PictureRefused("a WebP without a picture")


def _check_size(width: int, height: int, most_pixels: int) -> None:
    if width * height > most_pixels:
        raise PictureTooLarge(f"{width}x{height} px, at most {most_pixels} in all")
