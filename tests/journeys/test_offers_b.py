"""The packs of a bank, a school, a travel firm, a knowledge platform, companies and neighbours, lived end to end."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from referral import thanks
from referral.rewards import Reward
from storage import proofs
from tests.journeys.town import Town, link_in, open_town

DAY = 86_400
STORY = "雨下了三天，原定的湖没看成。带队的老张改走了古道，青石板很滑，慢慢走倒也安静。午饭等了一个小时，这点不好。"

Opener = Callable[[str], AbstractAsyncContextManager[Town]]


@pytest.fixture
def opened(ready_url: str, tmp_path: Path) -> Opener:
    """Opens a bot of an industry, on each database."""

    @asynccontextmanager
    async def town_of(industry: str) -> AsyncIterator[Town]:
        async with open_town(tmp_path, ready_url, industry=industry) as town:
            yield town

    return town_of


async def invited(town: Town, pack: str) -> dict[str, Any]:
    """Mei takes a poster of a fresh campaign, Jun scans it and adds the rep: what each of them read."""
    campaign = await town.campaign(pack=pack)
    asked = (await town.act("mei", "say", "我要推荐"))["replies"]
    assert [line["kind"] for line in asked[:3]] == ["image", "text", "menu"]
    poster = await town.get(asked[0]["url"])
    with Image.open(io.BytesIO(poster.body)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1080, 1920))
        link = zxingcpp.read_barcode(np.asarray(picture.convert("L"))).text
    code = link.rsplit("/", 1)[-1]
    feed = await town.get(f"/p/{code}.jpg")
    assert (feed.status, feed.headers["Content-Type"]) == (200, "image/jpeg")
    landing = await town.get(link_in(link, "/I/"))
    assert landing.status == 200
    await town.act("jun", "scan", link)
    added = await town.act("jun", "add")
    rules = await town.get(f"/rules/{campaign}")
    assert rules.status == 200
    return {
        "campaign": campaign,
        "words": asked[1]["text"],
        "menu": asked[2]["text"],
        "landing": landing.text,
        "welcome": added["welcome"],
        "rules": rules.text,
    }


async def kinds(town: Town, persona: str) -> dict[str, str]:
    """What stands for a person: the rule of each reward and its state."""
    return {reward.rule: reward.state.value for reward in await town.rewards(persona)}


async def everything_is_proved(town: Town, *personas: str) -> None:
    """Each reward's newest entry is in the ledger, and the ledger is whole."""
    await town.app.work.sign_head()
    for persona in personas:
        for reward in await town.rewards(persona):
            assert await town.look(lambda tx, reward=reward: _checked(tx, reward)) == {"ok": True, "problem": None}
    assert (await town.look(proofs.verify))["ok"]


def _checked(tx: Any, reward: Reward) -> dict[str, object]:
    return proofs.check(tx, proofs.prove(tx, reward.id))


async def progress(town: Town, persona: str) -> str:
    return "\n".join(await town.say(persona, "进度"))


# --- private-bank -------------------------------------------------------------------------------------------------


async def test_a_bank_s_client_is_thanked_in_services_that_fit_the_tier_and_end(opened):
    async with opened("bank") as town:
        mei = (await town.person("mei")).id
        await town.app.store.write(lambda tx: tx.people.learn(mei, tier="钻石"))
        read = await invited(town, "private-bank")
        assert "客户经理" in read["landing"]
        assert "您本人开户、过了确认期，您有1次迎新顾问面谈" in read["welcome"]
        assert "白金、钻石客户另有礼遇" in read["menu"]

        opened_account = await town.act("jun", "open", "营业部")

        assert opened_account["answer"]["outcome"] == "held"
        services = ("adviser-session", "priority-service", "own-fee-waiver")
        assert await kinds(town, "mei") == dict.fromkeys(services, "held")
        assert "已开户" in "\n".join(await town.log("mei"))
        await town.pass_time(15 * DAY + 60)
        assert await kinds(town, "mei") == dict.fromkeys(services, "granted")
        assert await kinds(town, "jun") == {"welcome": "granted"}
        await everything_is_proved(town, "mei", "jun")
        await town.pass_time(180 * DAY)
        assert (await kinds(town, "mei"))["adviser-session"] == "expired"
        assert (await kinds(town, "mei"))["own-fee-waiver"] == "granted"
        assert await kinds(town, "jun") == {"welcome": "expired"}


# --- classmates ---------------------------------------------------------------------------------------------------


async def test_a_trial_lesson_brings_two_kinds_of_thanks_at_once(opened):
    async with opened("education") as town:
        read = await invited(town, "classmates")
        assert "您得50元学费券，介绍您来的同学得200积分和50元学费券" in read["welcome"]

        tried = await town.act("jun", "trial", "写作课")
        enrolled = await town.buy("jun")

        assert tried["answer"]["outcome"] == "held"
        assert enrolled["answer"]["reasons"][0]["code"] == "reward.once"
        assert await kinds(town, "mei") == {"points": "held", "tuition": "held"}
        assert await kinds(town, "jun") == {"tuition": "held"}
        await town.pass_time(15 * DAY + 60)
        assert await kinds(town, "mei") == {"points": "granted", "tuition": "granted"}
        assert "已到账2份" in await progress(town, "mei")
        await everything_is_proved(town, "mei", "jun")


