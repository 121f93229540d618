"""The rep's list on her phone: from the card to ten customers asked, each in her own words."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from bot import planning
from referral import consent, due_rows
from referral.identities import Identity, IdentityKind
from referral.moments import Moment, Permission
from referral.nudges import Nudge, NudgeState
from referral.signals import SignalKind
from tests.fixtures.browsers import stay_inside
from tests.journeys.town import Town

pytestmark = pytest.mark.browser

TEN = ("安安", "白露", "陈晨", "丁香", "方圆", "高山", "何田", "江月", "林夏", "莫莉")
A_TAP = 12  # seconds of the virtual clock
WXWORK = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 wxwork/4.1.33 MicroMessenger/7.0.1 Language/zh"
)
SCREENSHOTS = os.environ.get("PAGE_SCREENSHOTS")


# --- the town, as these stories need it -----------------------------------------------------------------------------


async def befriend(town: Town, *names: str, said: Permission = Permission.GRANTED) -> None:
    """Customers of a year who are contacts of Lin and gave a high score lately, the first ones the latest."""
    for name in names:
        await town.act(name, "add", "lin")
    now = town.app.clock()

    def unit(tx: Any) -> None:
        for place, name in enumerate(names):
            person = tx.people.find(Identity(IdentityKind.WECOM, town.handle(name)))
            tx.people.learn(person.id, holdout=False)
            moment = Moment(
                person=person.id,
                consent=said,
                consent_at=now - timedelta(days=100) if said is Permission.GRANTED else None,
                customer_since=now - timedelta(days=400),
                satisfaction=9,
                surveyed_at=now - timedelta(days=1),
                good=SignalKind.SURVEY,
                good_at=now - timedelta(days=1, hours=place),
            )
            due_rows.keep(tx, town.app.facts, moment, now=now)

    await town.app.store.write(unit)


async def plan(town: Town) -> None:
    """Make the day's plan, and let what follows from it go out."""
    await planning.plan_day(town.app.store, town.app.facts, clock=town.app.clock, rng=town.app.world.rng)
    await town.app.settle()


async def card_link(town: Town, rep: str = "lin") -> str:
    """The link of the newest card that a rep got."""
    cards = [line for line in await town.lines() if line["to"] == rep and line["kind"] == "card"]
    return str(cards[-1]["url"])


async def listed(town: Town, name: str) -> Nudge:
    """What stands for a customer: the latest decision to ask."""
    person = await town.person(name)

    def unit(tx: Any) -> Nudge | None:
        found = tx.nudges.latest_of(person.id)
        assert found is None or isinstance(found, Nudge)
        return found

    nudge = await town.look(unit)
    assert nudge
    return nudge


async def moment_of(town: Town, name: str) -> Moment:
    person = await town.person(name)
    found: Moment = await town.look(lambda tx: tx.moments.get(person.id))
    return found


@pytest.fixture
async def ten(town: Town) -> Town:
    """A morning with ten customers on Lin's list."""
    await town.campaign()
    await befriend(town, *TEN)
    await plan(town)
    return town


@pytest.fixture
async def page(phone: BrowserContext) -> Page:
    page = await phone.new_page()
    page.set_default_timeout(10_000)
    return page


class Thumb:
    """Taps and counts; the virtual clock moves with each."""

    def __init__(self, town: Town, page: Page) -> None:
        self.town, self.page, self.taps = town, page, 0

    async def tap(self, role: Any, name: str, *, exact: bool = True) -> None:
        self.taps += 1
        self.town.machine.tick(A_TAP)
        await self.page.get_by_role(role, name=name, exact=exact).first.click()
        await self.page.wait_for_load_state()


