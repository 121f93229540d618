"""Something to see before others do: for customers who are on good terms, asks for nothing, once a campaign."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from referral.care import Care, CareKind, CareState
from referral.moments import Permission
from tests.journeys.test_care import ASKING
from tests.journeys.test_caring import cares, know, next_morning, tap, the_list
from tests.journeys.test_hours_and_pauses import to_hour
from tests.journeys.town import Town, open_town

LESSON = "下一季专栏的第一节还没有公开"
DAY_S = 86_400


@pytest.fixture
async def busy_town(ready_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """A house that has no ask left for today, on each database."""
    async with open_town(tmp_path, ready_url, sending="daily_budget = 0") as town:
        yield town


async def the_care(town: Town, person: str) -> Care:
    (care,) = [each for each in await cares(town, person) if each.kind is CareKind.EARLY]
    return care


async def test_the_rep_finds_it_on_her_list_and_says_it_in_her_own_words(busy_town: Town) -> None:
    town = busy_town
    await town.campaign(pack="first-look")
    jun = await know(town)

    await next_morning(town)

    page = await the_list(town)
    assert "一直相处得好，有新东西可以请对方先看" in page
    assert f"{LESSON}，我先给您留了一份" in page
    care = await the_care(town, jun)
    assert not [word for word in (*ASKING, "朋友") if word in care.words]
    assert await tap(town, care, "done") == 303
    assert (await the_care(town, jun)).state is CareState.SENT


async def test_the_desk_says_it_while_its_window_is_open_and_it_is_never_said_twice(busy_town: Town) -> None:
    town = busy_town
    await town.campaign(pack="first-look")
    await know(town)
    await to_hour(town, 20)
    await town.say("jun", "您好")

    await next_morning(town)
    for _ in range(5):
        await town.pass_time(10 * DAY_S)
        await town.say("jun", "您好")
        await next_morning(town)

    (told,) = [told for told in await town.log("jun") if LESSON in told]
    assert "想请您先看看。有兴趣就回复「人工」" in told
    assert "广告 · 春和家居 · 不想再收到请回复「不再提醒」" in told
    assert not [word for word in (*ASKING, "朋友") if word in told]


async def test_whoever_is_interested_reaches_a_colleague(busy_town: Town) -> None:
    town = busy_town
    await town.campaign(pack="first-look")
    await know(town)
    await to_hour(town, 20)
    await town.say("jun", "您好")
    await next_morning(town)

    assert "同事" in (await town.say("jun", "人工"))[0]
    assert any("在客服里找同事" in told for told in await town.log("lin"))


async def test_once_the_campaign_is_paused_nobody_is_promised_it_any_more(busy_town: Town) -> None:
    town = busy_town
    campaign = await town.campaign(pack="first-look")
    jun = await know(town)
    await next_morning(town)
    care = await the_care(town, jun)

    await town.app.operator.run("campaign.pause", {"id": campaign})

    assert LESSON not in await the_list(town)
    assert await tap(town, care, "done") == 303
    after = await the_care(town, jun)
    assert (after.state, after.outcome) == (CareState.ENDED, "dropped:campaign.none")


async def test_what_waits_for_the_morning_is_not_said_once_its_campaign_is_over(busy_town: Town) -> None:
    town = busy_town
    campaign = await town.campaign(pack="first-look")
    jun = await know(town)
    await to_hour(town, 22)
    await town.say("jun", "您好")
    await town.app.operator.run("plan", {})
    await town.app.settle()
    assert (await the_care(town, jun)).state is CareState.QUEUED

    await town.end(campaign)
    await next_morning(town)

    assert not [told for told in await town.log("jun") if LESSON in told]
    assert (await the_care(town, jun)).outcome == "dropped:campaign.none"


@pytest.mark.parametrize(
    "known",
    [
        {"personal": False},
        {"minor": True},
        {"satisfaction": 6.0},
        {"complaints": 1},
        {"consent": Permission.UNKNOWN},
    ],
    ids=lambda known: next(iter(known)),
)
async def test_it_is_for_nobody_whom_nothing_may_be_offered(
    quick_url: str, tmp_path: Path, known: dict[str, Any]
) -> None:
    async with open_town(tmp_path, quick_url, sending="daily_budget = 0") as town:
        await town.campaign(pack="first-look")
        jun = await know(town, **known)

        await next_morning(town)

        assert [each for each in await cares(town, jun) if each.kind is CareKind.EARLY] == []


async def test_the_holdout_is_shown_nothing_unasked(quick_url: str, tmp_path: Path) -> None:
    async with open_town(tmp_path, quick_url, sending="daily_budget = 0") as town:
        await town.campaign(pack="first-look")
        jun = await know(town)
        await town.app.store.write(lambda tx: tx.people.learn(jun, holdout=True))

        await next_morning(town)

        assert await cares(town, jun) == []


async def test_a_campaign_that_has_nothing_to_show_early_promises_nothing(quick_url: str, tmp_path: Path) -> None:
    async with open_town(tmp_path, quick_url, sending="daily_budget = 0") as town:
        await town.campaign()
        jun = await know(town)

        await next_morning(town)

        assert await cares(town, jun) == []


async def test_who_is_asked_this_morning_is_not_shown_anything_as_well(town: Town) -> None:
    await town.campaign(pack="first-look")
    jun = await know(town)

    await next_morning(town)

    assert await town.look(lambda tx: tx.nudges.open_of(jun))
    assert await cares(town, jun) == []
