"""Every look in every size, by day and by night: words fit, the QR survives what phones do, print is ready to print."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from bot.posters import pdf, qr
from bot.posters.engine import HybridEngine, PosterSpec
from bot.posters.errors import SizeUnknown, TemplateBroken
from bot.posters.look import PRINTED, SIZES, names, read_look
from templates import ROOT
from tests.posters.conftest import FEED, FRIEND, LINK, a_face
from tests.posters.decoders import hardships, opened, read_by_zbar, read_by_zxing

LOOKS = names(ROOT / "posters")
SHORTEST = {"headline": "慢慢来", "body": "", "nickname": None}
LONGEST = {
    "company": "苏州河畔青禾家庭生活服务有限公司",
    "headline": "做了二十年，每一双都能修，能换底，穿坏了拿回来，一直修",
    "body": "净水、换芯、上门检修，一位顾问管到底。有问题随时找得到人；老房子、小厨房、租来的屋子都能装，先上门看，"
    "再说合不合适，不合适也没关系，师傅喝口水就走。",
    "nickname": "欧阳慕容明月照大江东去浪淘尽",
}
QUOTE = "搬了三次家，每次都是同一位师傅来装。"
THEMES = ("light", "dark")
EVERY = [(look, size, theme) for look in LOOKS for size in SIZES for theme in THEMES[: 1 if size in PRINTED else 2]]


def test_there_are_eight_looks_in_every_size():
    assert len(LOOKS) >= 8
    assert {look: set(read_look(look, ROOT / "posters").frames) for look in LOOKS} == {
        look: set(SIZES) for look in LOOKS
    }


@pytest.mark.parametrize(("look", "size", "theme"), EVERY)
def test_the_longest_and_the_shortest_words_fit_and_the_qr_reads(engine: HybridEngine, look, size, theme):
    wanted = {"template": look, "size": size, "theme": theme}

    others = (
        () if theme == "dark" else (SHORTEST, {"quote": QUOTE, "avatar": a_face()}) if size == "tall" else (SHORTEST,)
    )
    for words in (LONGEST, *others):
        spec = replace(FEED, **wanted | words)
        jpeg = engine.render(spec)
        qr.check(jpeg, LINK, engine.qr_square(spec))
        with opened(jpeg) as drawn:
            assert drawn.size == SIZES[size].pixels
        assert size in PRINTED or len(jpeg) <= 350_000


@pytest.mark.parametrize("look", LOOKS)
def test_two_decoders_read_the_link_whatever_happens_on_the_way(engine: HybridEngine, look):
    poster = opened(engine.render(replace(FRIEND, template=look, avatar=a_face())))

    lost = [
        f"{how} by {read.__name__}"
        for how, picture in hardships(poster)
        for read in (read_by_zbar, read_by_zxing)
        if read(picture) != {LINK}
    ]

    assert lost == []


@pytest.mark.parametrize("look", LOOKS)
def test_night_is_darker_than_day_and_each_says_the_same(engine: HybridEngine, look):
    day, night = (
        np.asarray(opened(engine.render(replace(FEED, template=look, theme=theme))).convert("L"), dtype=float).mean()
        for theme in ("light", "dark")
    )

    assert night < day - 30


def test_a_sheet_for_print_is_as_large_as_its_paper(engine: HybridEngine):
    jpeg = engine.render(replace(FEED, size="a6"))

    printed = pdf.page(jpeg)

    assert printed.startswith(b"%PDF-")
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", printed)
    assert [round(float(points) / 72 * 25.4) for points in box] == [105, 148]  # mm


def a_template(folder, **changes: str):
    """A copy of a shipped template with some of its text replaced."""
    home = folder / "mine"
    home.mkdir()
    for file in (ROOT / "posters" / "orchard").iterdir():
        text = file.read_text(encoding="utf-8")
        for old, new in changes.get(file.name.partition(".")[0], {}).items():
            assert old in text
            text = text.replace(old, new, 1)
        (home / file.name).write_text(text, encoding="utf-8")
    return HybridEngine(looks=folder)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"look": {"left = 632": "left = 1000"}}, "mine/look.toml: tall.qr 出了画面"),
        ({"look": {"side = 363": "side = 90"}}, "mine/look.toml: tall.qr 的 side 太小"),
        ({"look": {"width = 516": "width = 5160"}}, "mine/look.toml: tall.person 出了画面"),
        ({"look": {"[tall]": "[tail]"}}, "mine/look.toml: 没有 tail 这个键，是不是想写 tall？"),
        ({"look": {"quality = 88": "qualty = 88"}}, "mine/look.toml: 没有 qualty 这个键，是不是想写 quality？"),
        ({"look": {"quality = 88": "quality = "}}, "mine/look.toml 第 3 行第 45 列不是正确的 TOML"),
        ({"look": {"side = 363": 'side = "wide"'}}, "mine/look.toml: tall.qr.side 应当是整数，写成了文字"),
        ({"look": {", side = 363": ""}}, "mine/look.toml: 缺少 tall.qr.side"),
        ({"look": {"规则见页内": "点开看看"}}, "mine/look.toml: feed 里要有「规则见页内」"),
        ({"page": {"{% for": "{% fro"}}, "mine/page.html.j2 第 9 行写法不对"),
        ({"page": {"</div>": '</div>{% include "x" %}'}}, "mine/page.html.j2 第 9 行用了 include，图样里不能用"),
        ({"tall": {"<svg": "<svg <"}}, "mine/tall.svg 第 1 行不是正确的 SVG"),
    ],
)
def test_a_broken_template_is_refused_by_what_is_wrong_with_it(tmp_path, changes, says):
    with pytest.raises(TemplateBroken, match=re.escape(says)):
        a_template(tmp_path, **changes).render(replace(FEED, template="mine"))


def test_a_size_that_a_template_has_not_is_refused(engine: HybridEngine):
    with pytest.raises(SizeUnknown):
        engine.render(replace(FEED, size="billboard"))


def test_a_photo_lies_behind_where_a_look_takes_one(engine: HybridEngine):
    spec: PosterSpec = replace(FEED, template="gallery")

    with_photo = engine.render(replace(spec, photo=a_face(900, 1200)))

    assert with_photo != engine.render(spec)
    assert engine.render(replace(FEED, photo=a_face())) == engine.render(FEED)
