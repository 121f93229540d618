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
from tests.journeys.town import COMPANY, Town, open_town

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
    assert f"邀请码 {code}" not in feed.text
    assert f"邀请码 {code}" in friend.text


async def test_the_end_of_a_video_comes_with_what_to_say_over_it(town: Town, code: str):
    end = await town.get(f"/p/{code}?size=end")
    tall = await town.get(f"/p/{code}")

    told = re.search(r"配音稿，约 (\d+) 秒</p>\s*<p class=\"words\">([^<]+)</p>", end.text)
    assert told
    assert 12 <= int(told[1]) <= 16
    assert COMPANY in html.unescape(told[2])
    assert "配音稿" not in tall.text


async def test_the_page_offers_the_colours_of_the_look_and_the_ornaments_of_the_year(town: Town, code: str):
    page = await town.get(f"/p/{code}?template=coast&palette=pine&season=mid-autumn")

    chosen = re.findall(r'aria-current="true">([^<]+)<', page.text)
    assert {"松绿", "中秋 · 玉兔"} <= set(chosen)
    assert [name for name in ("原色", "暮紫", "霞粉", "不加", "春节 · 灯笼") if f">{name}</a>" not in page.text] == []
    picture = html.unescape(PICTURE.search(page.text)[1])
    dressed = (await town.get(picture)).body
    plain = (await town.get(picture.replace("palette=pine", "palette=own").replace("mid-autumn", "none"))).body
    assert dressed != plain
    assert read(dressed) == read(plain)


async def test_another_look_keeps_the_ornament_and_takes_its_own_colours(town: Town, code: str):
    page = await town.get(f"/p/{code}?template=coast&palette=dusk&season=winter")

    ways = looks_on(page.text)
    assert any("template=gallery" in way and "palette=own" in way and "season=winter" in way for way in ways)
    assert any("template=skyline" in way and "palette=dusk" in way for way in ways)  # it has colours of that name too


@pytest.mark.parametrize("query", ["palette=neon", "season=monsoon", "template=coast&palette=copper"])
async def test_colours_or_ornaments_that_are_not_there_are_refused(town: Town, code: str, query: str):
    page, picture = await town.get(f"/p/{code}?{query}"), await town.get(f"/p/{code}.jpg?{query}")

    assert (page.status, picture.status) == (400, 400)
