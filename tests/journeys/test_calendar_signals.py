"""Signals of the calendar and of money given back: anniversaries, posters nobody saw, refunds; and the last contact."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral import unseen
from referral.decisions import Gate, is_weak
from referral.shares import Share, ShareLevel
from referral.signals import Signal, SignalKind
from tests.journeys.test_moods import DAY, knows, told
from tests.journeys.town import PRICE, Town

DAY_S = 86_400


async def heard(town: Town, person: str, kind: SignalKind) -> list[Signal]:
    return [each for each in await town.look(lambda tx: tx.signals.of_person(person)) if each.kind is kind]


# --- anniversaries ----------------------------------------------------------------------------------------------------


async def joins(town: Town, persona: str, days_ago: int) -> str:
    since = town.app.clock() - days_ago * DAY
    person = await knows(town, persona, customer_since=since)
    await town.app.store.write(lambda tx: tx.people.learn(person, joined_at=since))
    return person


async def test_on_the_morning_of_an_anniversary_it_is_kept_once_and_nobody_elses_row_moves(either_town: Town) -> None:
    town = either_town
    mei, jun = await joins(town, "mei", 365 - 1), await joins(town, "jun", 365 - 3)

    await town.later(DAY_S)
    await town.later(3_600)

    (kept,) = await heard(town, mei, SignalKind.ANNIVERSARY)
    assert (kept.source, kept.count) == ("calendar", 1.0)
    assert await heard(town, jun, SignalKind.ANNIVERSARY) == []


async def test_who_became_a_customer_by_an_order_has_an_anniversary_of_that(town: Town) -> None:
    await town.act("jun", "add", "lin")
    await town.buy("jun", PRICE)
    jun = (await town.person("jun")).id

    await town.later(364 * DAY_S)
    early = await heard(town, jun, SignalKind.ANNIVERSARY)
    await town.later(DAY_S)

    assert early == []
    assert [each.count for each in await heard(town, jun, SignalKind.ANNIVERSARY)] == [1.0]


async def test_who_wants_no_reminders_has_no_row_moved_by_the_calendar(town: Town) -> None:
    mei = await joins(town, "mei", 365 - 1)
    await town.say("mei", "不再提醒")

    await town.later(DAY_S)

    assert await heard(town, mei, SignalKind.ANNIVERSARY) == []


# --- posters that nobody saw ------------------------------------------------------------------------------------------


async def test_a_poster_that_nobody_saw_for_two_weeks_is_known_when_they_are_over(either_town: Town) -> None:
    town = either_town
    await town.campaign()
    mei = await knows(town)
    await town.say("mei", "我要推荐")

    await town.later(13 * DAY_S)
    early = await heard(town, mei, SignalKind.UNSEEN)
    await town.later(2 * DAY_S)

    assert early == []
    assert len(await heard(town, mei, SignalKind.UNSEEN)) == 1
    (customer,) = await town.look(lambda tx: tx.customers.load([mei], town.app.clock()))
    assert is_weak(Gate.TOOL, customer, town.app.clock())


@pytest.mark.parametrize("level", [ShareLevel.SEEN, ShareLevel.ADDED, ShareLevel.BOUGHT])
async def test_a_poster_that_somebody_came_by_is_no_such_signal(town: Town, level: ShareLevel) -> None:
    await town.campaign()
    mei = await knows(town)
    await town.say("mei", "我要推荐")
    (code,) = await town.look(lambda tx: tx.codes.of_advocate(mei))
    share = Share(
        person=mei,
        campaign=code.campaign,
        code=code.code,
        channel="",
        level=level,
        first_at=town.app.clock() + DAY,
        evidence="test",
    )
    await town.app.store.write(lambda tx: tx.shares.reach(share))

    await town.later(15 * DAY_S)

    assert await heard(town, mei, SignalKind.UNSEEN) == []
    (customer,) = await town.look(lambda tx: tx.customers.load([mei], town.app.clock()))
    assert customer.seen
    assert not is_weak(Gate.TOOL, customer, town.app.clock())


async def test_a_poster_that_an_operator_made_was_taken_by_nobody(town: Town) -> None:
    mei = await knows(town)
    await town.code_of("mei", await town.campaign())

    await town.later(15 * DAY_S)

    assert await heard(town, mei, SignalKind.UNSEEN) == []


async def test_the_two_weeks_are_those_of_the_latest_poster(town: Town) -> None:
    await town.campaign()
    mei = await knows(town)
    await town.say("mei", "我要推荐")
    await town.later(10 * DAY_S)
    await town.campaign(name="又一个活动")
    await town.say("mei", "我要推荐")

    await town.later(5 * DAY_S)
    early = await heard(town, mei, SignalKind.UNSEEN)
    await town.later(10 * DAY_S)

    assert early == []
    assert len(await heard(town, mei, SignalKind.UNSEEN)) == 1


async def test_a_code_that_leads_nowhere_any_more_tells_nothing(town: Town) -> None:
    assert not await town.app.store.write(lambda tx: unseen.look(tx, town.app.facts, "0", now=town.app.clock()))


# --- refunds ----------------------------------------------------------------------------------------------------------


async def test_money_given_back_is_kept_by_the_part_of_the_order_that_it_was(either_town: Town) -> None:
    town = either_town
    mei = await knows(town)
    bought = await town.buy("mei", 20_000)

    await town.act("mei", "refund", f"{bought['order_no']}:5000")
    await town.later(60)
    await town.act("mei", "refund", bought["order_no"])

    assert [each.count for each in await heard(town, mei, SignalKind.REFUND)] == [0.25, 1.0]
    assert all(each.source == "order" for each in await heard(town, mei, SignalKind.REFUND))


# --- the last exchange ------------------------------------------------------------------------------------------------


async def test_each_way_of_being_in_touch_counts_and_is_written_once_a_day(town: Town) -> None:
    mei, page = await knows(town), await town.me("mei")
    assert (await told(town, mei)).seen_at is None

    await town.get(page)
    first = (await told(town, mei)).seen_at
    await town.later(3_600)
    await town.get(page)
    await town.say("mei", "进度")
    same_day = (await told(town, mei)).seen_at
    await town.later(DAY_S)
    await town.say("mei", "进度")

    assert first is not None
    assert same_day == first
    assert (await told(town, mei)).seen_at - first >= timedelta(days=1)  # type: ignore[operator]
