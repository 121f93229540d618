"""JPEG in strips: the very picture that compressing it at once gives, and rows that can be cut out of it."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest
import simplejpeg
from PIL import Image
from playwright.async_api import Browser

from bot.posters import jpeg

SIZES = [(1080, 1920), (900, 1200), (1080, 1080), (2480, 70), (50, 33), (17, 32), (16, 16)]
QUALITY = 88


def a_picture(width: int, height: int) -> np.ndarray:
    """Colours that flow into each other, with a coarse grain and hard edges on them."""
    rng = np.random.default_rng(width * height)
    small = rng.integers(0, 256, (-(-height // 8), -(-width // 8), 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)).copy()
    picture[height // 3 : height // 2, width // 4 : width // 2] = (250, 10, 30)
    return picture


def in_strips(picture: np.ndarray, quality: int = QUALITY) -> bytes:
    height, width, _ = picture.shape
    body = jpeg.strips(picture, first=0, quality=quality)
    return jpeg.head(width, height, quality=quality) + body + jpeg.END


def at_once(picture: np.ndarray, quality: int = QUALITY) -> bytes:
    return simplejpeg.encode_jpeg(picture, quality=quality, colorsubsampling="420")


def by_pillow(file: bytes) -> np.ndarray:
    with Image.open(BytesIO(file)) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("read", [simplejpeg.decode_jpeg, by_pillow])
@pytest.mark.parametrize("quality", [1, 40, QUALITY, 100])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_pixels_are_those_of_the_picture_compressed_at_once(read, quality, width, height):
    picture = a_picture(width, height)

    assert np.array_equal(read(in_strips(picture, quality)), read(at_once(picture, quality)))


@pytest.mark.browser
async def test_a_browser_sees_the_same_pixels_too(browser: Browser):
    picture = a_picture(1080, 600)
    page = await browser.new_page()

    seen = [await page.evaluate(DIGEST, b64encode(file).decode()) for file in (in_strips(picture), at_once(picture))]

    assert seen[0] == seen[1]
    assert seen[0].startswith("1080x600 ")


DIGEST = """async file => {
  const picture = new Image();
  picture.src = "data:image/jpeg;base64," + file;
  await picture.decode();
  const canvas = new OffscreenCanvas(picture.width, picture.height), pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const pixels = pen.getImageData(0, 0, picture.width, picture.height).data;
  let sum = 0;
  for (let at = 0; at < pixels.length; at++) sum = (sum * 31 + pixels[at]) % 4294967296;
  return picture.width + "x" + picture.height + " " + sum;
}"""


def test_strips_cost_a_few_bytes_each():
    picture = a_picture(1080, 1920)

    assert len(in_strips(picture)) - len(at_once(picture)) < 1920 / jpeg.STRIP * 8


def test_a_strip_can_be_exchanged_for_another():
    picture = a_picture(1080, 1920)
    other = picture.copy()
    other[320:640] = a_picture(1080, 320)[::-1]
    above = jpeg.strips(picture[:320], first=0, quality=QUALITY)
    between = jpeg.strips(other[320:640], first=10, quality=QUALITY)
    below = jpeg.strips(picture[640:], first=20, quality=QUALITY)

    joined = jpeg.head(1080, 1920, quality=QUALITY) + above + between + below + jpeg.END

    assert joined == in_strips(other)


@pytest.mark.parametrize(("top", "bottom"), [(0, 1080), (0, 1), (31, 33), (674, 976), (1056, 1080), (1079, 1080)])
def test_rows_that_are_cut_out_are_those_rows(top, bottom):
    whole = in_strips(a_picture(1080, 1080))

    cut, first = jpeg.rows(whole, top, bottom)

    grey = simplejpeg.decode_jpeg(cut, colorspace="GRAY")
    assert first <= top < first + jpeg.STRIP
    assert bottom <= first + len(grey) < bottom + jpeg.STRIP
    assert np.array_equal(grey, simplejpeg.decode_jpeg(whole, colorspace="GRAY")[first : first + len(grey)])


def test_a_picture_that_is_not_in_strips_is_read_whole():
    plain = at_once(a_picture(64, 64))
    out = BytesIO()
    Image.fromarray(a_picture(64, 64)).save(out, "JPEG", progressive=True, restart_marker_rows=1)

    assert jpeg.rows(plain, 0, 10) == (plain, 0)
    assert jpeg.rows(out.getvalue(), 0, 10) == (out.getvalue(), 0)
    assert jpeg.rows(b"no picture", 0, 10) == (b"no picture", 0)


def test_strips_of_another_program_are_cut_as_well():
    out = BytesIO()
    Image.fromarray(a_picture(100, 100)).save(out, "JPEG", subsampling=0, restart_marker_rows=3)

    cut, first = jpeg.rows(out.getvalue(), 50, 60)

    with Image.open(BytesIO(cut)) as part, Image.open(out) as whole:
        assert (part.size, first) == ((100, 24), 48)
        assert np.array_equal(np.asarray(part), np.asarray(whole)[48:72])


WHOLE = in_strips(a_picture(320, 320))
STARTS = [WHOLE.index(bytes((0xFF, 0xD0 + number))) for number in range(8)]


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(WHOLE[: len(WHOLE) // 2], id="cut short"),
        pytest.param(WHOLE[:-2], id="without its end"),
        pytest.param(WHOLE[: STARTS[2]] + WHOLE[STARTS[3] :], id="a strip is missing"),
        pytest.param(
            WHOLE[: STARTS[2]] + WHOLE[STARTS[3] : STARTS[4]] + WHOLE[STARTS[2] : STARTS[3]] + WHOLE[STARTS[4] :],
            id="two strips are exchanged",
        ),
    ],
)
def test_strips_that_are_missing_or_out_of_order_are_an_error(damaged):
    with pytest.raises(ValueError, match="missing or out of order"):
        jpeg.rows(damaged, 0, 320)
