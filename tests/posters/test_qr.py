"""The QR of a poster: a short link that survives what phones and WeChat do to pictures."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from bot.posters import qr
from bot.posters.errors import PosterBroken
from tests.posters.conftest import CODE, FEED, FRIEND, LINK, a_face
from tests.posters.decoders import opened, read_by_zbar, read_by_zxing, recompressed

LONG = replace(FEED, link=f"https://invitation.a-long-host.example.com/i/{CODE}")


@pytest.mark.parametrize("spec", [FEED, replace(FRIEND, avatar=a_face()), LONG], ids=["feed", "friend", "long link"])
@pytest.mark.parametrize("read", [read_by_zbar, read_by_zxing])
def test_two_independent_decoders_read_the_link_from_the_finished_poster(engine, spec, read):
    jpeg = engine.render(spec)

    assert read(Image.open(BytesIO(jpeg))) == {spec.link}


@pytest.mark.parametrize("spec", [FEED, FRIEND], ids=["feed", "friend"])
@pytest.mark.parametrize("read", [read_by_zbar, read_by_zxing])
@pytest.mark.parametrize(("scale", "quality"), [(1 / 3, 60), (1 / 2, 50), (1.0, 40)])
def test_the_link_survives_shrinking_and_recompression(engine, spec, read, scale, quality):
    jpeg = engine.render(spec)

    assert read(recompressed(opened(jpeg), scale=scale, quality=quality)) == {spec.link}


@pytest.mark.parametrize(
    ("public_url", "link"),
    [
        ("https://i.mt.cn", f"HTTPS://I.MT.CN/I/{CODE}"),
        ("https://i.mt.cn/", f"HTTPS://I.MT.CN/I/{CODE}"),
        ("http://127.0.0.1:8000", f"HTTP://127.0.0.1:8000/I/{CODE}"),
        ("https://abcdefghijklmno.com", f"HTTPS://ABCDEFGHIJKLMNO.COM/I/{CODE}"),
        ("https://abcdefghijklmnop.com", f"https://abcdefghijklmnop.com/i/{CODE}"),
        ("https://abcdefghijkl.com:8443", f"https://abcdefghijkl.com:8443/i/{CODE}"),
        ("https://mt.cn/taoli", f"https://mt.cn/taoli/i/{CODE}"),
        ("http://[::1]:8000", f"http://[::1]:8000/i/{CODE}"),
    ],
)
def test_a_link_is_in_capitals_where_its_host_is_short_enough(public_url, link):
    assert qr.link_for(public_url, CODE) == link


def test_the_longest_link_in_capitals_still_is_a_version_2_code():
    link = qr.link_for("https://abcdefghijklmno.com", CODE)

    symbol = zxingcpp.create_barcode(link, zxingcpp.BarcodeFormat.QRCode, ec_level="M")

    assert len(np.asarray(symbol.to_image(scale=1))) == 25 + 2 * 4


@pytest.mark.parametrize("link", [LINK, LONG.link])
def test_modules_are_whole_pixels_on_pure_white_with_a_quiet_zone_of_four(link):
    picture = qr.draw(link, side=363, dark=(46, 16, 27))

    dark = np.argwhere((picture != 255).any(axis=2))
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0) + 1
    finder = int(np.argmax((picture[top, left:] == 255).all(axis=1)))
    px_per_module = finder // 7
    assert finder == px_per_module * 7
    assert px_per_module >= 8
    assert min(top, left, len(picture) - bottom, len(picture) - right) >= 4 * px_per_module
    assert len(picture) <= 363
    assert {tuple(pixel) for pixel in picture.reshape(-1, 3)} == {(255, 255, 255), (46, 16, 27)}


def test_a_link_too_long_to_scan_is_refused_rather_than_drawn_small():
    with pytest.raises(PosterBroken, match="shorten it"):
        qr.draw("https://work.weixin.example/ca/" + "x" * 130, side=363, dark=(0, 0, 0))


def test_a_poster_whose_qr_says_something_else_is_refused(engine):
    jpeg = engine.render(replace(FEED, link="HTTPS://EVIL.EXAMPLE/I/3F9K2A7B"))

    with pytest.raises(PosterBroken, match="something else"):
        qr.check(jpeg, FEED.link, engine.qr_square(FEED))


@pytest.mark.parametrize("spoilt", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut short"])
def test_a_file_that_is_no_picture_reads_as_nothing(spoilt):
    assert qr.decode(spoilt) is None
    with pytest.raises(PosterBroken, match="cannot be read"):
        qr.check(spoilt, LINK)


def test_a_poster_whose_qr_was_painted_over_is_refused(engine):
    poster = Image.open(BytesIO(engine.render(FEED)))
    poster.paste((255, 255, 255), (700, 1450, 900, 1650))
    out = BytesIO()
    poster.save(out, "JPEG", quality=88)

    with pytest.raises(PosterBroken, match="cannot be read"):
        qr.check(out.getvalue(), FEED.link, engine.qr_square(FEED))
