"""Experiments in a running bot: the poster somebody gets, the campaign they are given, and how one ends by itself."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from bot.experimenting import as_json
from bot.posters.commissions import Commission
from referral import enrolment, experiments
from referral.nudges import Nudge, NudgeState
from referral.people import Person
from tests.journeys.town import Town

DAY_S = 86_400
FRIENDS = ("安安", "白露", "陈晨", "丁香", "方圆", "高山", "何田", "江月")


async def start(town: Town, kind: str, *arms: str, **args: Any) -> str:
    made = await town.app.operator.run(
        "experiment.start", {"kind": kind, "arms": [(arm, None) for arm in arms], **args}
    )
    return str(made["id"])


async def show(town: Town, experiment: str) -> experiments.Experiment:
    found = await town.look(lambda tx: tx.experiments.get(experiment))
    assert found
    return found


def shown_of(tx: Any, experiment: str) -> dict[str, Any]:
    """An experiment as staff see it."""
    found = tx.experiments.get(experiment)
    assert found
    return as_json(tx, found)


async def template_of(town: Town, code: str) -> str:
    def look(tx: Any) -> str:
        found = tx.codes.find(code)
        return town.app.posters.template_of(tx, found, tx.campaigns.get(found.campaign))

    return await town.look(look)


async def test_each_advocate_gets_the_poster_of_their_arm_and_what_they_chose_goes_before_it(town):
    campaign = await town.campaign()
    made = await start(town, "poster", "coast", "skyline", campaign=campaign)
    codes = {name: await town.code_of(name, campaign) for name in FRIENDS}

    templates = {name: await template_of(town, code) for name, code in codes.items()}

    assert set(templates.values()) == {"coast", "skyline"}
    assert sum(arm.n for arm in (await show(town, made)).arms) == len(FRIENDS)
    one = codes[FRIENDS[0]]
    own, named, other = [
        await town.app.posters.poster(one, Commission(template=template))
        for template in ("", templates[FRIENDS[0]], "orchard")
    ]
    assert own == named
    assert own != other

    await town.app.operator.run("experiment.stop", {"id": made})
    assert await template_of(town, one) not in ("coast", "skyline")


async def test_a_friend_who_buys_counts_for_the_arm_and_a_refund_takes_it_back(either_town):
    town = either_town
    campaign = await town.campaign()
    made = await start(town, "poster", "coast", "skyline", campaign=campaign)
    code = await town.code_of("mei", campaign)
    await town.pass_time(60)
    await town.act("jun", "add", code)

    bought = await town.buy("jun")
    credited = sum(arm.credited for arm in (await show(town, made)).arms)
    await town.act("jun", "refund", bought["order_no"])

    assert credited == 1
    assert [(arm.credited, arm.credited_squares) for arm in (await show(town, made)).arms] == [(0, 0), (0, 0)]


async def test_of_two_campaigns_each_customer_is_given_the_one_that_the_lot_drew(town):
    first, other = await town.campaign(), await town.campaign(set={"amount_advocate": "60"})
    made = await start(town, "reward", first, other)
    for name in FRIENDS:
        await town.say(name, "我要推荐")
        await town.say(name, "海报")

    given = {}
    for name in FRIENDS:
        person = (await town.person(name)).id
        codes = await town.look(lambda tx, person=person: tx.codes.of_advocate(person))
        given[name] = {code.campaign for code in codes}

    experiment = await show(town, made)
    drawn = {name: {experiments.arm_of(experiment, (await town.person(name)).id)} for name in FRIENDS}
    assert given == drawn
    assert set.union(*given.values()) == {first, other}


async def test_one_between_campaigns_ends_with_the_first_of_them_and_says_so(either_town):
    town = either_town
    first = await town.campaign(name="冬日双月", to="2026-12-31")
    other = await town.campaign(name="冬日大礼", set={"amount_advocate": "60"})
    made = await start(town, "reward", first, other)
    inside = await start(town, "copy", "help", "plain", campaign=other)

    await town.app.operator.run("campaign.end", {"id": other})

    experiment, shown = await show(town, made), await town.look(lambda tx: shown_of(tx, made))
    assert (experiment.state, experiment.winner, experiment.ended_with) == ("stopped", None, other)
    assert (shown["state"], shown["state_text"]) == ("stopped", "随活动结束")
    assert shown["result"] == "活动「冬日大礼」结束了，实验跟着停下，没有比出结论。"
    assert (await show(town, inside)).ended_with == other
    await town.pass_time(60)
    told = [text for text in await town.log("zhou") if "停下了" in text]
    assert len(told) == 2
    assert sum("实验「谢礼大小 · 冬日双月」停下了：活动「冬日大礼」结束了" in text for text in told) == 1


async def test_one_ends_when_the_last_day_of_its_campaign_is_over(town):
    campaign = await town.campaign(to=town.app.clock().date().isoformat())
    made = await start(town, "poster", "coast", "skyline", campaign=campaign)

    await town.pass_time(DAY_S)

    assert (await show(town, made)).ended_with == campaign


async def test_one_with_a_clear_winner_ends_in_the_night_and_the_manager_hears_of_it(either_town):
    town = either_town
    campaign = await town.campaign(name="冬日双月")
    made = await start(town, "copy", "help", "plain", campaign=campaign)
    chance, days = random.Random(6), 0
    experiment = await show(town, made)

    while experiment.state == "running" and days < 60:
        await town.app.store.write(partial(a_day_of_asks, town=town, experiment=experiment, chance=chance, day=days))
        await town.pass_time(DAY_S)
        experiment, days = await show(town, made), days + 1

    assert (experiment.state, experiment.winner) == ("decided", "help")
    assert 3 < days < 60
    (told,) = [text for text in await town.log("zhou") if "有结果了" in text]
    assert "实验「话术 · 冬日双月」有结果了：「帮朋友」对「平实」" in told
    assert "可以下结论：「帮朋友」更好。" in told
    assert await town.look(lambda tx: experiments.framing_for(tx, campaign, "p1")) is None


def a_day_of_asks(tx: Any, town: Town, experiment: experiments.Experiment, chance: random.Random, day: int) -> None:
    """Forty customers are asked; after `help` 30 of a hundred take a poster, after `plain` ten."""
    now = town.app.clock()
    for number in range(40):
        person = f"p{day}-{number}"
        tx.people.create(Person(id=person), now)
        arm = experiments.arm_of(experiment, person)
        assert arm
        nudge = Nudge(
            id=f"g{person}",
            person=person,
            campaign=experiment.campaign,
            decision="send",
            why="eligible",
            state=NudgeState.SENT,
            created_at=now,
            planned_at=now,
            sent_at=now,
            copy=f"{arm}.1",
        )
        tx.nudges.add(nudge)
        enrolment.asked(tx, town.app.facts, nudge, now=now)
        if chance.random() < {"help": 0.3, "plain": 0.1}[arm]:
            enrolment.took(tx, nudge)