async def keep(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


# --- stories --------------------------------------------------------------------------------------------------------


async def test_ten_customers_are_asked_in_under_three_minutes_of_taps(ten: Town, page: Page) -> None:
    started = ten.app.clock()
    thumb = Thumb(ten, page)

    # the card is tapped in WeCom
    thumb.taps += 1
    ten.machine.tick(A_TAP)
    await page.goto(await card_link(ten))
    assert page.url.endswith("/rep")
    await thumb.tap("link", "从第一位开始")
    for _ in TEN:
        await thumb.tap("button", "去聊")
    await thumb.tap("button", "都发过了")

    said = [await listed(ten, name) for name in TEN]
    assert {nudge.state for nudge in said} == {NudgeState.SENT}
    assert all(nudge.sent_at and nudge.delivered_at for nudge in said)
    assert thumb.taps == 13
    assert ten.app.clock() - started < timedelta(minutes=3)
    await keep(page, "rep-all-done")


async def test_the_words_she_changes_are_those_that_count(ten: Town, page: Page) -> None:
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()
    await page.get_by_label("想说的话").fill("安安，上次的书看完了吗？\n有朋友也想看的话，让他来找我。")

    await page.get_by_role("button", name="去聊").click()
    await page.wait_for_load_state()

    said = await listed(ten, "安安")
    assert said.state is NudgeState.SENT
    assert said.words == "安安，上次的书看完了吗？\n有朋友也想看的话，让他来找我。"
    assert said.delivered_at is None
    assert "话已复制" in await page.locator("[data-how]").inner_text()
    await keep(page, "rep-talking")


async def test_words_that_may_not_be_said_are_kept_but_do_not_go(ten: Town, page: Page) -> None:
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()
    await page.get_by_label("想说的话").fill("转发到朋友圈就能领红包。")

    await page.get_by_role("button", name="去聊").click()
    await page.wait_for_load_state()

    assert "不能这样说" in await page.get_by_role("alert").inner_text()
    assert await page.get_by_label("想说的话").input_value() == "转发到朋友圈就能领红包。"
    assert (await listed(ten, "安安")).state is NudgeState.LISTED
    await keep(page, "rep-objection")


async def test_what_was_not_sent_goes_back_on_the_list_with_her_words(ten: Town, page: Page) -> None:
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()
    await page.get_by_label("想说的话").fill("改过的话")
    await page.get_by_role("button", name="去聊").click()

    await page.get_by_role("button", name="没发，放回名单").click()
    await page.wait_for_load_state()

    assert (await listed(ten, "安安")).state is NudgeState.LISTED
    assert (await moment_of(ten, "安安")).nudged_at is None
    assert await page.get_by_label("想说的话").input_value() == "改过的话"


async def test_a_skip_and_its_reason_are_remembered(ten: Town, page: Page) -> None:
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()
    await page.get_by_text("跳过", exact=True).click()
    await keep(page, "rep-skip-open")

    await page.get_by_role("button", name="不适合请对方推荐").click()
    await page.wait_for_load_state()

    moment = await moment_of(ten, "安安")
    assert moment.rest_why == "unsuitable"
    assert moment.rest_until == ten.app.clock() + timedelta(days=180)
    await page.goto(ten.at("/rep"))
    assert "不适合请对方推荐" in await page.locator(".people").last.inner_text()


async def test_no_more_reminders_is_confirmed_once_and_silences_at_once(ten: Town, page: Page) -> None:
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()
    await page.get_by_text("不再提醒", exact=True).click()
    assert (await moment_of(ten, "安安")).consent is Permission.GRANTED

    await page.get_by_role("button", name="确认，不再提醒").click()
    await page.wait_for_load_state()

    assert (await moment_of(ten, "安安")).consent is Permission.WITHDRAWN
    gone = await listed(ten, "安安")
    assert (gone.state, gone.outcome) == (NudgeState.ENDED, "dropped:opted_out")
    # a page that is out of date says why
    await page.goto(ten.at(f"/rep/c/{gone.id}"))
    assert "对方说过不再提醒" in await page.locator("main").inner_text()
    await ten.pass_time(30 * 86_400)
    assert (await listed(ten, "安安")).outcome == "dropped:opted_out"


async def test_who_said_yes_gets_a_poster_from_her(ten: Town, page: Page) -> None:
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()
    await page.get_by_role("button", name="去聊").click()
    said = await listed(ten, "安安")
    await page.goto(ten.at(f"/rep/c/{said.id}"))

    await page.get_by_role("button", name="对方说要了，做一张海报").click()
    await expect(page.locator("img.poster")).to_have_js_property("naturalWidth", 1080)
    await keep(page, "rep-poster")

    person = await ten.person("安安")
    shares = await ten.look(lambda tx: tx.shares.of_person(person.id))
    assert {(share.level.value, share.evidence) for share in shares} == {
        ("prepared", "rep:lin"),
        ("sent_for", "rep:lin"),
    }
    assert (await listed(ten, "安安")).outcome == "took"
    text = await page.locator("main").inner_text()
    assert f"/i/{shares[0].code}" in text
    assert not [word for word in ("分享", "转发", "朋友圈") if word in text]


async def test_she_asks_in_passing_and_keeps_the_answer(town: Town, page: Page) -> None:
    await town.campaign()
    await befriend(town, "安安", "白露", said=Permission.UNKNOWN)
    await befriend(town, "陈晨")
    await plan(town)
    await page.goto(await card_link(town))
    await keep(page, "rep-questions")

    for name, answer in (("安安", "对方说可以"), ("白露", "对方说不用")):
        asked = page.locator(".question").filter(has_text=name)
        await asked.get_by_role("button", name="还没问").click()
        await page.wait_for_load_state()
        await asked.get_by_role("button", name=answer).click()
        await page.wait_for_load_state()

    assert (await moment_of(town, "安安")).consent is Permission.GRANTED
    assert (await moment_of(town, "白露")).consent is Permission.REFUSED
    person = await town.person("安安")
    kept = await town.look(lambda tx: tx.consent.latest(person.id, "nudges"))
    assert (kept.channel, len(kept.evidence)) == ("rep", 64)
    assert (await listed(town, "安安")).outcome == "granted"
    assert await page.locator(".question").filter(has_text="安安").count() == 0


async def test_a_yes_does_not_undo_a_no_that_was_said_elsewhere_meanwhile(town: Town) -> None:
    await town.campaign()
    await befriend(town, "安安", said=Permission.UNKNOWN)
    await befriend(town, "陈晨")
    await plan(town)
    came = await town.get(await card_link(town))
    asked, now = await listed(town, "安安"), town.app.clock()
    assert "安安" in (await town.get("/rep", cookies=came.cookies)).text

    await town.app.store.write(
        lambda tx: consent.say(
            tx, town.app.facts, asked.person, consent.Answer.REFUSED, evidence="msg", channel="kf", now=now
        )
    )
    await town.post(f"/rep/q/{asked.id}", {"answer": "yes"}, cookies=came.cookies)

    assert (await moment_of(town, "安安")).consent is Permission.REFUSED
    assert (await listed(town, "安安")).outcome == "refused"
    assert "安安" not in (await town.get("/rep", cookies=came.cookies)).text


async def test_one_text_to_several_goes_through_wecom_and_is_followed(ten: Town, page: Page) -> None:
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="一段话发给多位").click()
    for name in TEN[:-1]:
        await page.get_by_role("checkbox", name=name).check()
    await keep(page, "rep-many")
    await page.get_by_role("button", name="交给群发助手").click()
    await page.wait_for_url("**/rep/b/*")
    await ten.app.settle()
    await page.reload()
    assert "等您按发送" in await page.locator("h1").inner_text()
    await keep(page, "rep-broadcast")

    await ten.act("lin", "press", "latest")
    await ten.later(601)
    await page.reload()

    assert await page.locator(".rows .chip", has_text="已发出").count() == 9
    assert (await listed(ten, "安安")).delivered_at
    assert (await listed(ten, "莫莉")).state is NudgeState.LISTED
    await page.goto(ten.at("/rep"))
    assert await page.get_by_role("button", name="都发过了").count() == 0
    await keep(page, "rep-after-broadcast")


