"""Thanks that wait for somebody's yes: managers hear of them once a day and answer in the app's chat."""

import re

import pytest

from storage import tables as t
from tests.journeys.town import Machine, open_town

DAY = 86_400
HANDLE = re.compile(r"· 同意 ([0-9A-Z]{4,16})（")
TWO = '[wecom]\nmanagers = ["lin", "zhou"]'


@pytest.fixture
async def either(ready_url, tmp_path):
    """A running bot on each database, with two managers."""
    async with open_town(tmp_path, ready_url, server=TWO) as town:
        yield town


@pytest.fixture
async def managed(quick_url, tmp_path):
    """A running bot on SQLite with two managers."""
    async with open_town(tmp_path, quick_url, server=TWO) as town:
        yield town


async def say(town, who, text):
    """Say something to the app; the passive answer."""
    answers = [line for line in (await town.act(who, "say", text))["replies"] if line["to"] == who]
    assert answers, (who, text)
    return answers[0]["text"]


async def adjusted(town, *, by="王会计", amount=30):
    """Somebody is to get something by decision; its id."""
    campaign = await town.campaign()
    await town.say("mei", "您好")
    wanted = {"person": f"wecom:{town.handle('mei')}", "campaign": campaign, "kind": "days", "unit": "days"}
    made = await town.app.operator.run(
        "reward.adjust", wanted | {"amount": amount, "reason": "系统故障那天漏记的", "by": by}
    )
    return made["id"]


async def bought_under_confirmation(town):
    """Jun bought through Mei in a campaign in which somebody has to look at every thanks."""
    campaign = await town.campaign(set={"confirm": "true"})
    code = await town.code_of("mei", campaign)
    await town.act("jun", "add", code)
    await town.buy("jun")


async def told(town, who):
    return [text for text in await town.log(who) if "份谢礼等您同意" in text]


async def audit(town, action):
    rows = await town.look(lambda tx: tx.connection.execute(t.audit.select().where(t.audit.c.action == action)).all())
    return [(row.who, row.subject, row.detail) for row in rows]


# --- hearing of them --------------------------------------------------------------------------------------------------


async def test_a_manager_hears_of_what_waits_once_a_day_and_not_per_thanks(managed):
    town = managed
    await bought_under_confirmation(town)
    await adjusted(town)
    assert await told(town, "zhou") == []

    await town.pass_time(DAY)
    await town.app.settle()
    await town.app.settle()

    assert await told(town, "zhou") == ["有 3 份谢礼等您同意才能给出，发「待批」看看。"]
    await town.pass_time(DAY)
    assert len(await told(town, "zhou")) == 2


async def test_nobody_hears_of_nothing(managed):
    town = managed
    await town.campaign()

    await town.pass_time(2 * DAY)

    assert await told(town, "zhou") == []


async def test_what_a_manager_asked_for_is_not_theirs_to_answer(managed):
    town = managed
    await adjusted(town, by="Zhou")

    await town.pass_time(DAY)

    assert (len(await told(town, "lin")), await told(town, "zhou")) == (1, [])
    assert "没有等您批准的" in await say(town, "zhou", "待批")


async def test_a_bot_that_starts_again_tells_it_once(quick_url, tmp_path):
    machine = Machine()
    async with open_town(tmp_path, quick_url, server=TWO, machine=machine) as town:
        await adjusted(town)
        await town.later(DAY)
        assert len(await told(town, "zhou")) == 1

    async with open_town(tmp_path, quick_url, server=TWO, machine=machine) as town:
        await town.later(60)
        assert len(await told(town, "zhou")) == 1


# --- the list ---------------------------------------------------------------------------------------------------------


async def test_the_list_says_for_whom_what_and_why(managed):
    town = managed
    await bought_under_confirmation(town)
    await adjusted(town, amount=15)

    listed = await say(town, "zhou", "「待批」")

    assert listed.splitlines()[0] == "等批准的有 3 个，请带上编号，只回复这一句："
    assert "梅姐的30天会员，按规则要核对" in listed
    assert "小军的30天会员，按规则要核对" in listed
    assert "梅姐的15天会员，王会计手工补的：系统故障那天漏记的" in listed
    assert len(set(HANDLE.findall(listed))) == 3
    assert listed.splitlines()[-1] == "不给谢礼的，请回复「不同意 编号 原因」。"


async def test_campaigns_that_reps_ask_for_stand_in_the_same_list(managed):
    town = managed
    await adjusted(town)
    await say(town, "lin", "新活动 一起多一个月")

    listed = await say(town, "zhou", "待批")
    assert "林顾问申请的「一起多一个月」" in listed
    assert "梅姐的30天会员" in listed
    # a yes without a handle could mean either
    assert "等批准的有 2 个" in await say(town, "zhou", "同意")

    draft = HANDLE.findall(listed)[0]
    assert "「一起多一个月」同意了" in await say(town, "zhou", f"同意 {draft}")


async def test_only_managers_see_and_answer(town):
    await adjusted(town)

    assert "没看懂" in await say(town, "lin", "待批")
    assert "没看懂" in await say(town, "lin", "同意")
    assert "待批" not in await say(town, "lin", "帮助")
    assert "待批" in await say(town, "zhou", "帮助")


# --- the answer -------------------------------------------------------------------------------------------------------


async def test_a_yes_lets_the_thanks_reach_its_person(either):
    town = either
    reward = await adjusted(town)
    handle = HANDLE.findall(await say(town, "zhou", "待批"))[0]

    said = await say(town, "zhou", f"同意 {handle.lower()}")
    await town.app.settle()

    assert said == "好的，梅姐的30天会员同意了。"
    assert await town.standing("mei") == [("granted", "granted")]
    assert ("rep:zhou", reward, "") in await audit(town, "reward.approve")
    assert "没有等您批准的" in await say(town, "zhou", "待批")


async def test_the_only_one_that_waits_needs_no_handle(managed):
    town = managed
    await adjusted(town)

    assert "同意了" in await say(town, "zhou", "同意")


async def test_a_no_needs_its_reason_and_then_both_sides_end(either):
    town = either
    await bought_under_confirmation(town)
    handle = HANDLE.findall(await say(town, "zhou", "待批"))[0]

    asked = await say(town, "zhou", f"不同意 {handle}")
    assert f"「不同意 {handle} 原因」" in asked
    assert {state for state, _ in await town.standing("mei")} == {"held"}

    said = await say(town, "zhou", f"不同意{handle}，两位是同一家人")
    await town.app.settle()

    assert "不给了，原因记下了" in said
    assert await town.standing("mei") == await town.standing("jun") == [("rejected", "approval.refused")]
    assert [detail for _, _, detail in await audit(town, "reward.refuse")] == ["两位是同一家人"]


async def test_nobody_answers_what_they_asked_for_under_id_or_name(managed):
    town = managed
    for name in ("lin", "LIN", "林顾问"):
        reward = await adjusted(town, by=name)
        handle = reward[1:5]

        assert "要由另一位来答复" in await say(town, "lin", f"同意 {handle}")
    assert {state for state, _ in await town.standing("mei")} == {"held"}


async def test_a_yes_with_a_condition_is_none(managed):
    town = managed
    await adjusted(town)
    handle = HANDLE.findall(await say(town, "zhou", "待批"))[0]

    assert "等批准的有 1 个" in await say(town, "zhou", f"同意 {handle} 但是只给一半")
    assert {state for state, _ in await town.standing("mei")} == {"held"}
