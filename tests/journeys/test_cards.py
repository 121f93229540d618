"""Pages in WeChat tell it what their cards say: in a real Chromium with a WeChat that listens, and when it cannot."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image
from playwright.async_api import BrowserContext, Page

from bot.channels.errors import ChannelError, Unreachable
from bot.channels.jsapi import js_signature
from bot.cli import taoli
from bot.pages.cards import FOLDER
from tests.journeys.town import COMPANY, Town, open_town

APP_ID = "wx0123456789abcdef"
TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvk"
OUTSIDE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 Version/17.6 Safari/604.1"
IN_WECOM = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile wxwork/4.1.30 MicroMessenger/7.0.1 Language/zh"
FAKE_WX = """
window.heard = [];
const hear = (name) => (told) => { window.heard.push([name, told]); };
window.wx = {
  config: hear("config"),
  ready: (then) => then(),
  updateAppMessageShareData: hear("friend"),
  updateTimelineShareData: hear("feed"),
  hideMenuItems: hear("hide"),
};
"""

Open = Callable[..., AbstractAsyncContextManager[Town]]


@dataclass
class Account:
    """An Official Account whose tickets can be had, or not."""

    app_id: str = APP_ID
    problem: ChannelError | None = None
    is_slow: bool = False
    asked: int = field(default=0)

    async def ticket(self) -> str:
        self.asked += 1
        if self.is_slow:
            await asyncio.Event().wait()
        if self.problem:
            raise self.problem
        return TICKET


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def opened(quick_url: str, tmp_path: Path, account: Account) -> Open:
    """Opens a bot of a company with an account, and with WeChat's script in its data folder."""

    def opening(*, sdk: str = FAKE_WX, tickets: Account | None = account, **others: Any) -> Any:
        folder = tmp_path / "data" / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        if sdk:
            (folder / "jweixin-1.6.0.js").write_text(sdk, encoding="utf-8")
        return open_town(tmp_path, quick_url, tickets=tickets, **others)

    return opening


