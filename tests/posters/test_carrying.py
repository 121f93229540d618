"""Posters whose QR is a platform's own: longer links in the same squares, and a small line that fits them."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from bot.posters import qr
from bot.posters.carrying import carried
from bot.posters.contact_qr import said_in
from bot.posters.engine import HybridEngine
from bot.posters.errors import PosterBroken
from bot.sandbox.pictures import qr_png
from referral.carriers import Carrier
from tests.posters.conftest import FEED, FRIEND
from tests.posters.decoders import read_by_zbar, read_by_zxing, recompressed

# As long as the platform's own, with our mark in them (platform.md 4.2, 4.3, 5.1).
LINKS = {
    "contact": "https://work.weixin.qq.com/ca/cawcdea7783d7330c60123456789",
    "acquisition": "https://work.weixin.qq.com/ca/cawcdea7783d7330c6?customer_channel=s0123456789abcdef",
    "kf": "https://work.weixin.qq.com/kf/kfcbf8f8d07ac7215f?enc_scene=ENCGFSDF567DF&scene_param=3F9K2A7B",
}
ROOM_FOR_A_THIRD = 294  # px: 49 modules of 6
SQUARES = sorted({frame.qr_in_pixels.side for look in HybridEngine().looks() for frame in look.frames.values()})


# at a third the longest link in the smallest squares has 2 px per module left: it survives a half
SHRUNKEN = [
    (carrier, side, scale, quality)
    for carrier in LINKS
    for side in SQUARES
    for scale, quality in ((1 / 3, 60), (1 / 2, 50), (1.0, 40))
    if carrier != "kf" or side >= ROOM_FOR_A_THIRD or scale >= 1 / 2
]


@pytest.mark.parametrize(("carrier", "side", "scale", "quality"), SHRUNKEN)
def test_a_platforms_link_survives_shrinking_in_the_square_of_every_look(carrier, side, scale, quality):
    drawn = Image.fromarray(qr.draw(LINKS[carrier], side=side, dark=(46, 16, 27)))
    poster = Image.new("RGB", (1080, 1500), (214, 160, 140))
    poster.paste(drawn, (200, 500))

    seen = recompressed(poster, scale=scale, quality=quality)

    assert read_by_zxing(seen) == read_by_zbar(seen) == {LINKS[carrier]}


def test_a_link_that_no_platform_of_today_makes_is_refused_rather_than_drawn_too_fine():
    with pytest.raises(PosterBroken, match="shorten it"):
        qr.draw(LINKS["kf"] + "x" * 20, side=270, dark=(0, 0, 0))


@pytest.mark.parametrize(
    ("carrier", "feed", "friend"),
    [
        (Carrier.CONTACT, "老朋友推荐 · 规则可问顾问", "规则可问顾问"),
        (Carrier.ACQUISITION, "老朋友推荐 · 规则可问顾问", "规则可问顾问"),
        (Carrier.DESK, "老朋友推荐 · 规则可问客服", "规则可问客服"),
    ],
)
def test_the_small_line_says_who_tells_the_rules_where_no_page_lies_behind(carrier, feed, friend):
    noted = replace(FEED, note="谢礼以朋友本人的订单为准 · 规则见页内")

    assert carried(replace(FEED, note=""), carrier, "x").note == feed
    assert carried(replace(FRIEND, note=""), carrier, "x").note == friend
    assert carried(noted, carrier, "x").note == f"谢礼以朋友本人的订单为准 · {friend}"
    assert carried(replace(FEED, note="我们自己写的一句"), carrier, "x").note == "我们自己写的一句"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_platforms_contact_qr_is_read_from_its_picture(kind):
    file = io.BytesIO()
    with Image.open(io.BytesIO(qr_png(LINKS["contact"]))) as picture:
        picture.convert("RGB").save(file, kind)

    assert said_in(file.getvalue()) == LINKS["contact"]


def test_a_contact_qr_that_a_poster_has_no_room_for_is_one_that_cannot_be_had():
    most = "https://work.weixin.qq.com/ca/".ljust(106, "x")  # bytes: what version 5 holds at level L

    assert said_in(qr_png(most)) == most
    assert said_in(qr_png(f"{most}x")) == ""
    assert not qr.is_short("x" * 5000)


def _blank() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 300), (255, 255, 255)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("picture", [b"", b"\x89PNG cut short", b"<svg xmlns='http://www.w3.org/2000/svg'/>", _blank()])
def test_a_picture_without_a_qr_that_can_be_read_says_nothing(picture):
    assert said_in(picture) == ""
