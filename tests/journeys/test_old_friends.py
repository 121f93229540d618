"""老朋友: a rep sees which of her own customers bring people who stay, and of their friends only her own by name."""

from __future__ import annotations

import pytest

from referral.wording import lint
from tests.journeys.test_claims import rep_cookies
from tests.journeys.town import PRICE, Page, Town

DAY = 86_400
FRIENDS = ("jun", "hua", "ping", "xin")


async def old_friends(town: Town, rep: str = "lin") -> Page:
    return await town.get("/rep/friends", cookies=await rep_cookies(town, rep))


@pytest.fixture
async def grown(town: Town) -> Town:
    """Mei brought four friends to Lin and one to Wang; all bought again, and three months are over."""
    await town.hire("wang", "王顾问")
    await town.act("mei", "add", "lin")
    code = await town.code_of("mei", await town.campaign())
    for friend in FRIENDS:
        await town.act(friend, "add", code)
    await town.act("tao", "add", "wang")
    for friend in (*FRIENDS, "tao"):
        await town.buy(friend, {"amount_fen": PRICE, "code": code})
    await town.pass_time(40 * DAY)
    for friend in (*FRIENDS, "tao"):
        await town.buy(friend)
    await town.pass_time(51 * DAY)
    return town


async def name_of(town: Town, persona: str) -> str:
    return (await town.person(persona)).called


async def test_her_own_rep_sees_who_brings_people_who_stay_and_what_fits(grown: Town) -> None:
    page = await old_friends(grown)

    assert page.status == 200
    assert await name_of(grown, "mei") in page.text
    assert "热心人" in page.text
    assert "介绍来 5 位朋友，都留了下来" in page.text
    assert "真心道一声谢" in page.text
    assert "/rep/friends" in (await grown.get("/rep", cookies=await rep_cookies(grown))).text


async def test_friends_who_are_another_reps_are_counted_and_not_named(grown: Town) -> None:
    page = await old_friends(grown)

    named = [await name_of(grown, friend) for friend in FRIENDS]
    assert sum(name in page.text for name in named) == 3
    assert "等 4 位；另有 1 位不在您的客户里" in page.text
    assert await name_of(grown, "tao") not in page.text


async def test_another_rep_sees_none_of_it(grown: Town) -> None:
    page = await old_friends(grown, "wang")

    assert page.status == 200
    assert "还没有可以列出来的" in page.text
    assert await name_of(grown, "mei") not in page.text
    assert (await grown.get("/rep/friends")).status != 200


async def test_the_score_knows_how_many_came_by_her_and_who_came_by_a_friend(grown: Town) -> None:
    mei, jun = [(await grown.person(name)).id for name in ("mei", "jun")]

    found = await grown.look(lambda tx: (tx.moments.get(mei), tx.moments.get(jun)))

    assert [(each.brought, each.came_by) for each in found] == [(5, False), (0, True)]


async def test_nothing_on_the_page_makes_anybody_share_more(grown: Town) -> None:
    text = (await old_friends(grown)).text

    assert "不必请他们再介绍" in text
    assert lint("见面时真心道一声谢；有新品、新活动，先请这位来看看。", edition="chat", industry="retail") == []


async def test_before_anybody_stands_out_the_page_says_so(town: Town) -> None:
    assert "还没有可以列出来的" in (await old_friends(town)).text
