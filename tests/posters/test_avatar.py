"""Avatars are looked at before they are decoded."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from bot.posters import avatar
from bot.posters.errors import AvatarRefused
from tests.posters.conftest import a_face, encoded


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("width", "height"), [(640, 640), (900, 300), (40, 77)])
def test_a_picture_becomes_a_fresh_square_jpeg(kind, width, height):
    made = Image.open(BytesIO(avatar.square(a_face(width, height, kind), side=116)))

    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (116, 116))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_colour_mode_is_understood(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"

    made = avatar.square(encoded(Image.new(mode, (64, 64)), kind), side=32)

    assert Image.open(BytesIO(made)).mode == "RGB"


def test_transparent_parts_become_white():
    made = avatar.square(encoded(Image.new("RGBA", (64, 64), (0, 0, 0, 0)), "PNG"), side=32)

    assert min(Image.open(BytesIO(made)).getpixel((16, 16))) > 250


def test_a_phone_picture_is_turned_upright():
    lying = Image.new("RGB", (80, 80), (0, 0, 255))
    lying.paste((255, 0, 0), (0, 0, 40, 80))
    turned = Image.Exif()
    turned[0x0112] = 6
    out = BytesIO()
    lying.save(out, "JPEG", exif=turned, quality=95)

    made = Image.open(BytesIO(avatar.square(out.getvalue(), side=80)))

    assert made.getpixel((40, 10))[0] > 200
    assert made.getpixel((40, 70))[2] > 200


def test_nothing_of_the_original_file_travels_on():
    hidden = Image.Exif()
    hidden[0x010E] = "31.2304,121.4737"
    out = BytesIO()
    Image.new("RGB", (64, 64)).save(out, "JPEG", exif=hidden, comment=b"31.2304,121.4737")

    assert b"31.2304" not in avatar.square(out.getvalue(), side=32)


def a_png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes whose header promises `width` x `height` px."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def a_webp_that_claims(width: int, height: int) -> bytes:
    """A WebP whose extended header promises `width` x `height` px."""
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def a_jpeg_that_claims(width: int, height: int) -> bytes:
    """A small JPEG with another size written into its frame header."""
    honest = a_face(32, 32)
    frame = honest.index(b"\xff\xc0") + 5
    return honest[:frame] + struct.pack(">HH", height, width) + honest[frame + 4 :]


def a_jpeg_of_many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan stands in it so often."""
    out = BytesIO()
    Image.new("RGB", (64, 64)).save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * count + whole[-2:]


def test_a_progressive_jpeg_is_a_picture_like_others():
    out = BytesIO()
    Image.new("RGB", (64, 64)).save(out, "JPEG", progressive=True)

    assert avatar.square(out.getvalue(), side=32)
    assert avatar.square(a_jpeg_of_many_scans(20), side=32)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(a_png_that_claims(60_000, 60_000), id="a PNG that claims 3.6 billion px"),
        pytest.param(a_png_that_claims(5_001, 4_000), id="a PNG just over the limit"),
        pytest.param(a_webp_that_claims(16_383, 16_383), id="a WebP that claims 268 million px"),
        pytest.param(a_jpeg_that_claims(65_000, 65_000), id="a JPEG that claims 4.2 billion px"),
        pytest.param(a_face()[:3000], id="a JPEG cut short"),
        pytest.param(a_face(kind="PNG")[:500], id="a PNG cut short"),
        pytest.param(a_face(kind="WEBP")[:500], id="a WebP cut short"),
        pytest.param(a_face(kind="WEBP")[:14], id="a WebP without a picture"),
        pytest.param(a_face(kind="GIF"), id="a GIF"),
        pytest.param(a_face(kind="TIFF"), id="a TIFF"),
        pytest.param(a_face(kind="BMP"), id="a BMP"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', id="an SVG"),
        pytest.param(b"<!doctype html><title>404</title><script>alert(1)</script>", id="a page of HTML"),
        pytest.param(a_jpeg_of_many_scans(2_000), id="a JPEG that is drawn over two thousand times"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="a PostScript file"),
        pytest.param(b"\xff\xd8\xff" + bytes(64), id="a JPEG of zeros"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="only the first bytes of a PNG"),
        pytest.param(b"RIFF\x00\x00\x00\x00WEBPVP8L", id="only the first bytes of a WebP"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xd8\xff" + bytes(avatar.MOST_BYTES), id="more than 2 MB"),
    ],
)
def test_a_dangerous_or_broken_file_is_refused(picture):
    with pytest.raises(AvatarRefused):
        avatar.square(picture, side=116)
