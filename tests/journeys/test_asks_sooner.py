"""An ask that waits for the hour at which a customer reads, and the customer who writes before it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.copy import Copy
from referral import news, plan
from referral.learning import Model
from referral.notices import PER_WINDOW
from referral.nudges import Nudge, NudgeState
from referral.signals import Signal, SignalKind
from referral.times import SHANGHAI
from tests.journeys.test_hours_and_pauses import to_hour
from tests.journeys.test_moods import THANKS, knows
from tests.journeys.town import Town, open_town

AT_FIVE = bytes(17) + b"\x28" + bytes(6)
PRAISE = "沙发收到了，特别满意，谢谢你们！"


async def waits_for_five(town: Town) -> Nudge:
    """Mei is used to writing at five: this morning's ask waits for then."""
    if await town.look(lambda tx: plan.open_campaigns(tx, town.app.clock())) == []:
        await town.campaign()
    mei = await knows(town, hours=AT_FIVE)
    usual = Model(version=1, learned_at=town.app.clock(), hours=(10,) * 24)
    await town.app.store.write(lambda tx: tx.models.save(usual, "test", town.app.clock()))
    await town.say("mei", "您好")
    await town.app.operator.run("plan", {})
    queued = await town.look(lambda tx: tx.nudges.open_of(mei))
    assert queued
    assert (queued.state, queued.planned_at.astimezone(SHANGHAI).hour) == (NudgeState.QUEUED, 17)
    return queued


async def now_of(town: Town, nudge: Nudge) -> Nudge:
    found = await town.look(lambda tx: tx.nudges.get(nudge.id))
    assert found
    return found


async def asked(town: Town) -> list[str]:
    """Every ask that reached Mei; each offers a way to hear no more."""
    return [text for text in await town.log("mei") if "不再提醒" in text and "广告" in text]


async def test_kind_words_bring_the_ask_forward_and_five_oclock_brings_no_second_one(either_town: Town) -> None:
    town = either_town
    waiting = await waits_for_five(town)

    answers = await town.say("mei", PRAISE)

    gone = await now_of(town, waiting)
    assert answers[0] == THANKS
    assert answers[1:] == await asked(town)
    assert (gone.state, gone.why, gone.words) == (NudgeState.SENT, "good.praise.given", waiting.words)
    assert (gone.planned_at, gone.delivered_at) == (waiting.planned_at, town.app.clock())
    await to_hour(town, 18)
    assert len(await asked(town)) == 1
    assert await town.look(lambda tx: [each.id for each in tx.nudges.of_person(waiting.person)]) == [waiting.id]


async def test_a_nine_brings_it_forward_as_well_behind_the_thanks_for_it(town: Town) -> None:
    waiting = await waits_for_five(town)
    await town.say("mei", "打分")

    thanks, *asks = await town.say("mei", "9")

    assert thanks == Copy.load().say("survey.thanks")
    assert asks == await asked(town)
    assert len(asks) == 1
    assert (await now_of(town, waiting)).why == "good.survey.answered"


async def test_the_desks_window_counts_the_ask_that_went_sooner(town: Town) -> None:
    waiting = await waits_for_five(town)
    await town.later(60)

    await town.say("mei", PRAISE)

    window = await town.look(lambda tx: tx.windows.latest(waiting.person))
    assert window
    assert window.sent == 2  # the thanks, and the ask


async def test_an_ask_that_is_the_last_message_of_its_window_does_not_stand_in_its_own_way(either_town: Town) -> None:
    town = either_town
    waiting = await waits_for_five(town)
    window = await town.look(lambda tx: tx.windows.latest(waiting.person))
    assert window
    await town.app.store.write(lambda tx: tx.windows.spend(window.desk, waiting.person, PER_WINDOW - window.sent))

    await to_hour(town, 18)

    assert len(await asked(town)) == 1


async def test_kind_words_twice_and_news_of_them_from_elsewhere_are_one_ask(either_town: Town) -> None:
    town = either_town
    waiting = await waits_for_five(town)

    await town.say("mei", PRAISE)
    await town.say("mei", "真的太好了")
    late = Signal(person=waiting.person, kind=SignalKind.PRAISE, at=waiting.created_at, source="hook")
    for _ in range(2):
        await town.app.store.write(
            lambda tx: news.take_in(tx, town.app.facts, late, now=town.app.clock(), rng=town.app.world.rng)
        )
    await town.app.settle()

    assert len(await asked(town)) == 1


@pytest.mark.parametrize("text", ["沙发很好看，但是送货太差了，我要投诉", "你们服务真好，请问明天几点开门？"])
async def test_a_complaint_or_a_question_in_the_same_breath_brings_nothing_forward(town: Town, text: str) -> None:
    waiting = await waits_for_five(town)

    await town.say("mei", text)

    assert await asked(town) == []
    assert (await now_of(town, waiting)).planned_at == waiting.planned_at


async def test_a_complaint_before_the_kind_words_stops_the_ask_for_good(either_town: Town) -> None:
    town = either_town
    waiting = await waits_for_five(town)

    await town.say("mei", "服务太差了，我要投诉")
    await town.say("mei", PRAISE)
    await to_hour(town, 18)

    assert await asked(town) == []
    assert (await now_of(town, waiting)).outcome == "dropped:complaint.open"


async def test_before_the_hours_open_it_keeps_the_hour_that_it_was_planned_for(town: Town) -> None:
    await town.campaign()
    await to_hour(town, 3)
    waiting = await waits_for_five(town)

    await town.say("mei", PRAISE)
    await to_hour(town, 12)
    before = await asked(town)
    await to_hour(town, 17)

    assert before == []
    assert len(await asked(town)) == 1
    assert (await now_of(town, waiting)).sent_at == waiting.planned_at


async def test_what_the_sender_has_taken_already_is_left_to_it(either_town: Town) -> None:
    town = either_town
    waiting = await waits_for_five(town)
    five = waiting.planned_at
    lease = timedelta(minutes=1)
    (taken,) = await town.app.store.write(lambda tx: tx.outbox.claim(five, limit=10, lease=lease))

    sooner = await town.app.store.write(
        lambda tx: plan.ask_now(tx, town.app.facts, waiting.person, now=town.app.clock(), rng=town.app.world.rng)
    )

    assert not sooner
    assert [letter.id for letter in await town.look(lambda tx: tx.outbox.unfinished())] == [taken.id]
    assert await now_of(town, waiting) == waiting


async def test_an_ask_that_has_its_place_in_the_days_budget_goes_although_the_budget_is_spent(
    quick_url: str, tmp_path: Path
) -> None:
    async with open_town(tmp_path, quick_url, sending="daily_budget = 1") as town:
        await waits_for_five(town)

        await town.say("mei", PRAISE)

        assert len(await asked(town)) == 1