# --- who comes in ---------------------------------------------------------------------------------------------------


async def test_the_login_inside_wecom_leads_to_the_list(ten: Town, page: Page) -> None:
    await page.goto(ten.at("/rep"))
    assert "/connect/oauth2/authorize" in page.url

    await page.get_by_role("link", name="林顾问").click()
    await page.wait_for_url("**/rep")

    assert "10 位" in await page.locator("h1").inner_text()
    cookies = {cookie["name"]: cookie for cookie in await page.context.cookies()}
    assert cookies["rep"]["httpOnly"]
    assert cookies["rep"]["sameSite"] == "Lax"
    assert cookies["rep"]["path"] == "/rep"
    assert "rep_login" not in cookies


async def test_colleagues_without_customers_and_strangers_are_told_so(ten: Town, page: Page) -> None:
    for who, told in (("zhou", "您现在没有名单"), ("安安", "这里只给同事用")):
        await page.goto(ten.at("/rep"))
        await page.goto(f"{page.url.partition('#')[0]}&as={who}")
        assert told in await page.locator("h1").inner_text()
    await keep(page, "rep-stranger")


async def test_a_login_that_began_in_another_browser_is_refused(ten: Town) -> None:
    begun = await ten.get("/rep")
    authorize = begun.headers["Location"].partition("#")[0]
    back = await ten.get(f"{authorize}&as=lin")

    stranger = await ten.get(back.headers["Location"])
    own = await ten.get(back.headers["Location"], cookies=begun.cookies)

    assert stranger.status == 400
    assert "rep" not in stranger.cookies
    assert (own.status, own.headers["Location"]) == (303, "/rep")
    # the platform takes a code once
    assert (await ten.get(back.headers["Location"], cookies=begun.cookies)).status == 400