class Visitor:
    """Somebody with a page open, whom nothing that goes wrong escapes."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.strangers, self.wrong = page, list[str](), list[str]()
        page.on("request", lambda asked: None if asked.url.startswith(home) else self.strangers.append(asked.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda line: self.wrong.append(line.text) if line.type in ("error", "warning") else None)

    async def hears(self) -> dict[str, Any]:
        """What WeChat was told, by the name of the call."""
        await self.page.wait_for_load_state("load")
        told = await self.page.evaluate("window.heard")
        assert [name for name, _ in told] == ["config", "friend", "feed"]
        return dict(told)


async def code_of_mei(town: Town, **campaign: Any) -> str:
    return await town.code_of("mei", await town.campaign(**campaign))


def scripts(text: str) -> list[str]:
    return re.findall(r'<script src="([^"]+)"', text)


@pytest.mark.browser
@pytest.mark.parametrize(
    "path", ["/i/{}", "/I/{}", "/p/{}", "/p/{}?template=coast&size=square", "/i/{}?c=xhs&t=%E6~%2C!#x"]
)
async def test_wechat_is_told_the_words_the_link_and_the_picture(
    opened: Open, phone: BrowserContext, path: str
) -> None:
    async with opened() as town:
        code, home = await code_of_mei(town), town.app.own_address
        visitor = Visitor(await phone.new_page(), home)

        await visitor.page.goto(f"{home}{path.format(code)}")
        told = await visitor.hears()

        friend, feed, config = told["friend"], told["feed"], told["config"]
        assert sorted(friend) == ["desc", "imgUrl", "link", "title"]
        assert sorted(feed) == ["imgUrl", "link", "title"]
        assert (friend["link"], feed["link"]) == (f"{home}/i/{code}", f"{home}/i/{code}?c=moments")
        assert friend["imgUrl"] == feed["imgUrl"] == f"{home}/p/{code}/card.jpg"
        assert COMPANY in friend["title"]
        assert "30天会员" in friend["desc"]
        assert feed["title"].endswith(f" · {COMPANY}")
        assert "梅" not in str(told)

        assert (config["appId"], config["timestamp"]) == (APP_ID, int(town.machine.now.timestamp()))
        assert config["jsApiList"] == ["updateAppMessageShareData", "updateTimelineShareData"]
        address = await visitor.page.evaluate("location.href.split('#')[0]")
        signed = js_signature(TICKET, nonce=config["nonceStr"], timestamp=config["timestamp"], url=address)
        assert config["signature"] == signed
        assert (visitor.strangers, visitor.wrong) == ([], [])


@pytest.mark.browser
async def test_a_script_that_reports_to_its_maker_reaches_nobody_and_breaks_nothing(
    opened: Open, phone: BrowserContext
) -> None:
    chatty = (
        FAKE_WX + "new Image().src = 'https://open.example/sdk/report?u=' + location.href; fetch('https://a.example');"
    )
    async with opened(sdk=chatty) as town:
        code, home = await code_of_mei(town), town.app.own_address
        visitor = Visitor(await phone.new_page(), home)
        left = list[str]()
        visitor.page.on("requestfinished", lambda asked: left.append(asked.url))

        await visitor.page.goto(f"{home}/i/{code}")

        assert (await visitor.hears())["friend"]["link"] == f"{home}/i/{code}"
        assert [url for url in left if not url.startswith(home)] == []
        assert any("Content Security Policy" in line for line in visitor.wrong)


@pytest.mark.browser
async def test_a_page_whose_wechat_script_does_nothing_is_still_whole(opened: Open, phone: BrowserContext) -> None:
    async with opened(sdk="'use strict';") as town:
        visitor = Visitor(await phone.new_page(), town.app.own_address)

        await visitor.page.goto(f"{town.app.own_address}/i/{await code_of_mei(town)}")

        assert await visitor.page.get_by_text("长按识别二维码").is_visible()
        assert (visitor.strangers, visitor.wrong) == ([], [])


async def test_of_a_full_campaign_nothing_is_promised_to_a_friend_either(opened: Open) -> None:
    async with opened() as town:
        code = await code_of_mei(town, budget_fen=9_000)  # one friend, and a bit
        await town.act("jun", "add", code)
        await town.buy("jun")

        page = await town.get(f"/i/{code}")

        assert len(scripts(page.text)) == 2
        assert "名额已经满了" in page.text
        assert "各得" not in page.text
        assert "30天会员" not in page.text


@pytest.mark.parametrize(
    ("agent", "files"), [(OUTSIDE, 0), (IN_WECOM, 0), ("", 0), (f"{OUTSIDE} MicroMessenger/8.0", 2)]
)
async def test_only_wechats_own_browser_gets_scripts(opened: Open, account: Account, agent: str, files: int) -> None:
    async with opened() as town:
        code = await code_of_mei(town)

        pages = [await town.get(path, User_Agent=agent) for path in (f"/i/{code}", f"/p/{code}")]

        assert [len(scripts(page.text)) for page in pages] == [files, files]
        assert account.asked == files


async def test_scripts_may_be_kept_and_come_as_what_they_are(opened: Open) -> None:
    async with opened() as town:
        found = [await town.get(at) for at in scripts((await town.get(f"/i/{await code_of_mei(town)}")).text)]

        assert [each.status for each in found] == [200, 200]
        for each in found:
            assert each.headers["Content-Type"] == "text/javascript; charset=utf-8"
            assert each.headers["X-Content-Type-Options"] == "nosniff"
            assert "immutable" in each.headers["Cache-Control"]


@pytest.mark.parametrize("missing", ["account", "script", "both"])
async def test_without_account_or_wechats_script_a_page_is_a_plain_link(opened: Open, missing: str) -> None:
    lacking: dict[str, Any] = {
        "account": {"tickets": None},
        "script": {"sdk": ""},
        "both": {"tickets": None, "sdk": ""},
    }
    async with opened(**lacking[missing]) as town:
        code = await code_of_mei(town)

        for path in (f"/i/{code}", f"/p/{code}"):
            page = await town.get(path)
            assert "<script" not in page.text
            assert "script-src" not in page.headers["Content-Security-Policy"]
            assert f'og:image" content="{town.app.own_address}/p/{code}/card.jpg"' in page.text


@pytest.mark.parametrize("trouble", [{"problem": Unreachable("timeout", maybe_done=False)}, {"is_slow": True}])
async def test_a_ticket_that_cannot_be_had_leaves_a_plain_link(
    opened: Open, account: Account, trouble: dict[str, Any]
) -> None:
    for name, value in trouble.items():
        setattr(account, name, value)
    async with opened() as town:
        page = await town.get(f"/i/{await code_of_mei(town)}")

        assert (page.status, account.asked) == (200, 1)
        assert "<script" not in page.text


async def test_the_picture_of_a_card_is_small_square_and_nobodys(opened: Open) -> None:
    async with opened() as town:
        campaign = await town.campaign()
        mei, bo = await town.code_of("mei", campaign), await town.code_of("bo", campaign)

        hers, his = await town.get(f"/p/{mei}/card.jpg"), await town.get(f"/p/{bo}/card.jpg")

        assert (hers.status, hers.headers["Content-Type"]) == (200, "image/jpeg")
        assert hers.body == his.body
        with Image.open(io.BytesIO(hers.body)) as picture:
            assert picture.size == (300, 300)


async def test_a_code_that_is_none_or_over_has_no_card(opened: Open) -> None:
    async with opened() as town:
        campaign = await town.campaign()
        code = await town.code_of("mei", campaign)
        await town.end(campaign)

        over, unknown = await town.get(f"/p/{code}/card.jpg"), await town.get("/p/ZZZZZZZZ/card.jpg")

        assert (over.status, unknown.status) == (410, 404)


OFFICIAL = '[[official]]\nname = "main"\napp_id = "wx1"\nsecret_env = "S"\ntoken_env = "T"\nmode = "plain"\n'


def checked(folder: Path, more: str = "") -> str:
    file = folder / "taoli.toml"
    file.write_text(f'[company]\nname = "春和家居"\n[sandbox]\nenabled = true\n{more}', encoding="utf-8")
    result = CliRunner().invoke(taoli, ["check", "--config", str(file)], env={"S": "secret-of-it", "T": "QDG6eK"})
    assert result.exit_code == 0, result.output
    return result.stderr


def test_the_check_says_why_links_are_plain_ones(tmp_path: Path) -> None:
    without, no_script = checked(tmp_path), checked(tmp_path, OFFICIAL)
    (tmp_path / "data" / FOLDER).mkdir(parents=True)
    (tmp_path / "data" / FOLDER / "jweixin-1.6.0.js").write_text(FAKE_WX, encoding="utf-8")

    assert "没有配置公众号" in without
    assert "没有微信的脚本 jweixin-1.6.0.js" in no_script
    assert "公众号还没有接到网页上" in checked(tmp_path, OFFICIAL)
    assert "不带标题和图" in without
