"""Sixty odd nicknames on the pages that show names: what is read there, and that nothing on them gives way."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Browser, Page, Route

from bot.copy import PLACEHOLDERS, clean, fill
from bot.pages.look import SECURITY_HEADERS, render, static_css
from bot.pages.rep_look import HEADERS, static_files
from referral import nicknames
from referral.people import NAMELESS, Byline, Person
from tests.fixtures.nicknames import FAMILY, TORTURE, UNSEEN
from tests.pages.name_pages import landings, many_page, own_pages, rep_pages
from tests.pages.sample_pages import a_me_page
from tests.pages.test_look import Tags

HOST = "http://127.0.0.1:9"
NAMES = list(TORTURE.values())
SCREENS = ((390, "light"), (320, "dark"), (390, "dark"), (320, "light"))
PAGES: dict[str, Callable[[Sequence[str]], str]] = {
    "landing": landings,
    "me": own_pages,
    "rep": rep_pages,
    "many": many_page,
}

OUT_OF_PLACE = """() => {
  const wide = document.documentElement.clientWidth, faults = [];
  for (const name of document.querySelectorAll('.name:not(h1 .name), .invitation h1, .greeting h1')) {
    const box = name.getBoundingClientRect(), words = name.textContent;
    if (!box.width || !box.height) faults.push(`cannot be seen: ${words}`);
    if (box.left < 0 || box.right > wide) faults.push(`leaves the screen: ${words}`);
    const line = parseFloat(getComputedStyle(name).lineHeight) || 30;
    if (box.height > line * 4.2) faults.push(`takes ${box.height} px: ${words}`);
  }
  return faults;
}"""

NOT_ISOLATED = """() => [...document.querySelectorAll('.name')]
  .filter(name => name.tagName !== 'BDI' && name.textContent !== '老朋友推荐' ||
                  !getComputedStyle(name).unicodeBidi.includes('isolate'))
  .map(name => name.textContent)"""


@pytest.mark.browser
async def test_no_name_breaks_a_page_on_any_phone_by_day_or_night(browser: Browser) -> None:
    faults: dict[str, list[str]] = {}

    async with _phone(browser) as page:
        for name, write in PAGES.items():
            html = write(NAMES)
            await page.route(f"{HOST}/{name}", partial(_serve, html, HEADERS if name in ("rep", "many") else None))
            await page.goto(f"{HOST}/{name}")
            title = await page.title()
            for width, scheme in SCREENS:
                await page.set_viewport_size({"width": width, "height": 844})
                await page.emulate_media(color_scheme=scheme)
                faults[f"{name} {width} {scheme}"] = await _faults(page, width)
            assert await page.evaluate(NOT_ISOLATED) == []
            assert await page.title() == title
            assert await page.evaluate("document.scripts.length") == html.count('<script src="/static/')

    assert {look: found for look, found in faults.items() if found} == {}


def test_there_are_sixty_names() -> None:
    assert len(TORTURE) == len(set(NAMES)) == 60


@pytest.mark.parametrize("kind", sorted(UNSEEN))
def test_a_name_of_which_nothing_can_be_seen_is_a_good_friend(kind: str) -> None:
    person = Person(id="p1", nickname=TORTURE[kind])

    assert person.called == ""
    assert person.shown_name == NAMELESS
    assert Person(id="p1", nickname=TORTURE[kind], byline=Byline.NONE).shown_name is None
    assert f'<bdi class="name">{NAMELESS}</bdi>' in landings([TORTURE[kind]])
    assert f"{NAMELESS}介绍您认识" in landings([TORTURE[kind]])


def test_who_has_no_name_is_greeted_without_one() -> None:
    assert "<h1>您好</h1>" in render(a_me_page(name=Person(id="p1", nickname="\u200b").called))


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("a family", f"小美{FAMILY}"),
        ("the flag of a region", "🏴󠁧󠁢󠁥󠁮󠁧󠁿老板"),
        ("skin tones", "赞👍🏽👩🏿‍🚀宇航员"),
        ("keycaps", "1️⃣号店#️⃣"),
        ("pictures of late years", "🫨🩷🪿新表情"),
        ("extension B", "𠮷田"),
        ("extension G and H", "𰻝𱊰面"),
        ("a written variant", "葛\U000e0100城"),
        ("Persian with a non-joiner", "می\u200cخواهم سارا"),
        ("Devanagari", "क्षत्रिय आँचल"),
        ("Tibetan", "བཀྲ་ཤིས་བསྒྲུབས"),
        ("Thai piled up", "ก\u0e49\u0e49\u0e49า"),
        ("marks upon han", "张三丰"),
        ("private use", "私用区"),
        ("tag characters", "李姐"),
        ("half a pair, replaced", "半个"),
        ("lines and tabs", "张 三 丰 李 四"),
        ("turned around", "陈姐嘿gpj.exe"),
        ("han and Latin", "Mei in 杭州"),
        ("the name for no name", NAMELESS),
    ],
)
def test_a_name_keeps_what_a_phone_can_show_and_nothing_else(kind: str, read: str) -> None:
    assert nicknames.legible(TORTURE[kind]) == read


@given(st.text(max_size=300), st.integers(1, 60))
def test_whatever_is_typed_is_short_visible_and_settled(typed: str, most: int) -> None:
    read = nicknames.legible(typed, most)

    assert len(read) <= most
    assert read == read.strip()
    assert nicknames.legible(read, most) == read
    assert not {unicodedata.category(letter) for letter in read} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    read.encode()


def test_a_name_in_a_sentence_is_cut_between_two_signs_and_within_its_limit() -> None:
    for name in NAMES:
        said = clean("friend", name)

        whole, shown = nicknames.signs(nicknames.legible(name)), said.strip("\u2068\u2069")
        kept = nicknames.signs(shown.removesuffix("…").rstrip())
        assert len(said) <= PLACEHOLDERS["friend"]
        assert shown.endswith("…") or shown == "".join(whole)
        assert kept == whole[: len(kept)]


def test_a_name_from_right_to_left_keeps_its_order_to_itself() -> None:
    assert fill("{friend} · 3 份", friend="محمد 2") == "\u2068محمد 2\u2069 · 3 份"
    assert fill("{friend} · 3 份", friend="李姐") == "李姐 · 3 份"
    assert "\u2068سامي\u2069介绍您认识" in landings(["سامي"])


@pytest.mark.parametrize("write", PAGES.values(), ids=PAGES)
def test_a_name_is_text_whatever_it_says(write: Callable[[Sequence[str]], str]) -> None:
    odd, plain = Tags(write(NAMES)), Tags(write(["李姐"] * len(NAMES)))

    tags = {tag for tag, _ in plain.tags}
    assert {tag for tag, _ in odd.tags} == tags
    assert len(odd.all("script")) == len(plain.all("script"))
    assert not [name for _, found in odd.tags for name in found if name[:2] == "on"]
    assert "49" not in odd.words


@asynccontextmanager
async def _phone(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(is_mobile=True, has_touch=True, locale="zh-CN")
    try:
        await context.route("**/*", _serve_file)
        yield await context.new_page()
    finally:
        await context.close()


async def _serve(html: str, headers: dict[str, str] | None, route: Route) -> None:
    """A page of many, under the policy that its like go out under."""
    await route.fulfill(
        body=html, headers={**(headers or SECURITY_HEADERS), "Content-Type": "text/html; charset=utf-8"}
    )


async def _serve_file(route: Route) -> None:
    path = route.request.url.removeprefix(HOST)
    files: dict[str, Any] = {at: body for at, body, _ in static_files()} | dict([static_css()])
    if path in files:
        kind = "text/css" if path.endswith("css") else "text/javascript"
        await route.fulfill(headers={"Content-Type": kind}, body=files[path])
    else:
        await route.fulfill(status=404)


async def _faults(page: Page, width: int) -> list[str]:
    wide = await page.evaluate("document.documentElement.scrollWidth")
    return [*([f"is {wide} px wide"] if wide > width else []), *await page.evaluate(OUT_OF_PLACE)]
