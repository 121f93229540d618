"""What customers and staff are told is true, adds up, and is said once."""

import pytest

from referral.errors import BadInput
from tests.journeys.town import HOLD_S, open_town

DAY = 86_400


@pytest.fixture
async def town(quick_url, tmp_path):
    """A bot with a manager, Zhou."""
    async with open_town(tmp_path, quick_url, server='[wecom]\nmanagers = ["zhou"]') as town:
        await town.hire("zhou", "周总")
        yield town


async def came(town, code, *friends):
    for friend in friends:
        await town.act(friend, "add", code)


async def lines_of(town, persona):
    return "\n".join(await town.log(persona))


# --- how many, and how much ---------------------------------------------------------------------------------------


async def test_three_friends_thanks_are_told_with_their_sum(town):
    code = await town.code_of("mei", await town.campaign())
    await came(town, code, "a1", "a2", "a3")
    for friend in ("a1", "a2", "a3"):
        await town.buy(friend)
    await town.later(HOLD_S + DAY)

    page = (await town.get(await town.me("mei"))).text
    told = "\n".join(await town.say("mei", "您好"))

    for text in (page, told):
        assert "3位好友 · 已完成。90天会员已到账" in text


async def test_a_friend_without_friends_hears_of_their_thanks_and_of_no_friends(town):
    code = await town.code_of("mei", await town.campaign())
    await came(town, code, "jun")
    await town.buy("jun")

    told = (await town.say("jun", "进度"))[0]

    assert "谢礼：确认中1份" in told
    assert "0位" not in told
    assert "朋友" not in told


async def test_a_friend_whose_second_order_does_not_count_hears_nothing_of_other_friends(town):
    code = await town.code_of("mei", await town.campaign())
    await came(town, code, "jun")
    await town.buy("jun")
    await town.buy("jun")

    told = (await town.say("jun", "为什么"))[0]

    assert "只谢一次" in told
    assert "其他的朋友" not in told


async def test_a_friend_s_thanks_are_told_in_words_that_fit_any_kind(town):
    code = await town.code_of("mei", await town.campaign(pack="table-for-two"))
    await came(town, code, "jun")
    await town.act("jun", "visit", "湖滨店")
    await town.later(DAY)

    told = "\n".join(await town.say("jun", "您好"))

    assert "1份甜品已到账，谢谢您的信任。" in told


# --- a milestone ----------------------------------------------------------------------------------------------------


async def test_a_milestone_that_is_not_reached_any_more_says_what_happened(town):
    code = await town.code_of("mei", await town.campaign(pack="top-fans"))
    friends = ["a1", "a2", "a3"]
    await came(town, code, *friends)
    orders = {friend: await town.buy(friend) for friend in friends}
    await town.later(40 * DAY)
    await town.say("mei", "您好")
    before = [reward for reward in await town.rewards("mei") if reward.cause == "milestone"]
    assert [reward.state.value for reward in before] == ["granted"] * len(before)
    assert before

    for friend in friends:
        await town.act(friend, "refund", orders[friend]["order_no"])

    told = "\n".join(await town.say("mei", "您好")) + await lines_of(town, "mei")
    page = (await town.get(await town.me("mei"))).text
    assert "人数不到了" in told
    assert "让您空等" not in told
    assert "人数不到了，这一份已经收回" in page
    assert "同事做过更正" not in page


# --- after a late code ------------------------------------------------------------------------------------------------


async def test_a_code_that_still_counts_after_the_purchase_is_answered_once_and_truly(town):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", "lin")
    await town.buy("jun")

    told = "\n".join(await town.say("jun", code))

    assert "梅姐介绍来的，之前那一笔也补上了" in told
    assert "老客户" not in told
    assert "30天会员正在确认" in told


async def test_who_typed_a_code_and_then_adds_the_rep_is_welcomed_in_the_advocate_s_name(town):
    code = await town.code_of("mei", await town.campaign())
    await town.say("jun", code)

    added = await town.act("jun", "add", "lin")

    assert "梅姐介绍您来的" in added["welcome"]
    assert "邀请码" not in added["welcome"]
    assert "梅姐介绍的小军刚添加了您。" in await town.log("lin")


# --- appeals ----------------------------------------------------------------------------------------------------------


async def refused(town, *friends):
    code = await town.code_of("mei", await town.campaign())
    await came(town, code, *friends)
    for friend in friends:
        order = await town.buy(friend)
        await town.act(friend, "refund", order["order_no"])
        await town.pass_time(60)


async def appeals(town):
    return await town.look(lambda tx: tx.appeals.waiting())