async def test_a_cards_link_is_good_for_a_day(ten: Town, page: Page) -> None:
    link = await card_link(ten)
    await ten.pass_time(86_399)
    assert (await ten.get(link)).status == 303

    await ten.pass_time(1)
    late = await page.goto(link)

    assert late
    assert late.status == 410
    assert "已经过期" in await page.locator("h1").inner_text()
    await keep(page, "rep-late")
    await page.get_by_role("link", name="从企业微信进入").click()
    assert "/connect/oauth2/authorize" in page.url
    assert (await ten.get(link[:-1] + ("A" if link[-1] != "A" else "B"))).status == 404


async def test_the_cookie_ends_with_the_day(ten: Town) -> None:
    came = await ten.get(await card_link(ten))
    assert (await ten.get("/rep", cookies=came.cookies)).status == 200

    await ten.pass_time(17 * 3600)  # from ten in the morning to three at night

    assert "/connect/oauth2/authorize" in (await ten.get("/rep", cookies=came.cookies)).headers["Location"]


async def test_who_serves_no_customers_any_more_is_out_at_once(ten: Town) -> None:
    link = await card_link(ten)
    came = await ten.get(link)

    await ten.app.store.write(lambda tx: tx.reps.retire_all_but(["someone"]))

    assert (await ten.get(link)).status == 403
    assert (await ten.get("/rep", cookies=came.cookies)).status == 403


async def test_another_rep_sees_and_does_nothing(ten: Town) -> None:
    await ten.hire("wu", "吴顾问")
    nudge = await listed(ten, "安安")
    passes = await ten.get("/rep/t/" + ten.app.facts.rep_page("wu", ten.app.clock()).rpartition("/")[2])

    home = await ten.get("/rep", cookies=passes.cookies)
    card = await ten.get(f"/rep/c/{nudge.id}", cookies=passes.cookies)
    act = await ten.post(f"/rep/c/{nudge.id}", {"act": "stop"}, cookies=passes.cookies)

    assert (home.status, card.status, act.status) == (200, 404, 404)
    assert "安安" not in home.text
    assert (await moment_of(ten, "安安")).consent is Permission.GRANTED


