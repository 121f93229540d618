"""A template that breaks, when it is read or only when it is drawn, keeps nobody from the others."""

import os
import re
import shutil
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from bot.posters.engine import HybridEngine
from bot.posters.errors import TemplateBroken
from bot.posters.markup import Page
from bot.posters.proving import LITTLE, MUCH, problems
from bot.posters.small import shrunk
from templates import ROOT
from tests.posters.conftest import FEED
from tests.posters.test_looks import LOOKS, a_template


@pytest.mark.parametrize("changes", [{"look": {"left = 632": "left = 1000"}}, {"page": {"{% for": "{% fro"}}])
def test_a_template_that_cannot_be_read_is_not_offered(tmp_path, changes):
    assert a_template(tmp_path, **changes).looks() == []


def test_a_whole_template_is_offered(tmp_path):
    assert [look.name for look in a_template(tmp_path).looks()] == ["mine"]


def test_a_template_that_asks_for_what_there_is_not_is_broken(tmp_path):
    engine = a_template(tmp_path, page={"{{ company }}": "{{ compny }}"})

    with pytest.raises(TemplateBroken, match=r"mine/page.html.j2 第 .* 行用了没有的名字.*compny"):
        engine.render(replace(FEED, template="mine"))


def test_what_a_broken_file_is_blamed_for_is_said_once(tmp_path):
    engine = a_template(tmp_path, page={"{{ company }}": "{{ compny }}"})

    (only,) = problems(engine, "mine")

    assert only.startswith("每一张：mine/page.html.j2 第 ")


NOTE = """    <div class="note" style="font-size: {{ note_size }}px">{{ note }}</div>
"""
MARK = """    <div class="mark">广告</div>
"""
HEADLINE = '{% for phrase in headline %}<span class="phrase">{{ phrase }}</span>{% endfor %}'


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"page": {NOTE: ""}}, ["没有小字「老朋友推荐 · 规则见页内」"]),
        ({"page": {MARK: ""}}, ["没有「广告」"]),
        ({"page": {NOTE: "", MARK: ""}}, ["没有小字「老朋友推荐 · 规则见页内」", "没有「广告」"]),
        ({"page": {HEADLINE: ""}}, ["没有标题"]),
        ({"page": {"{{ company }}": ""}}, ["没有公司名"]),
        (
            {"page": {'class="mark"': 'class="mark" style="color: rgba(0, 0, 0, 0.02)"'}},
            ["「广告」看不清：和底色的对比"],
        ),
        ({"page": {'class="mark"': 'style="font-size: 1px"'}}, ["「广告」太小，或者没有画出来"]),
        ({"page": {'class="company"': 'class="company" style="margin-left: -3000px"'}}, ["公司名太小，或者没有画出来"]),
        ({"page": {'class="note" style="': 'class="note" style="margin-left: -200px; '}}, ["」有一部分看不见"]),
        ({"person": {"{{ name }}": ""}}, ["没有介绍人的名字"]),
    ],
)
def test_words_that_are_not_there_or_cannot_be_read_are_named(tmp_path, changes, says):
    engine = a_template(tmp_path, **changes)
    spec = replace(LITTLE, template="mine")

    found = engine.unread(spec)

    assert len(found) == len(says)
    assert all(said in one for one, said in zip(found, says, strict=True))
    with pytest.raises(TemplateBroken, match="mine: .*" + re.escape(says[0])):
        engine.render(spec)


def test_a_style_that_is_none_leaves_nothing_to_read(tmp_path):
    engine = a_template(tmp_path)
    (tmp_path / "mine" / "style.css").write_text("garbage", encoding="utf-8")

    found = engine.unread(replace(LITTLE, template="mine"))

    assert [one.partition("看")[0] for one in found][:2] == ["公司名", "标题"]
    assert any("「广告」" in one for one in found)


def test_words_that_stood_on_a_picture_that_is_gone_are_named(tmp_path):
    shutil.copytree(ROOT / "posters" / "coast", tmp_path / "mine")
    (tmp_path / "mine" / "tall.svg").unlink()

    found = HybridEngine(looks=tmp_path).unread(replace(LITTLE, template="mine"))

    assert [one.partition("看")[0] for one in found] == ["小字「老朋友推荐 · 规则见页内」", "「广告」"]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("size", "theme"), [("card", "dark"), ("a6", "light")])
def test_every_look_of_ours_has_all_its_words_where_they_can_be_read(engine: HybridEngine, look, size, theme):
    assert engine.unread(replace(MUCH, template=look, size=size, theme=theme)) == []


def test_our_own_looks_are_as_they_were_when_their_words_were_looked_for(engine: HybridEngine):
    """Set WRITE_GOLDEN=1 to approve them as they are now; run `taoli look` on each that has changed before."""
    lines = [f"{name} {engine.look(name).digest}" for name in LOOKS]
    if os.environ.get("WRITE_GOLDEN"):
        (ROOT / "posters" / "_proved.txt").write_text("\n".join(lines) + "\n", encoding="ascii")

    assert (ROOT / "posters" / "_proved.txt").read_text(encoding="ascii").splitlines() == lines


def test_a_page_is_no_longer_than_any_poster_needs():
    with pytest.raises(TemplateBroken, match="写出的页面最多 64 KB"):
        Page("{% for i in range(9000) %}0123456789{% endfor %}", "page.html.j2").render()


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("{% for i in range(1000000000) %}{% endfor %}", "重复得太多"),
        ("{% for a in range(9000) %}{% for b in range(9000) %}{% endfor %}{% endfor %}", "重复得太多"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "用了图样里不允许的写法（访问程序内部"),
        ("{{ self.__init__.__globals__ }}", "用了图样里不允许的写法（访问程序内部"),
        ("{{ 'x' * 1000000000 }}", "用了图样里不允许的写法"),
        ("{{ '%999999999d' | format(1) }}", "用了图样里不允许的写法"),
        ("{{ '{:999999999}'.format(1) }}", "用了图样里不允许的写法"),
        ("{{ 9 ** 9 ** 9 }}", "用了 **"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "用了 macro"),
    ],
)
def test_a_page_neither_reaches_into_the_program_nor_goes_on_for_ever(page, says):
    with pytest.raises(TemplateBroken, match=re.escape(f"page.html.j2 第 2 行{says}")):
        Page(f"<p>\n{page}", "page.html.j2").render()


def test_a_small_picture_has_the_width_asked_for_and_a_narrow_one_stays(engine: HybridEngine):
    poster = engine.render(FEED)

    small = shrunk(poster, 360)

    with Image.open(BytesIO(small)) as picture:
        assert picture.size == (360, 640)
    assert len(small) < len(poster) / 4
    assert shrunk(small, 360) == small
