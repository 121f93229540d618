"""Nights, pauses, and campaigns that have not begun; news that changes before it is said."""

from referral.learning import Model
from tests.journeys.test_moods import knows
from tests.journeys.town import HOLD_S

HOUR = 3600
DAY = 24 * HOUR


async def to_hour(town, hour):
    """Move to the next time it is `hour` o'clock in Beijing."""
    now = await town.knock("clock", {"advance_s": 0})
    clock = now["now"].split("T")[1]
    passed = int(clock[:2]) * HOUR + int(clock[3:5]) * 60 + int(clock[6:8])
    await town.pass_time((hour * HOUR - passed) % DAY)


async def test_thanks_that_come_up_at_night_are_told_in_the_morning(town):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    await to_hour(town, 20)
    await town.say("mei", "您好")
    await to_hour(town, 3)

    await town.buy("jun")

    assert not any("已下单" in told for told in await town.log("mei"))
    await to_hour(town, 9)
    assert sum("已下单" in told for told in await town.log("mei")) == 1


async def test_her_own_question_at_night_is_answered_with_the_news(town):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    await to_hour(town, 3)
    await town.buy("jun")

    told = await town.say("mei", "规则")

    assert any("已下单" in line for line in told)


async def test_a_no_after_a_yes_takes_the_name_out_and_keeps_the_news(town):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    await town.say("jun", "您好")
    await town.say("jun", "可以")
    await town.buy("jun")
    asked = (await town.referrals("jun"))[0].id

    await town.post(f"{await town.me('jun')}/answer", {"referral": asked, "answer": "no"})

    told = "\n".join(await town.say("mei", "您好"))
    assert "小军" not in told
    assert "一位好友 · 已下单" in told


async def test_whoever_writes_before_the_hour_of_their_ask_is_answered_at_once(town):
    await town.campaign()
    mei = await knows(town, hours=bytes(17) + b"\x28" + bytes(6))
    usual = Model(version=1, learned_at=town.app.clock(), hours=(10,) * 24)
    await town.app.store.write(lambda tx: tx.models.save(usual, "test", town.app.clock()))
    await town.say("mei", "您好")
    await town.app.operator.run("plan", {})
    planned = await town.look(lambda tx: tx.nudges.open_of(mei))

    answered = await town.say("mei", "规则")

    assert planned.planned_at > town.app.clock()
    assert "规则" in answered[0]
    await town.later((planned.planned_at - town.app.clock()).total_seconds() + 60)
    assert (await town.look(lambda tx: tx.nudges.get(planned.id))).state == "sent"


async def test_a_campaign_that_has_not_begun_takes_nobody(town):
    starts = (await town.knock("clock", {"advance_s": 10 * DAY}))["now"][:10]
    campaign = await town.campaign(**{"from": f"{starts[:8]}{int(starts[8:]) + 1:02d}"})
    code = await town.code_of("mei", campaign)

    page = await town.get(f"/i/{code}")
    told = await town.say("jun", code)
    bought = await town.buy("jun")

    assert page.status == 200
    assert "活动还没开始" in page.text
    assert "data-contact-qr" not in page.text
    assert any("还没开始" in line for line in told)
    assert bought["answer"]["outcome"] == "no_referral"


async def test_a_paused_campaign_takes_nobody_new_but_keeps_those_who_came(town):
    campaign = await town.campaign()
    code = await town.code_of("mei", campaign)
    await town.act("jun", "add", code)
    await town.app.operator.run("campaign.pause", {"id": campaign})

    page = await town.get(f"/i/{code}")
    told = await town.say("bo", code)
    came, new = await town.buy("jun"), await town.buy("bo")

    assert "活动暂停中" in page.text
    assert any("活动暂停了" in line for line in told)
    assert came["answer"]["outcome"] == "held"
    assert new["answer"]["outcome"] == "no_referral"


async def test_the_same_code_typed_again_counts_as_a_new_touch(town):
    code = await town.code_of("mei", await town.campaign())
    await town.say("jun", code)
    await town.pass_time(25 * DAY)
    await town.say("jun", code)
    await town.pass_time(15 * DAY)

    bought = await town.buy("jun")

    assert bought["answer"]["outcome"] == "held"


async def test_a_code_counts_from_when_it_was_typed_not_from_when_it_was_read(town):
    campaign = await town.campaign()
    mei, bo = await town.code_of("mei", campaign), await town.code_of("bo", campaign)
    await town.platform("down")
    await town.say("jun", mei)
    await town.later(2 * HOUR)
    await town.platform("none")
    await town.act("jun", "add", bo)
    await town.later(10)

    assert [touch.code for touch in sorted(await town.touches("jun"), key=lambda t: t.at)] == [mei, bo]


async def test_thanks_of_another_size_reserve_their_cost_in_proportion(town):
    campaign = await town.campaign(set={"amount_advocate": "60"})
    code = await town.code_of("mei", campaign)
    await town.act("jun", "add", code)

    await town.buy("jun")

    found = await town.look(lambda tx: tx.campaigns.get(campaign))
    assert found.used_fen == 6000 + 3000


async def test_a_friend_whose_refund_came_before_the_order_is_not_paid_for_the_next(town):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    first = await town.buy("jun")
    await town.act("jun", "refund", first["order_no"])
    await town.pass_time(HOLD_S)

    again = await town.buy("jun")

    assert again["answer"]["outcome"] == "rejected"
    assert again["answer"]["reasons"][0]["code"] == "reward.once"
