"""The rep's pages on her phone: they fit, can be read and tapped by day and night, and hold together with odd names."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, Route

from bot.pages import rep_look
from bot.pages.look import STATIC_HEADERS, static_css
from bot.pages.rep_views import RepView
from tests.pages.sample_rep_pages import a_card, a_list, a_row, every_rep_page
from tests.pages.test_look import HOSTILE, Tags
from tests.pages.test_pages_in_a_browser import LEGIBLE

PAGES = every_rep_page()
SIZES = ((320, 568), (390, 844))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SCREENSHOTS = os.environ.get("PAGE_SCREENSHOTS")
HOST = "http://127.0.0.1:9"
TALK_OF_SHARING = ("分享", "助力", "砍", "集赞", "还差", "再邀", "倒计时", "有礼", "躺赚", "代理", "奖励", "佣金")

SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, summary, textarea, .choices label')]
  .filter(e => e.checkVisibility({ contentVisibilityAuto: true }))
  .map(e => [e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([_, box]) => box.height && (box.height < 44 || box.width < 44))
  .map(([words, box]) => `${words} ${box.width}x${box.height}`)"""


@pytest.mark.browser
async def test_every_page_fits_is_legible_and_can_be_tapped_by_day_and_night(browser: Browser) -> None:
    faults: dict[str, list[str]] = {}

    async with _page(browser) as page:
        for name, (width, height), scheme in product(PAGES, SIZES, SCHEMES):
            await page.set_viewport_size({"width": width, "height": height})
            await page.emulate_media(color_scheme=scheme)
            await page.goto(f"{HOST}/rep/{name}")
            faults[f"{name} {width} {scheme}"] = await _faults(page, width)
            await _keep(page, f"{name}-{width}-{scheme}")

    assert {look: found for look, found in faults.items() if found} == {}


@pytest.mark.browser
async def test_what_one_does_next_is_in_reach_without_scrolling(browser: Browser) -> None:
    async with _page(browser) as page:
        for (width, height), (name, button) in product(SIZES, (("list", "从第一位开始"), ("card", "去聊"))):
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto(f"{HOST}/rep/{name}")

            box = await page.get_by_text(button, exact=True).bounding_box()

            assert box
            assert box["y"] + box["height"] <= height
            await _keep(page, f"{name}-{width}-screen", full_page=False)


@pytest.mark.browser
async def test_folded_choices_open_and_can_be_tapped_on_a_small_phone(browser: Browser) -> None:
    async with _page(browser) as page:
        await page.set_viewport_size({"width": 320, "height": 568})
        for scheme, name in product(SCHEMES, ("跳过", "不再提醒", "海报")):
            await page.emulate_media(color_scheme=scheme)
            await page.goto(f"{HOST}/rep/card")
            await page.get_by_text(name, exact=True).click()

            assert await _faults(page, 320) == []
            await _keep(page, f"card-{name}-320-{scheme}")


def test_a_page_carries_nothing_inline_and_loads_from_our_own_host_only() -> None:
    for view in PAGES.values():
        document = Tags(_html(view))
        attributes = [name for _, found in document.tags for name in found]

        assert not {"style", "iframe", "object", "embed", "base"} & {tag for tag, _ in document.tags}
        assert not [name for name in attributes if name == "style" or name[:2] == "on"]
        assert all(script["src"].startswith("/static/") for script in document.all("script"))
        loaded = [found["href"] for found in document.all("link")] + [found["src"] for found in document.all("img")]
        assert all(address.startswith("/") for address in loaded)
        assert all(form["action"].startswith("/rep/") for form in document.all("form"))
        assert {"content": "noindex, nofollow", "name": "robots"} in document.all("meta")


def test_a_page_never_hints_at_sharing_and_never_names_the_product() -> None:
    for name, view in PAGES.items():
        html = _html(view)
        spared = ("分享", "转发") if name in ("card-objected", "many-refused") else ()

        assert [word for word in TALK_OF_SHARING if word in html and word not in spared] == []
        assert "桃李" not in html
        assert "taoli" not in html.lower()


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_name_is_only_ever_text(name: str) -> None:
    said = HOSTILE[name]

    page = Tags(_html(a_list(rows=(a_row(name=said, chips=(said,), gate=None),), questions=(), unconfirmed=())))
    plain = Tags(_html(a_list(rows=(a_row(chips=("好",), gate=None),), questions=(), unconfirmed=())))
    card = Tags(_html(a_card(row=a_row(name=said), words=said)))

    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert [tag for tag, _ in card.tags] == [tag for tag, _ in Tags(_html(a_card())).tags]


def _html(view: RepView) -> str:
    body = rep_look.page(view).text
    assert body
    return body


@asynccontextmanager
async def _page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(device_scale_factor=2, is_mobile=True, has_touch=True, locale="zh-CN")
    await context.route("**/*", _serve)
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def _serve(route: Route) -> None:
    """Answer from the pages at hand, with the headers that they go out under; pictures are left out."""
    path = route.request.url.removeprefix(HOST)
    files = {at: (body, kind) for at, body, kind in rep_look.static_files()}
    if path.startswith("/rep/"):
        answer = rep_look.page(PAGES[path.removeprefix("/rep/")])
        await route.fulfill(status=answer.status, headers=dict(answer.headers), body=answer.text)
    elif path == static_css()[0]:
        await route.fulfill(headers=STATIC_HEADERS, body=static_css()[1])
    elif path in files:
        await route.fulfill(headers={"Content-Type": files[path][1]}, body=files[path][0])
    else:
        await route.fulfill(status=404)


async def _faults(page: Page, width: int) -> list[str]:
    wide = await page.evaluate("document.documentElement.scrollWidth")
    return [
        *([f"is {wide} px wide"] if wide > width else []),
        *(f"is hard to read: {words}" for words in await page.evaluate(LEGIBLE)),
        *(f"is hard to tap: {words}" for words in await page.evaluate(SMALL_TARGETS)),
    ]


async def _keep(page: Page, name: str, *, full_page: bool = True) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"rep-{name}.png", full_page=full_page)