async def test_a_form_from_elsewhere_or_without_a_cookie_does_nothing(ten: Town) -> None:
    came = await ten.get(await card_link(ten))
    nudge = await listed(ten, "安安")
    at, go = f"/rep/c/{nudge.id}", {"act": "go", "words": "好"}

    assert (await ten.post(at, go)).status == 403
    assert (await ten.post(at, go, cookies=came.cookies, Origin="https://evil.example")).status == 404
    assert (await ten.post(at, {"act": "go", "words": "好" * 20_000}, cookies=came.cookies)).status == 404
    assert (await ten.post(at, {"act": "fly"}, cookies=came.cookies)).status == 404
    assert (await ten.post(at, {"act": "skip:because"}, cookies=came.cookies)).status == 404

    assert await listed(ten, "安安") == nudge


async def test_a_double_tap_is_one_tap(ten: Town) -> None:
    came = await ten.get(await card_link(ten))
    nudge = await listed(ten, "安安")
    acts = {"go": NudgeState.SENT, "said": NudgeState.SENT, "poster": NudgeState.SENT, "stop": NudgeState.SENT}

    for act, state in acts.items():
        first, second = [
            await ten.post(f"/rep/c/{nudge.id}", {"act": act, "words": "好"}, cookies=came.cookies) for _ in range(2)
        ]
        assert first.headers["Location"] == second.headers["Location"]
        assert (await listed(ten, "安安")).state is state

    person = await ten.person("安安")
    assert (await moment_of(ten, "安安")).fatigue == 1
    assert len(await ten.look(lambda tx: tx.codes.of_advocate(person.id))) == 1


async def test_several_at_once_are_put_before_her_once(ten: Town) -> None:
    came = await ten.get(await card_link(ten))
    both = [(await listed(ten, name)).id for name in ("安安", "白露")]

    first = await ten.post("/rep/many", {"n": both[0]}, cookies=came.cookies)
    assert "至少选 2 位" in first.text
    async with ten.http.post(
        ten.at("/rep/many"),
        data=[("n", both[0]), ("n", both[1]), ("words", "大家好")],
        cookies=came.cookies,
        allow_redirects=False,
    ) as made:
        where = made.headers["Location"]
    async with ten.http.post(
        ten.at("/rep/many"),
        data=[("n", both[0]), ("n", both[1]), ("words", "大家好")],
        cookies=came.cookies,
        allow_redirects=False,
    ) as again:
        assert again.headers["Location"] == where

    assert len(await ten.look(lambda tx: tx.broadcasts.all())) == 1
    # what is under way there cannot be taken back or told of here: the platform tells
    for act in ("back", "said"):
        await ten.post(f"/rep/c/{both[0]}", {"act": act}, cookies=came.cookies)
    waiting = await listed(ten, "安安")
    assert (waiting.state, waiting.delivered_at) == (NudgeState.SENT, None)


# --- what happened meanwhile ----------------------------------------------------------------------------------------


async def test_a_complaint_after_the_card_stops_her_and_says_why(ten: Town, page: Page) -> None:
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()
    moment = await moment_of(ten, "安安")
    now = ten.app.clock()
    await ten.app.store.write(
        lambda tx: due_rows.keep(tx, ten.app.facts, moment.but(complaints=1, complaint_at=now), now=now)
    )

    await page.get_by_role("button", name="去聊").click()
    await page.wait_for_load_state()

    assert "有投诉还没处理完" in await page.locator(".held").inner_text()
    assert await page.get_by_role("button", name="去聊").count() == 0
    assert (await listed(ten, "安安")).outcome == "dropped:complaint.open"
    await keep(page, "rep-stopped")


async def test_after_hours_she_is_told_when(ten: Town, page: Page) -> None:
    link = await card_link(ten)
    await ten.pass_time(11 * 3600)
    await page.goto(link)
    await page.get_by_role("link", name="从第一位开始").click()
    await page.get_by_label("想说的话").fill("明天再说")

    await page.get_by_role("button", name="去聊").click()
    await page.wait_for_load_state()

    assert "最早明天 9:00 可以聊" in await page.locator(".held").inner_text()
    assert await page.get_by_label("想说的话").input_value() == "明天再说"
    assert (await listed(ten, "安安")).state is NudgeState.LISTED
    await keep(page, "rep-after-hours")


