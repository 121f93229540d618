"""A wave of 不再提醒: the campaign pauses itself, nothing queued goes out, a person is told and decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot import planning
from referral import due_rows
from referral.identities import Identity, IdentityKind
from referral.moments import Moment, Permission
from referral.news import take_in
from referral.nudges import NudgeState
from referral.signals import Signal, SignalKind
from tests.journeys.test_hours_and_pauses import to_hour
from tests.journeys.test_morning import asks
from tests.journeys.town import Town, open_town

TWELVE = ("安安", "白露", "陈晨", "丁香", "方圆", "高山", "何田", "江月", "林夏", "莫莉", "宁宁", "欧阳")
WAVE = TWELVE[:4]


async def write_in(town: Town, *names: str) -> None:
    """Glad customers of a year who have just written to the desk."""
    for name in names:
        await town.say(name, "您好")
    now = town.app.clock()

    def unit(tx: Any) -> None:
        for name in names:
            person = tx.people.find(Identity(IdentityKind.WECOM, town.handle(name)))
            moment = Moment(
                person=person.id,
                consent=Permission.GRANTED,
                consent_at=now - timedelta(days=100),
                customer_since=now - timedelta(days=400),
                satisfaction=9,
                surveyed_at=now - timedelta(days=1),
                good=SignalKind.SURVEY,
                good_at=now - timedelta(days=1),
            )
            due_rows.keep(tx, town.app.facts, moment, now=now)

    await town.app.store.write(unit)


async def plan(town: Town) -> None:
    await planning.plan_day(town.app.store, town.app.facts, clock=town.app.clock, rng=town.app.world.rng)
    await town.app.settle()


async def states(town: Town, *names: str) -> list[tuple[NudgeState, str | None]]:
    """How the latest ask of each stands."""
    found = [(await asks(town, name))[-1] for name in names]
    return [(nudge.state, nudge.outcome) for nudge in found]


async def asked_in_morning(town: Town) -> str:
    """A campaign in which twelve customers were asked at once."""
    campaign = await town.campaign(name="冬日双月")
    await write_in(town, *TWELVE)
    await plan(town)
    assert await states(town, *TWELVE) == [(NudgeState.SENT, None)] * len(TWELVE)
    return campaign


async def shown(town: Town, campaign: str) -> tuple[str, str]:
    found = await town.look(lambda tx: tx.campaigns.get(campaign))
    assert found
    return found.state.value, found.pause


async def told_managers(town: Town) -> list[str]:
    return [text for text in await town.log("zhou") if "已自动暂停" in text]


async def test_a_wave_of_silence_pauses_the_campaign_and_a_person_is_told_with_the_figures(either_town):
    town = either_town
    campaign = await asked_in_morning(town)
    for name in WAVE[:3]:
        await town.say(name, "不再提醒")
    before = await shown(town, campaign), await told_managers(town)

    await town.say(WAVE[3], "退订")

    assert before == (("running", ""), [])
    assert await shown(town, campaign) == ("paused", "guardrail")
    (told,) = await told_managers(town)
    assert "「冬日双月」已自动暂停：最近问过的12位客户里有4位说不想再收到，超过了上限1%" in told
    assert f"taoli campaign resume {campaign}" in told
    figures = (await town.get("/metrics")).text
    assert f'taoli_campaign_guarded{{campaign="{campaign}"}} 1.0' in figures


async def test_what_is_queued_does_not_go_out_and_goes_on_only_when_a_person_says_so(town):
    campaign = await asked_in_morning(town)
    await to_hour(town, 21)
    await write_in(town, "晚晚")
    await plan(town)
    queued = await states(town, "晚晚")

    for name in WAVE:
        await town.say(name, "不再提醒")
    await to_hour(town, 10)
    after_night = await states(town, "晚晚")
    said = await town.log("晚晚")

    assert queued == [(NudgeState.QUEUED, None)]
    assert after_night == [(NudgeState.ENDED, "dropped:campaign.none")]
    assert not any("广告" in text for text in said)

    await town.app.operator.run("campaign.resume", {"id": campaign})
    await town.say(TWELVE[5], "不再提醒")  # was asked before the pause

    assert await shown(town, campaign) == ("running", "")
    guard = await town.look(lambda tx: tx.guards.toll(campaign, 0))
    assert (guard.asked, guard.optout) == (0, 0)
    await write_in(town, "天天")
    await plan(town)
    asked_anew = await town.look(lambda tx: tx.guards.toll(campaign, 0))
    assert asked_anew.asked == 2  # 晚晚 too, whom the pause had spared
    assert len(await told_managers(town)) == 1


async def test_complaints_after_asks_pause_it_too(town):
    campaign = await asked_in_morning(town)
    people = [(await town.person(name)).id for name in TWELVE[:8]]
    now = town.app.clock()

    def unit(tx: Any) -> None:

        for person in people:
            signal = Signal(person=person, kind=SignalKind.COMPLAINT, at=now, source="hook")
            take_in(tx, town.app.facts, signal, now=now, rng=town.app.world.rng)

    await town.app.store.write(unit)
    await town.app.settle()

    assert await shown(town, campaign) == ("paused", "guardrail")
    (told,) = await told_managers(town)
    assert "位投诉，超过了上限2%" in told


async def test_a_company_may_set_its_own_limit(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, sending="optout_limit = 1.0") as town:
        campaign = await asked_in_morning(town)
        for name in TWELVE[:6]:
            await town.say(name, "不再提醒")

        assert await shown(town, campaign) == ("running", "")
