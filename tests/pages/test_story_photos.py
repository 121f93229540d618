"""Photos of stories are drawn anew, in two sizes, whatever kind of file they were; what is none is refused unread."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from bot.photo_shelf import SMALL_WIDTH, PhotoShelf, small_of
from bot.photos import MOST_BYTES, SIDE, fitted
from bot.pictures import PictureRefused, PictureTooLarge
from tests.posters.test_avatar import a_jpeg_that_claims

RED = (200, 30, 30)
SECRET = b"31.2304,121.4737 Mei"
MARKERS = {0xE1: "EXIF or XMP", 0xE2: "ICC", 0xED: "IPTC", 0xFE: "comment"}


def saved(picture: Image.Image, kind: str = "JPEG", **how) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def plain(width: int = 800, height: int = 600, colour=RED) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(BytesIO(jpeg))
    picture.load()
    return picture


def private_parts(jpeg: bytes) -> list[str]:
    """Which segments of a JPEG tell more than the picture; all that comes before the first scan is looked at."""
    found, at = [], 2
    while jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        found += [MARKERS[jpeg[at + 1]]] if jpeg[at + 1] in MARKERS else []
        at += 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
    return found


def a_png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that would be gigabytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def everything_private() -> dict[str, object]:
    told = Image.Exif()
    told[0x010E] = SECRET.decode()
    told.get_ifd(0x8825).update({1: "N", 2: (31.0, 13.0, 49.0), 3: "E", 4: (121.0, 28.0, 25.0)})
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return {"exif": told, "icc_profile": icc}


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(saved(plain(), **everything_private(), comment=SECRET, xmp=SECRET), id="JPEG"),
        pytest.param(saved(plain(), "PNG", **everything_private()), id="PNG"),
        pytest.param(saved(plain(), "WEBP", **everything_private(), xmp=SECRET), id="WebP"),
        pytest.param(saved(plain()) + SECRET, id="words behind the picture"),
    ],
)
def test_neither_copy_says_anything_but_the_picture(picture: bytes):
    made = fitted(picture)

    for jpeg in (made.jpeg, made.small):
        assert private_parts(jpeg) == []
        assert b"31.2304" not in jpeg
        assert b"Mei" not in jpeg


@pytest.mark.parametrize("turned", range(1, 9))
def test_every_way_of_holding_a_camera_comes_out_upright(turned: int):
    upright = Image.new("RGB", (640, 480), (0, 0, 255))
    upright.paste((255, 0, 0), (0, 0, 320, 240))  # red at the upper left
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what a camera held so has stored
    stored = upright.transpose(Image.Transpose(undo[turned])) if turned in undo else upright
    told = Image.Exif()
    told[0x0112] = turned

    made = opened(fitted(saved(stored, exif=told, quality=95)).jpeg)

    assert made.size == (640, 480)
    assert made.getpixel((100, 100))[0] > 200
    assert made.getpixel((500, 400))[2] > 200


@pytest.mark.parametrize(
    ("picture", "seen"),
    [
        pytest.param(saved(plain(), progressive=True), RED, id="progressive"),
        pytest.param(saved(Image.new("CMYK", (800, 600), (0, 255, 255, 0))), (254, 0, 0), id="CMYK"),
        pytest.param(saved(Image.new("L", (800, 600), 77)), (77, 77, 77), id="grey"),
        pytest.param(saved(Image.new("RGBA", (800, 600), (0, 0, 0, 0)), "PNG"), (255, 255, 255), id="transparent"),
        pytest.param(saved(plain().quantize(8), "PNG"), RED, id="palette"),
        pytest.param(saved(Image.fromarray(np.full((600, 800), 30_000, np.uint16)), "PNG"), (117,) * 3, id="16 bits"),
        pytest.param(saved(plain(), "WEBP", save_all=True, append_images=[plain(colour=(0, 0, 255))]), RED, id="film"),
        pytest.param(saved(plain(), "PNG", save_all=True, append_images=[plain(colour=(0, 0, 255))]), RED, id="APNG"),
        pytest.param(saved(plain(4_000, 6_000)), RED, id="24 million px"),
    ],
)
def test_every_kind_of_photo_becomes_a_plain_jpeg_in_two_sizes(picture: bytes, seen: tuple[int, int, int]):
    made = fitted(picture)

    large, small = opened(made.jpeg), opened(made.small)
    assert [(each.format, each.mode, getattr(each, "n_frames", 1)) for each in (large, small)] == [
        ("JPEG", "RGB", 1)
    ] * 2
    assert large.size == (made.width, made.height)
    assert max(large.size) <= SIDE
    assert small.width == SMALL_WIDTH
    assert abs(small.height / small.width - large.height / large.width) < 0.01
    assert np.abs(np.array(large.getpixel((large.width // 2, large.height // 2))) - seen).max() <= 4


@pytest.mark.parametrize(("width", "height"), [(640, 480), (320, 900), (1, 1), (20_000, 3), (3, 20_000)])
def test_odd_shapes_are_kept_and_what_is_narrow_has_no_smaller_copy(width: int, height: int):
    made = fitted(saved(plain(width, height)))

    assert 1 <= min(made.width, made.height) <= max(made.width, made.height) <= SIDE
    assert bool(made.small) is (made.width > SMALL_WIDTH)


@pytest.mark.parametrize(
    ("picture", "problem"),
    [
        pytest.param(a_jpeg_that_claims(65_000, 65_000), PictureTooLarge, id="a JPEG bomb"),
        pytest.param(a_png_that_claims(100_000, 100_000), PictureTooLarge, id="a PNG bomb"),
        pytest.param(a_png_that_claims(5_000, 5_001), PictureTooLarge, id="just too many px"),
        pytest.param(saved(plain()) + bytes(MOST_BYTES), PictureTooLarge, id="too many bytes"),
        pytest.param(saved(plain(), "GIF"), PictureRefused, id="a GIF"),
        pytest.param(saved(plain(), "TIFF"), PictureRefused, id="a TIFF"),
        pytest.param(saved(plain(), "BMP"), PictureRefused, id="a BMP"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", PictureRefused, id="an SVG"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0", PictureRefused, id="an EPS"),
        pytest.param(saved(plain())[:400], PictureRefused, id="cut short"),
        pytest.param(b"", PictureRefused, id="nothing"),
    ],
)
def test_what_cannot_be_a_photo_is_refused_before_it_takes_memory(picture: bytes, problem: type[Exception]):
    tracemalloc.start()
    try:
        with pytest.raises(problem):
            fitted(picture)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8_000_000 + len(picture)


def test_both_copies_lie_side_by_side_and_go_together(tmp_path):
    shelf, made = PhotoShelf(tmp_path), fitted(saved(plain()))

    name = shelf.keep("i1", made.jpeg, made.small)
    assert shelf.keep("i1", made.jpeg, made.small) == name

    assert {path.name for path in (tmp_path / "stories").iterdir()} == {name, small_of(name)}
    assert shelf.path(name).read_bytes() == made.jpeg
    assert shelf.smaller(name).read_bytes() == made.small
    shelf.discard(name)
    shelf.discard(name)
    assert list((tmp_path / "stories").iterdir()) == []


def test_many_who_keep_the_same_photo_at_once_keep_it_whole(tmp_path):
    shelf, photo = PhotoShelf(tmp_path), bytes(500_000)

    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(lambda _: shelf.keep("i1", photo), range(40)))

    assert [path.name for path in (tmp_path / "stories").iterdir()] == [*names]
    assert shelf.path(names.pop()).read_bytes() == photo


@pytest.mark.parametrize("name", ["", "a\0b.jpg", "..", "../keys.toml", "f" * 40, f"{'f' * 40}.jpg\n"])
def test_what_is_no_photos_name_is_no_photo(tmp_path, name):
    assert not PhotoShelf(tmp_path).kept("i1", name)


def test_a_photo_without_a_smaller_copy_stands_in_for_it(tmp_path):
    shelf = PhotoShelf(tmp_path)

    name = shelf.keep("i1", saved(plain()))

    assert shelf.smaller(name) == shelf.path(name)