async def test_what_is_written_after_asking_is_kept_with_the_appeal(town):
    await refused(town, "jun")
    await town.say("mei", "为什么")
    await town.say("mei", "人工")

    await town.say("mei", "她没有退，是换了一个颜色")
    await town.say("mei", "为什么我朋友换货也算退款")

    (appeal,) = await appeals(town)
    assert appeal.words == "她没有退，是换了一个颜色\n为什么我朋友换货也算退款"
    assert any("补充说：她没有退，是换了一个颜色" in text and appeal.id in text for text in await town.log("lin"))


async def test_of_several_that_do_not_count_it_is_asked_which_is_meant(town):
    await refused(town, "jun", "bo")
    await town.say("mei", "为什么")

    menu = (await town.act("mei", "say", "人工"))["replies"][-1]

    assert "您说的是哪一件" in menu["text"]
    assert "都请看看" in menu["text"]
    assert await appeals(town) == []
    referral = (await town.referrals("jun"))[0].id
    await town.act("mei", "tap", f"appeal:referral:{referral}")
    (appeal,) = await appeals(town)
    assert appeal.about == f"referral:{referral}"


async def test_who_describes_it_instead_of_choosing_is_heard_about_all(town):
    await refused(town, "jun", "bo")
    await town.say("mei", "申诉")

    await town.say("mei", "两位都没有退货，麻烦查一下")

    (appeal,) = await appeals(town)
    assert (appeal.about, appeal.words) == ("", "两位都没有退货，麻烦查一下")


# --- budgets ----------------------------------------------------------------------------------------------------------


async def full(town):
    """A campaign with room for one friend and a bit; that friend has come."""
    campaign = await town.campaign(budget_fen=9_000)
    code = await town.code_of("mei", campaign)
    await came(town, code, "jun")
    await town.buy("jun")
    return campaign, code


async def test_managers_hear_that_a_campaign_has_paused_itself_and_how_it_goes_on(town):
    campaign, _ = await full(town)

    told = [text for text in await town.log("zhou") if "预算" in text]

    assert told == ["活动「一起多一个月」90元的预算还剩30元，不够下一位朋友的谢礼，已自动暂停。追加预算后会自动恢复。"]
    await town.app.operator.run("campaign.edit", {"id": campaign, "budget_fen": 60_000})
    assert (await town.look(lambda tx: tx.campaigns.get(campaign))).state == "running"


async def test_nothing_is_promised_while_the_budget_is_used_up(town):
    _, code = await full(town)

    page = (await town.get(f"/i/{code}")).text
    typed = "\n".join(await town.say("bo", code))
    added = await town.act("bo", "add", code)
    own = (await town.get(await town.me("mei"))).text

    assert "这一轮的名额已经满了" in page
    assert "照样可以来问顾问" in page
    assert "30天会员" not in page
    for text in (typed, added["welcome"]):
        assert "名额已经满了，现在下单暂时没有谢礼" in text
        assert "30天会员" not in text
    assert "想说的话" not in own
    ordinary, friends = await town.get(f"/p/{code}.jpg"), await town.get(f"/p/{code}.jpg?edition=friend")
    assert friends.body == ordinary.body


async def test_a_budget_of_nothing_is_refused_by_its_name(town):
    with pytest.raises(BadInput, match="--budget-fen"):
        await town.campaign(budget_fen=0)
    with pytest.raises(BadInput, match="--budget-fen"):
        await town.campaign(set={"budget_fen": "0"})


# --- names and pages ----------------------------------------------------------------------------------------------


async def test_staff_read_of_a_customer_without_a_name_as_one(town):
    code = await town.code_of("mei", await town.campaign(set={"confirm": "true"}))
    await town.act("nameless", "add", code)
    person = (await town.person("nameless")).id
    await town.app.store.write(lambda tx: tx.people.learn(person, nickname="", name=""))
    await town.buy("nameless")

    told = (await town.say("zhou", "待批"))[0]

    assert "一位还没留名字的客户的30天会员" in told
    assert "您的好友" not in told


@pytest.mark.parametrize("path", ["/me/nosuchtoken", "/rules/c0123456789abcdef", "/nowhere", "/qr/none.png"])
async def test_only_a_code_s_own_page_speaks_of_codes(town, path):
    page = await town.get(path)

    assert page.status == 404
    assert "没有找到这个页面" in page.text
    assert "邀请码" not in page.text


async def test_an_unknown_code_is_told_as_one(town):
    assert "请核对一下邀请码" in (await town.get("/i/AAAA0000")).text
