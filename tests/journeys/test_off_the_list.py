"""What leaves a rep's list by itself, what stays and counts as load, and what her page says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from referral import consent, due_rows, minors
from referral.campaigns import CampaignState
from referral.consent import Answer
from referral.signals import Signal, SignalKind
from tests.journeys.test_claims import rep_cookies
from tests.journeys.test_hours_and_pauses import to_hour
from tests.journeys.test_rep_list import befriend, listed, plan
from tests.journeys.town import Town, open_town

DAY_S = 86_400
NAMES = ("安安", "白露", "陈晨")

News = Callable[[Any, Any, str, datetime], object]


def signal(kind: SignalKind, score: float | None = None) -> News:
    def unit(tx: Any, facts: Any, who: str, now: datetime) -> object:
        heard = Signal(person=who, kind=kind, at=now, score=score, source="test")
        return due_rows.hear(tx, facts, heard, now=now)

    return unit


NEWS: dict[str, News] = {
    "complaint.open": signal(SignalKind.COMPLAINT),
    "survey.low": signal(SignalKind.SURVEY, 3),
    "consent.refused": lambda tx, facts, who, now: consent.say(
        tx, facts, who, Answer.REFUSED, evidence="不用", channel="kf", now=now
    ),
    "opted_out": lambda tx, facts, who, now: consent.say(
        tx, facts, who, Answer.WITHDRAWN, evidence="不再提醒", channel="kf", now=now
    ),
    "minor": lambda tx, facts, who, now: minors.say(tx, facts, who, True, who="test", by_staff=True, now=now),
}


async def the_list(town: Town) -> str:
    return (await town.get("/rep", cookies=await rep_cookies(town))).text


async def tap(town: Town, nudge: str, act: str) -> str:
    """Tap on a card; the page that follows."""
    cookies = await rep_cookies(town)
    came = await town.post(f"/rep/c/{nudge}", {"act": act, "at": "list"}, cookies=cookies)
    return (await town.get(came.headers["Location"], cookies=cookies)).text


async def hear(town: Town, name: str, what: News) -> None:
    person, now = (await town.person(name)).id, town.app.clock()
    await town.app.store.write(lambda tx: what(tx, town.app.facts, person, now))


@pytest.mark.parametrize("why", NEWS)
async def test_news_that_forbids_asking_takes_a_customer_off_the_list_at_once(either_town: Town, why: str) -> None:
    town = either_town
    await town.campaign()
    await befriend(town, *NAMES)
    await plan(town)

    await hear(town, "安安", NEWS[why])

    ask = await listed(town, "安安")
    assert (ask.state, ask.outcome) == ("ended", f"dropped:{why}")
    assert "适合聊的，有 2 位" in await the_list(town)
    assert "安安" not in (await town.say("lin", "名单"))[-1]


async def test_a_list_on_which_a_customer_is_not_to_be_asked_any_more_is_not_called_done(town: Town) -> None:
    await town.campaign()
    await befriend(town, "安安")
    await plan(town)

    await hear(town, "安安", NEWS["complaint.open"])

    page = await the_list(town)
    assert "都聊过了" not in page
    assert "1 位情况有变" in page
    assert "都聊过了" not in (await town.say("lin", "名单"))[-1]


async def test_asks_of_a_campaign_that_rests_are_not_offered_nor_called_done(town: Town) -> None:
    campaign = await town.campaign()
    await befriend(town, *NAMES)
    await plan(town)

    def pause(state: CampaignState) -> Callable[[Any], object]:
        return lambda tx: tx.campaigns.set_state(campaign, state, pause="operator", paused_at=town.app.clock())

    await town.app.store.write(pause(CampaignState.PAUSED))
    resting = await the_list(town)
    await town.app.store.write(pause(CampaignState.RUNNING))

    assert "3 位情况有变" in resting
    assert "适合聊的，有 3 位" in await the_list(town)


@pytest.mark.parametrize("why", ["opted_out", "complaint.open"])
async def test_whoever_may_not_be_asked_after_all_is_not_offered_words_to_copy(town: Town, why: str) -> None:
    await town.campaign()
    await befriend(town, *NAMES)
    await plan(town)
    ask = await listed(town, "安安")
    talking = await tap(town, ask.id, "go")
    assert "正在和" in talking

    await hear(town, "安安", NEWS[why])

    page = (await town.get(f"/rep?after={ask.id}", cookies=await rep_cookies(town))).text
    assert "正在和" not in page
    assert "已发给对方" not in page


async def test_an_ask_put_back_after_a_complaint_is_over(town: Town) -> None:
    await town.campaign()
    await befriend(town, *NAMES)
    await plan(town)
    ask = await listed(town, "安安")
    await tap(town, ask.id, "go")
    await hear(town, "安安", NEWS["complaint.open"])

    await tap(town, ask.id, "back")

    assert (await listed(town, "安安")).outcome == "dropped:complaint.open"
    assert "安安" not in await the_list(town)


async def test_what_is_left_on_a_list_is_load_of_the_next_day(tmp_path: Path, ready_url: str) -> None:
    async with open_town(tmp_path, ready_url, sending="rep_daily = 2") as town:
        await town.campaign()
        await befriend(town, *NAMES, "丁香", "方圆")
        await plan(town)

        await to_hour(town, 9)
        await town.pass_time(40 * 60)
        untouched = await the_list(town)
        ask = next(n for n in [await listed(town, name) for name in NAMES] if n.state == "listed")
        await tap(town, ask.id, "skip:not_now")
        await town.pass_time(DAY_S)

        assert "适合聊的，有 2 位" in untouched
        assert "适合聊的，有 2 位" in await the_list(town)


async def test_of_a_circle_at_most_two_in_five_are_asked_in_a_week_whatever_the_days_load(
    tmp_path: Path, ready_url: str
) -> None:
    async with open_town(tmp_path, ready_url, sending="rep_daily = 60") as town:
        await town.campaign()
        await befriend(town, *(f"客人{n}" for n in range(30)))
        await plan(town)
        await town.pass_time(2 * DAY_S)

        assert "适合聊的，有 12 位" in await the_list(town)