# --- traveller ----------------------------------------------------------------------------------------------------


async def test_a_traveller_s_story_is_thanked_and_a_friend_s_journey_thanks_the_friend_alone(opened):
    async with opened("travel") as town:
        read = await invited(town, "traveller")
        assert "故事好坏都欢迎，与是否转发无关" in read["landing"]
        for told in ("三位同事", "最多入选10篇", "次月10日前公布", "批评春和家居不扣分", "广告"):
            assert told in read["rules"] + read["landing"]
        assert "会有一张100元旅行券" in read["menu"]
        assert "您得" not in read["menu"]

        small = await town.buy("jun", 49_900)
        travelled = await town.buy("jun", 60_000)

        assert (small["answer"]["outcome"], travelled["answer"]["outcome"]) == ("rejected", "held")
        assert await kinds(town, "mei") == {}
        await town.pass_time(30 * DAY + 60)
        assert await kinds(town, "jun") == {"next-journey": "granted"}
        assert await kinds(town, "mei") == {}

        story = await _told(town, "mei", STORY)
        for colleague in ("小陈", "老周"):
            made = await town.app.operator.run("story.select", {"id": story, "by": colleague})
        await town.app.settle()

        assert made["no_thanks"] is None
        assert await kinds(town, "mei") == {"story-points": "granted", "story-gift": "granted"}
        assert (await town.get(f"/stories/{story}")).status == 200
        await everything_is_proved(town, "mei", "jun")


async def _told(town: Town, persona: str, text: str) -> str:
    """A story handed in by the usual way; its id."""
    for words in ("写故事", text, "写完了"):
        await town.say(persona, words)
    await town.act(persona, "tap", "story.signed")
    person = (await town.person(persona)).id
    return (await town.look(lambda tx: tx.stories.of_person(person)))[-1].id


# --- first-look ---------------------------------------------------------------------------------------------------


async def test_who_introduced_a_reader_sees_new_things_first_for_ninety_days(opened):
    async with opened("training") as town:
        read = await invited(town, "first-look")
        assert "公开前7天" in read["rules"]
        assert "您得90天抢先看，朋友得1节自选体验课" in read["menu"]

        assert (await town.act("jun", "trial", "专栏第一讲"))["answer"]["outcome"] == "held"

        await town.pass_time(7 * DAY + 60)
        assert await kinds(town, "mei") == {"early-access": "granted"}
        assert await kinds(town, "jun") == {"one-more-lesson": "granted"}
        await everything_is_proved(town, "mei", "jun")
        await town.pass_time(60 * DAY)
        assert await kinds(town, "jun") == {"one-more-lesson": "expired"}
        await town.pass_time(30 * DAY)
        assert await kinds(town, "mei") == {"early-access": "expired"}


# --- team-plan ----------------------------------------------------------------------------------------------------


async def test_a_contract_between_companies_is_thanked_on_both_invoices(opened):
    async with opened("software") as town:
        read = await invited(town, "team-plan")
        assert "有300元公司账单减免，介绍贵公司的客户有500元公司账单抵扣" in read["welcome"]
        assert "个人不得任何好处" in read["rules"]

        assert (await town.act("jun", "sign", "年度合同"))["answer"]["outcome"] == "held"

        for persona in ("mei", "jun"):
            assert {r.tax_class for r in await town.rewards(persona)} == {"company"}
        await town.pass_time(30 * DAY + 60)
        assert await kinds(town, "mei") == {"invoice-credit": "granted"}
        assert await kinds(town, "jun") == {"invoice-discount": "granted"}
        await everything_is_proved(town, "mei", "jun")


# --- good-neighbour -----------------------------------------------------------------------------------------------


async def test_a_neighbour_s_thanks_wait_until_a_colleague_has_looked(opened):
    async with opened("property") as town:
        read = await invited(town, "good-neighbour")
        assert "登记之外的另一位同事核对无误" in read["rules"]
        await town.pass_time(170 * DAY)

        assert (await town.act("jun", "visit", "样板间"))["answer"]["outcome"] == "held"

        await town.pass_time(15 * DAY + 60)
        waiting = await town.rewards("mei") + await town.rewards("jun")
        assert {(r.state.value, r.reason) for r in waiting} == {("held", "approval.waiting")}
        now = town.app.clock()
        for reward in waiting:
            await town.app.store.write(lambda tx, held=reward.id: thanks.approve(tx, held, "zhou", now=now))
        await town.app.settle()
        assert await kinds(town, "mei") == {"gift": "granted", "thank-you-visit": "granted"}
        assert await kinds(town, "jun") == {"first-service": "granted"}
        await everything_is_proved(town, "mei", "jun")


async def test_a_visit_after_half_a_year_comes_too_late(opened):
    async with opened("property") as town:
        await invited(town, "good-neighbour")
        await town.pass_time(181 * DAY)

        visited = await town.act("jun", "visit", "样板间")

        assert visited["answer"]["reasons"][0]["code"] == "window.passed"
        assert "已经超过活动规定的天数" in "\n".join(await town.say("mei", "为什么"))
