"""The page to choose and save a poster: every look it offers is there, reads back, and says what it may."""

from __future__ import annotations

import html
import io
import re

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from bot.posters.look import SIZES, names
from templates import ROOT
from tests.journeys.town import Town, open_town

LOOK = re.compile(r'class="look" href="([^"]+)"')
PICTURE = re.compile(r'<img class="poster" src="([^"]+)"')


@pytest.fixture
async def town(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url) as opened:
        yield opened


@pytest.fixture
async def code(town: Town) -> str:
    return await town.code_of("mei", await town.campaign())


def looks_on(page: str) -> list[str]:
    return [html.unescape(found) for found in LOOK.findall(page)]


def read(jpeg: bytes) -> str:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return zxingcpp.read_barcode(np.asarray(picture.convert("L"))).text


async def test_the_page_shows_the_poster_and_the_way_to_every_other_look(town: Town, code: str):
    page = await town.get(f"/p/{code}")

    assert (page.status, "<script" in page.text) == (200, False)
    assert "长按保存图片" in page.text
    for look in names(ROOT / "posters"):
        assert f"template={look}" in page.text
    assert {size for size in SIZES if f"size={size}" in page.text} == set(SIZES)
    assert code in page.text
    shown = html.unescape(PICTURE.search(page.text)[1])
    poster = await town.get(shown)
    assert read(poster.body).upper().endswith(f"/I/{code}")


async def test_every_look_leads_to_a_page_with_its_own_picture(town: Town, code: str):
    first, seen = await town.get(f"/p/{code}"), set()

    for way in looks_on(first.text):
        page = await town.get(way)
        picture = html.unescape(PICTURE.search(page.text)[1])
        assert page.status == 200
        assert picture not in seen
        seen.add(picture)

    sizes = {name: next(each for each in seen if f"size={name}" in each) for name in ("card", "square")}
    for name, way in sizes.items():
        with Image.open(io.BytesIO((await town.get(way)).body)) as drawn:
            assert drawn.size == SIZES[name].pixels


async def test_a_size_for_print_is_had_as_a_pdf(town: Town, code: str):
    page = await town.get(f"/p/{code}?size=a6")

    way = html.unescape(re.search(r'class="button quiet" href="([^"]+pdf[^"]*)"', page.text)[1])
    printed = await town.get(way)

    assert printed.headers["Content-Type"] == "application/pdf"
    assert printed.body.startswith(b"%PDF")


@pytest.mark.parametrize("asked", ["size=huge", "theme=pink", "edition=all", "template=nosuch", "template=../orchard"])
@pytest.mark.parametrize("ending", ["", ".jpg"])
async def test_a_look_that_does_not_exist_is_refused_by_its_name(town: Town, code: str, asked: str, ending: str):
    answer = await town.get(f"/p/{code}{ending}?{asked}")

    assert answer.status == 400


async def test_a_code_that_nobody_has_looks_like_any_other(town: Town):
    assert (await town.get("/p/3F9K2A7B")).status == 404
    assert (await town.get("/p/nonsense")).status == 404


async def test_the_words_and_editions_are_those_of_the_campaign(town: Town, code: str):
    feed = await town.get(f"/p/{code}")
    friend = await town.get(f"/p/{code}?edition=friend")

    assert "edition=friend" in feed.text
    assert "30天会员" not in feed.text
    assert "30天会员" in friend.text
