"""The sandbox's page in a real Chromium: the story by clicking, by keyboard, without scripts, and things broken."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Locator, Page, Request, expect

from storage.open import migrate_database
from tests.fixtures.browsers import stay_inside
from tests.journeys.test_rep_list import befriend, plan
from tests.journeys.town import HOLD_S, Town, open_town

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
FIRST = "/sandbox/?customer=mei&friend=小周&rep=lin"
SCREENSHOTS = os.environ.get("PAGE_SCREENSHOTS")
Scheme = Literal["light", "dark"]


class Visitor:
    """Somebody at the page, in a browser that reaches nothing but this machine."""

    def __init__(self, town: Town, page: Page) -> None:
        self.town, self.page = town, page
        self.wrong: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda line: self.wrong.append(line.text) if line.type == "error" else None)
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.asked.append(request.url)

    async def open(self, path: str = FIRST) -> None:
        await self.page.goto(f"{self.town.app.own_address}{path}")

    def phone(self, seat: str) -> Locator:
        return self.page.locator(f"[data-phone={seat}]")

    async def press(self, seat: str, words: str) -> None:
        """A button on one of the phones."""
        await self.phone(seat).get_by_role("button", name=words, exact=True).last.click()

    async def write(self, seat: str, words: str) -> None:
        await self.phone(seat).get_by_role("textbox").fill(words)
        await self.press(seat, "发送")

    async def sees(self, seat: str, words: str | re.Pattern[str]) -> None:
        await expect(self.phone(seat).locator("[data-chat]").get_by_text(words).last).to_be_visible()

    async def keep_screenshot(self, name: str) -> None:
        if SCREENSHOTS:
            await self.page.screenshot(path=Path(SCREENSHOTS) / f"playground-{name}.png", full_page=True)


@pytest.fixture
async def visitor(town: Town, browser: Browser) -> AsyncIterator[Visitor]:
    await town.campaign()
    page = await _a_page(browser)
    yield Visitor(town, page)
    await page.context.close()


async def _a_page(browser: Browser, *, width: int = 1440, height: int = 960, **more: Any) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **more)
    await context.route("**/*", stay_inside)
    page = await context.new_page()
    page.set_default_timeout(15_000)
    return page


async def test_the_whole_story_is_lived_by_clicking(visitor: Visitor) -> None:
    town, page = visitor.town, visitor.page
    await visitor.open()

    await visitor.press("customer", "我要推荐")
    poster = visitor.phone("customer").get_by_role("button", name="长按图片")
    await expect(poster).to_be_visible()
    await visitor.keep_screenshot("1-poster")

    await poster.click(button="right")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await visitor.keep_screenshot("2-long-press")
    await page.get_by_role("button", name="朋友识别图中的二维码").click()
    landing = visitor.phone("friend").frame_locator("iframe")
    await expect(landing.get_by_role("heading", name="梅姐介绍您认识春和家居")).to_be_visible()
    await visitor.keep_screenshot("3-landing")

    await visitor.phone("friend").locator(".page-deeds").get_by_role("button", name="加顾问").click()
    await visitor.sees("friend", re.compile("梅姐介绍您来的"))
    await visitor.sees("rep", re.compile("梅姐介绍的小周刚添加了您"))
    await visitor.write("friend", "你好")
    await visitor.press("friend", "可以")
    await visitor.sees("customer", re.compile("小周来了"))

    await visitor.press("friend", "买 ¥199")
    await visitor.sees("friend", re.compile("S0001 · ¥199"))
    await expect(page.locator("[sse-swap=story]")).to_contain_text("确认中")
    await visitor.keep_screenshot("4-bought")

    await page.get_by_role("button", name="拨快 15 天").click()
    await expect(page.locator("[sse-swap=story]")).to_contain_text("已到账")
    await expect(page.locator("[sse-swap=ledger]")).to_contain_text("4 笔")
    await page.locator(".tour").get_by_role("button", name="到明早").click()
    await expect(page.locator("[sse-swap=clock]")).to_contain_text("09:31")
    await visitor.keep_screenshot("5-morning")

    await visitor.write("customer", "进度")
    await visitor.sees("customer", re.compile("已到账1份"))
    assert town.app.sandbox
    assert all(url.startswith((town.app.own_address, "data:")) for url in visitor.asked)
    assert visitor.wrong == []


async def test_the_rep_reads_her_list_inside_her_phone(visitor: Visitor) -> None:
    await befriend(visitor.town, "王芳", "赵敏")
    await plan(visitor.town)
    await visitor.open()

    await visitor.phone("rep").get_by_role("link", name=re.compile("今天适合聊的客户")).last.click()

    await expect(visitor.phone("rep").frame_locator("iframe").get_by_text("王芳").first).to_be_visible()
    await expect(visitor.page.locator("[sse-swap=list]")).to_contain_text("王芳")
    await visitor.keep_screenshot("rep-list")


async def test_the_tour_is_taken_by_keyboard_alone(visitor: Visitor) -> None:
    await visitor.open()

    for name in ("替她说", "替他扫", "替他加", "替他买 ¥199", "拨快 15 天", "到明早"):
        button = visitor.page.locator(".tour").get_by_role("button", name=name)
        await expect(button).to_be_enabled()
        await _tab_to(visitor.page, name)
        await visitor.page.keyboard.press("Enter")
        await expect(button).to_have_count(0)

    await expect(visitor.page.locator(".tour")).to_contain_text("走完了")
    assert visitor.wrong == []


async def _tab_to(page: Page, words: str, most: int = 80) -> None:
    for _ in range(most):
        if await page.evaluate("() => document.activeElement.textContent.trim()") == words:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{words} is not reached by Tab")


@pytest.mark.parametrize(
    ("width", "scheme", "lang"), [(1440, "light", "zh"), (1440, "dark", "en"), (390, "dark", "zh")]
)
async def test_the_page_has_no_serious_barrier_and_fits(
    town: Town, browser: Browser, width: int, scheme: Scheme, lang: str
) -> None:
    await town.campaign()
    await town.say("mei", "我要推荐")
    page = await _a_page(browser, width=width, height=844, color_scheme=scheme)
    visitor = Visitor(town, page)
    await visitor.open(f"{FIRST}&lang={lang}")
    await expect(page.locator("[data-phone=customer] .picture img")).to_be_visible()

    await page.evaluate(AXE)
    found = await page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    serious = [each["id"] for each in found["violations"] if each["impact"] in ("serious", "critical")]
    overflow = await page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")

    await visitor.keep_screenshot(f"{width}-{scheme}-{lang}")
    assert serious == []
    assert overflow <= 0
    await page.context.close()


@pytest.mark.parametrize(
    ("fault", "told", "shown"),
    [
        ("断开", "恢复后补上", "502"),
        ("限流", "停一分钟", "45009"),
        ("变慢", "晚答 3 秒", re.compile(r"errcode 0 3\d{3} ms")),
    ],
)
async def test_a_broken_platform_is_seen_and_got_over(
    visitor: Visitor, fault: str, told: str, shown: str | re.Pattern[str]
) -> None:
    await visitor.open()
    await visitor.page.get_by_role("button", name=fault, exact=True).click()
    await expect(visitor.page.locator("[sse-swap=platform]")).to_contain_text(told)

    await visitor.write("customer", "进度")
    await visitor.sees("customer", "进度")
    await expect(visitor.page.locator(".passed li").first).to_contain_text(shown)
    await visitor.keep_screenshot(f"fault-{fault}")

    await visitor.page.get_by_role("button", name="正常", exact=True).click()
    await visitor.page.get_by_role("button", name="过 1 小时", exact=True).click()
    await expect(visitor.phone("customer").locator(".theirs").first).to_be_visible(timeout=20_000)


async def test_an_expired_token_costs_one_more_call_and_nothing_else(visitor: Visitor) -> None:
    await visitor.town.say("mei", "进度")
    await visitor.open()
    before = await visitor.phone("customer").locator(".theirs").count()

    await visitor.page.get_by_role("button", name="令牌过期", exact=True).click()
    await visitor.press("customer", "进度")

    await expect(visitor.phone("customer").locator(".theirs")).to_have_count(before + 1)
    await expect(visitor.page.locator(".passed")).to_contain_text("errcode 42001")


async def test_without_scripts_the_buttons_and_the_page_still_work(town: Town, browser: Browser) -> None:
    await town.campaign()
    page = await _a_page(browser, java_script_enabled=False)
    visitor = Visitor(town, page)
    await visitor.open()

    await visitor.press("customer", "我要推荐")

    await expect(visitor.phone("customer").locator(".picture img")).to_be_visible()
    await expect(page).to_have_url(re.compile("friend="))
    await page.context.close()


async def test_a_session_is_taken_away_and_lived_again_elsewhere(town: Town, browser: Browser, tmp_path: Path) -> None:
    await town.campaign()
    for persona, do, value in _a_short_story():
        await town.act(persona, do, value)
    await town.pass_time(HOLD_S + 60)
    async with town.http.get(f"{town.app.own_address}/sandbox/session.jsonl") as answer:
        session = await answer.read()
    (tmp_path / "session.jsonl").write_bytes(session)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    await migrate_database(f"sqlite:///{fresh / 'taoli.db'}")

    async with open_town(fresh, f"sqlite:///{fresh / 'taoli.db'}") as other:
        await other.campaign()
        page = await _a_page(browser)
        visitor = Visitor(other, page)
        await visitor.open()
        await page.get_by_text("会话", exact=True).click()
        await page.get_by_label("会话文件").set_input_files(tmp_path / "session.jsonl")
        await page.get_by_role("button", name="重放").click()
        await expect(page.locator("[sse-swap=story]")).to_contain_text("已到账")
        await page.context.close()

    assert len(session.splitlines()) == len(_a_short_story()) + 1


def _a_short_story() -> Sequence[tuple[str, str, Any]]:
    return (
        ("mei", "say", "我要推荐"),
        ("小周", "scan", {"picture_of": "mei"}),
        ("小周", "add", None),
        ("小周", "buy", 19_900),
    )


async def test_a_file_that_is_no_session_is_refused_by_its_line(visitor: Visitor, tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text('{"at":"","persona":"mei","do":"say","value":"你好"}\n{"at": 1}\n')
    await visitor.open()

    await visitor.page.get_by_text("会话", exact=True).click()
    await visitor.page.get_by_label("会话文件").set_input_files(tmp_path / "broken.jsonl")
    await visitor.page.get_by_role("button", name="重放").click()

    await expect(visitor.page.get_by_role("status").filter(has_text="第 2 行")).to_be_visible()


async def test_another_site_cannot_press_the_buttons(town: Town) -> None:
    form = {"persona": "mei", "do": "say", "value": "不再提醒"}
    headers = {"Sec-Fetch-Site": "cross-site"}

    async with town.http.post(f"{town.app.own_address}/sandbox/do", data=form, headers=headers) as answer:
        refused = answer.status
    said = json.dumps(await town.lines(), ensure_ascii=False)

    assert refused == 403
    assert "不再提醒" not in said


async def test_a_page_of_another_run_reloads_instead_of_going_on(town: Town) -> None:
    query = "customer=mei&friend=小周&rep=lin&since=0-0&boot=another"

    async with town.http.get(f"{town.app.own_address}/sandbox/stream?{query}") as answer:
        told = await answer.text()

    assert told.startswith("event: reload")


@pytest.mark.parametrize(
    "words",
    ["官网是 http://www.example.com？", "http://a.com：8080", "http://[ 好吗", "http://a.com／活动", "https://"],
)
async def test_no_words_break_the_page(visitor: Visitor, words: str) -> None:
    await visitor.open()

    await visitor.write("customer", words)

    await visitor.sees("customer", words)
    await visitor.open()
    await visitor.sees("customer", words)


async def test_a_stream_that_was_broken_off_goes_on_where_it_was(town: Town) -> None:
    await town.say("mei", "第一句")
    query = f"customer=mei&friend=小周&rep=lin&since=0-0&boot={await _boot(town)}"
    address = f"{town.app.own_address}/sandbox/stream?{query}"

    async with town.http.get(address) as stream:
        first = await _until(stream.content, "第一句")
    place = re.findall(r"^id: (\S+)$", first, re.MULTILINE)[-1]
    await town.say("mei", "第二句")
    async with town.http.get(address, headers={"Last-Event-ID": place}) as stream:
        then = await _until(stream.content, "第二句")

    assert "第一句" not in then


async def _boot(town: Town) -> str:
    async with town.http.get(f"{town.app.own_address}{FIRST}") as answer:
        return re.findall(r'data-boot="(\w+)"', await answer.text())[0]


async def _until(stream: Any, words: str) -> str:
    """What comes, up to these words and the event they stand in."""
    told = ""
    while words not in told or not told.endswith("\n\n"):
        told += (await stream.readany()).decode()
    return told


async def test_looking_at_the_page_makes_nobody(town: Town) -> None:
    assert town.app.sandbox
    before = [person.name for person in town.app.sandbox.customers()]

    for friend in ("小周", "小何", "%3Cscript%3E"):
        async with town.http.get(f"{town.app.own_address}/sandbox/?customer=mei&friend={friend}&rep=lin") as answer:
            assert answer.status == 200

    assert [person.name for person in town.app.sandbox.customers()] == before


async def test_a_session_whose_steps_cannot_be_done_stops_with_a_word_and_the_bot_ends_well(
    visitor: Visitor, tmp_path: Path
) -> None:
    (tmp_path / "odd.jsonl").write_text('{"persona":"mei","do":"scan","value":"http://["}\n')
    await visitor.open()

    await visitor.page.get_by_text("会话", exact=True).click()
    await visitor.page.get_by_label("会话文件").set_input_files(tmp_path / "odd.jsonl")
    await visitor.page.get_by_role("button", name="重放").click()

    await expect(visitor.page.locator("[sse-swap=clock]")).to_contain_text("0/1")
    await visitor.town.app.stop()


@pytest.mark.parametrize(("path", "form"), [("act", {"persona": "mei", "do": "say"}), ("clock", {"advance_s": 60})])
async def test_the_doors_too_are_shut_to_other_sites(town: Town, path: str, form: dict[str, Any]) -> None:
    headers = {"Origin": "http://evil.example", "Content-Type": "text/plain"}

    async with town.http.post(
        f"{town.app.own_address}/sandbox/{path}", data=json.dumps(form), headers=headers
    ) as answer:
        assert answer.status == 403


async def test_a_chat_that_a_colleague_has_is_said_and_given_back(visitor: Visitor) -> None:
    await visitor.town.say("mei", "人工")
    await visitor.open()
    await expect(visitor.page.locator("[sse-swap=decision]")).to_contain_text("正由同事接待")

    await visitor.page.get_by_role("button", name="结束人工接待").click()
    await expect(visitor.page.locator("[sse-swap=decision]")).not_to_contain_text("正由同事接待")
    before = await visitor.phone("customer").locator(".theirs").count()
    await visitor.write("customer", "进度")

    await expect(visitor.phone("customer").locator(".theirs")).not_to_have_count(before)


async def test_nothing_of_a_phone_is_cut_at_any_width(visitor: Visitor) -> None:
    await visitor.open(f"{FIRST}&lang=en")

    beyond = {}
    for width in (1440, 1280, 1024, 768, 390, 320):
        await visitor.page.set_viewport_size({"width": width, "height": 800})
        beyond[width] = await visitor.page.evaluate(
            """() => [...document.querySelectorAll("[data-phone]")].flatMap(phone => {
          const edge = phone.querySelector(".device").getBoundingClientRect().right;
          return [...phone.querySelectorAll(".sender, .bar span, .choose select")]
            .filter(each => each.getBoundingClientRect().right > edge).map(each => each.className || each.name);
        })"""
        )

    assert not any(beyond.values()), beyond


async def test_what_is_refused_is_said_in_the_pages_language(visitor: Visitor) -> None:
    await visitor.open()

    for words, said in (("加顾问", "先扫一扫"), ("删除顾问", "还没有加过顾问"), ("退最近一单", "没有可以退的订单")):
        await visitor.press("friend", words)
        await expect(visitor.page.get_by_role("status").filter(has_text=said)).to_be_visible()