# --- in WeCom -------------------------------------------------------------------------------------------------------

BRIDGE = """
window.asked = [];
window.WeixinJSBridge = {
  invoke(name, given, done) { window.asked.push([name, given]); done({ err_msg: name + ':ok' }); },
  on() {},
};
"""


async def test_inside_wecom_the_customers_chat_opens_by_itself_once(ten: Town, browser: Browser) -> None:
    context = await browser.new_context(user_agent=WXWORK, viewport={"width": 390, "height": 844}, is_mobile=True)
    await context.route("**/*", stay_inside)
    await context.add_init_script(BRIDGE)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()

    await page.get_by_role("button", name="去聊").click()
    await expect(page.locator("[data-how]")).to_contain_text("聊天已打开，话已复制")

    opened = await page.evaluate("window.asked.filter(([name]) => name === 'openEnterpriseChat').map(([, g]) => g)")
    assert [given["externalUserIds"] for given in opened] == [ten.handle("安安")]
    await page.reload()
    assert await page.evaluate("window.asked.map(([name]) => name)") == []
    assert complaints == []
    await context.close()


async def test_every_act_works_without_script(ten: Town, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 568})
    await context.route("**/*", stay_inside)
    page = await context.new_page()
    await page.goto(await card_link(ten))
    await page.get_by_role("link", name="从第一位开始").click()
    await page.get_by_role("button", name="去聊").click()
    await page.get_by_text("要发的话").click()
    assert (await listed(ten, "安安")).words in await page.locator(".talk .words").inner_text()
    await page.get_by_role("button", name="已发给对方").click()

    assert (await listed(ten, "安安")).delivered_at
    await context.close()


async def test_nothing_of_hers_is_kept_by_caches_or_found_by_search_engines(ten: Town) -> None:
    came = await ten.get(await card_link(ten))
    nudge = await listed(ten, "安安")

    for path in ("/rep", f"/rep/c/{nudge.id}", "/rep/many"):
        found = await ten.get(path, cookies=came.cookies)
        assert found.status == 200
        assert found.headers["Cache-Control"] == "no-store"
        assert "noindex" in found.headers["X-Robots-Tag"]
        assert "script-src 'self'" in found.headers["Content-Security-Policy"]
        assert "<script>" not in found.text
        assert "桃李" not in found.text
        assert not [word for word in ("分享", "转发", "朋友圈") if word in found.text]


async def test_her_list_is_the_same_on_either_database(either_town: Town) -> None:
    town = either_town
    await town.campaign()
    await befriend(town, *TEN[:4])
    await befriend(town, "周舟", said=Permission.UNKNOWN)
    await plan(town)
    came = (await town.get(await card_link(town))).cookies
    first, others = await listed(town, TEN[0]), [(await listed(town, name)).id for name in TEN[1:3]]

    went = await town.post(f"/rep/c/{first.id}", {"act": "go", "words": "您好"}, cookies=came)
    card = await town.get(went.headers["Location"], cookies=came)
    await town.post(f"/rep/c/{first.id}", {"act": "poster"}, cookies=came)
    poster = await town.get(f"/rep/c/{first.id}/poster", cookies=came)
    async with town.http.post(
        town.at("/rep/many"),
        data=[("n", others[0]), ("n", others[1]), ("words", "大家好")],
        cookies=came,
        allow_redirects=False,
    ) as made:
        broadcast = await town.get(made.headers["Location"], cookies=came)
    home = await town.get("/rep", cookies=came)

    assert f'正在和 <bdi class="name">{TEN[0]}' in card.text
    assert "/p/" in poster.text
    assert "还没有接公众号，这个链接在微信里只是一行字" in poster.text
    assert (broadcast.status, broadcast.text.count("chip plain")) == (200, 2)
    assert home.text.count("已聊") == 3
    assert "周舟" in home.text
