"""Every page of a running bot in the browsers that meet it: WeChat's, WeCom's and others, with and without script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from bot.pages.cards import FOLDER
from tests.fixtures.browsers import WECHAT, stay_inside
from tests.journeys.test_cards import FAKE_WX, IN_WECOM, OUTSIDE, Account, Visitor
from tests.journeys.test_stories import a_photo, published
from tests.journeys.town import HOLD_S, Town, open_town
from tests.pages.test_pages_in_a_browser import AXE, SCHEMES, SERIOUS

pytestmark = pytest.mark.browser

CARDED = ("landing", "posters", "rules", "privacy", "wall", "story", "own", "reward")
STATUSES = {"missing": 404, "nothing": 404, "story-gone": 404, "ended": 410, "busy": 429}
QUIET = "the server responded with a status of"


@dataclass(frozen=True, kw_only=True)
class Street:
    """A running bot at which everything can be seen that a customer or friend may meet; paths by name."""

    town: Town
    paths: dict[str, str]


@pytest.fixture
async def street(quick_url: str, tmp_path: Path) -> AsyncIterator[Street]:
    folder = tmp_path / "data" / FOLDER
    folder.mkdir(parents=True)
    (folder / "jweixin-1.6.0.js").write_text(FAKE_WX, encoding="utf-8")
    async with open_town(tmp_path, quick_url, tickets=Account()) as town:
        yield Street(town=town, paths=await _lived_in(town))


async def _lived_in(town: Town) -> dict[str, str]:
    """Jun came by Mei's code and both were thanked; of two other campaigns one is over and one paused."""
    campaign = await town.campaign()
    code = await town.code_of("mei", campaign)
    await town.get(f"/i/{code}")
    await town.act("jun", "add", code)
    await town.buy("jun")
    await town.pass_time(HOLD_S + 60)
    story = await published(town, photos=(a_photo(),))
    over, paused = await town.campaign(), await town.campaign()
    ended, resting = await town.code_of("bo", over), await town.code_of("bo", paused)
    await town.end(over)
    await town.app.operator.run("campaign.pause", {"id": paused})
    own = await town.me("mei")
    (thanks,) = await town.rewards("mei")
    await town.app.settle()
    return {
        "landing": f"/i/{code}",
        "posters": f"/p/{code}",
        "own": own,
        "reward": f"{own}/proof/{thanks.id}",
        "rules": f"/rules/{campaign}",
        "privacy": "/privacy",
        "wall": "/stories",
        "story": f"/stories/{story}",
        "story-gone": "/stories/h0000000000000000",
        "resting": f"/i/{resting}",
        "ended": f"/i/{ended}",
        "nothing": "/nowhere",
        "missing": "/i/ZZZZZZZZ",
    }


@pytest.mark.parametrize(
    ("agent", "script"),
    [(WECHAT, True), (WECHAT, False), (IN_WECOM, True), (IN_WECOM, False), (OUTSIDE, True), (OUTSIDE, False)],
    ids=["wechat", "wechat-no-script", "wecom", "wecom-no-script", "others", "others-no-script"],
)
async def test_every_page_stands_in_every_browser(browser: Browser, street: Street, agent: str, script: bool) -> None:
    context = await _a_phone(browser, agent, script=script)
    visitor = Visitor(await context.new_page(), street.town.app.own_address)
    faults: dict[str, list[str]] = {}

    for name, path in street.paths.items():
        faults[name] = await _faults(visitor, street.town.at(path), STATUSES.get(name, 200))
        scripts = await visitor.page.locator("script[src]").count()
        faults[name] += [f"{scripts} scripts"] if (scripts == 2) != (agent == WECHAT and name in CARDED) else []
    await context.close()

    assert {name: found for name, found in faults.items() if found} == {}
    assert visitor.strangers == []
    assert [line for line in visitor.wrong if QUIET not in line] == []


async def test_nothing_bars_the_way_of_those_who_hear_a_page_read(browser: Browser, street: Street) -> None:
    context = await _a_phone(browser, OUTSIDE, script=True)
    page = await context.new_page()
    faults: dict[str, Any] = {}

    for name, path in street.paths.items():
        await page.goto(street.town.at(path))
        await page.evaluate(AXE)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            faults[f"{name} {scheme}"] = await page.evaluate(SERIOUS)
    await context.close()

    assert {name: found for name, found in faults.items() if found} == {}


async def test_wechat_is_told_of_public_pages_themselves(phone: BrowserContext, street: Street) -> None:
    home = street.town.app.own_address

    for name in ("rules", "privacy", "wall", "story"):
        visitor = Visitor(await phone.new_page(), home)
        await visitor.page.goto(street.town.at(street.paths[name]))
        told = await visitor.hears()

        friend, feed = told["friend"], told["feed"]
        assert friend["link"] == feed["link"] == street.town.at(street.paths[name])
        assert friend["title"] == feed["title"]
        assert friend["desc"]
        picture = await street.town.get(friend["imgUrl"])
        assert (picture.status, picture.headers["Content-Type"]) == (200, "image/jpeg")


async def test_wechat_is_never_told_the_address_of_somebodys_own_page(phone: BrowserContext, street: Street) -> None:
    town, token = street.town, street.paths["own"].rpartition("/")[2]

    for name in ("own", "reward"):
        page = await phone.new_page()
        told = await _told_of_own(page, town.at(street.paths[name]))

        assert token not in str(told)
        assert told["friend"]["link"] == town.at(street.paths["landing"])
        assert "menuItem:copyUrl" in told["hide"]["menuList"]
        assert "menuItem:share:appMessage" not in told["hide"]["menuList"]


async def test_who_has_no_code_is_offered_no_way_to_pass_on_their_own_page(
    phone: BrowserContext, street: Street
) -> None:
    told = await _told_of_own(await phone.new_page(), street.town.at(await street.town.me("jun")))

    assert sorted(told) == ["config", "hide"]
    assert {"menuItem:copyUrl", "menuItem:share:appMessage", "menuItem:share:timeline"} <= set(told["hide"]["menuList"])


async def test_after_five_misses_the_page_that_asks_to_wait_stands_too(browser: Browser, street: Street) -> None:
    for number in range(5):
        await street.town.get(f"/i/ZZZZZZZ{number}")
    context = await _a_phone(browser, WECHAT, script=False)
    visitor = Visitor(await context.new_page(), street.town.app.own_address)

    faults = await _faults(visitor, street.town.at("/i/ZZZZZZZZ"), 429)
    await context.close()

    assert (faults, visitor.strangers) == ([], [])


async def _a_phone(browser: Browser, agent: str, *, script: bool) -> BrowserContext:
    context = await browser.new_context(
        user_agent=agent,
        java_script_enabled=script,
        viewport={"width": 320, "height": 568},
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
    )
    await context.route("**/*", stay_inside)
    return context


async def _faults(visitor: Visitor, address: str, status: int) -> list[str]:
    answer = await visitor.page.goto(address)
    wide = await visitor.page.evaluate("document.documentElement.scrollWidth")
    said = await visitor.page.locator("main").inner_text()
    return [
        *([] if answer and answer.status == status else [f"answers {answer.status if answer else 'nothing'}"]),
        *([f"is {wide} px wide"] if wide > 320 else []),
        *([] if said.strip() else ["says nothing"]),
    ]


async def _told_of_own(page: Page, address: str) -> dict[str, Any]:
    await page.goto(address)
    await page.wait_for_load_state("load")
    return dict(await page.evaluate("window.heard"))
