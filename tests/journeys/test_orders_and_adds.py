"""Adds and orders in every sequence: who is credited, what is held, and what never pays."""

import asyncio

import pytest

from tests.journeys.town import HOLD_S, PRICE

DAY = 86_400


@pytest.fixture
async def code(town):
    """Mei's code in a running campaign."""
    return await town.code_of("mei", await town.campaign())


# --- orders --------------------------------------------------------------------------------------------------------


async def test_an_order_before_the_add_waits_and_is_held_as_a_late_claim(town, code):
    bought = await town.buy("jun")
    assert bought["answer"]["outcome"] == "unmatched"
    await town.later(3 * DAY)

    await town.act("jun", "add", code)

    assert await town.standing("mei") == [("held", "hold.running")]
    order = (await town.look(lambda tx: tx.orders.named("sandbox", bought["order_no"])))[0]
    assert [str(reason) for reason in order.reasons] == ["late.claim", "hold.running"]
    await town.later(12 * DAY + 60)
    assert await town.standing("jun") == [("granted", "granted")]


async def test_an_order_long_before_the_add_belongs_to_nobody(town, code):
    bought = await town.buy("jun")
    await town.later(8 * DAY)

    await town.act("jun", "add", code)

    assert await town.standing("mei") == []
    order = (await town.look(lambda tx: tx.orders.named("sandbox", bought["order_no"])))[0]
    assert order.outcome == "no_referral"


async def test_a_code_in_the_order_is_enough(town, code):
    bought = await town.buy("jun", {"amount_fen": PRICE, "code": code})

    assert bought["answer"]["outcome"] == "held"
    assert await town.standing("mei") == [("held", "hold.running")]


async def test_a_refund_before_the_grant_leaves_nothing(town, code):
    await town.act("jun", "add", code)
    bought = await town.buy("jun")

    refunded = await town.act("jun", "refund", bought["order_no"])
    await town.pass_time(HOLD_S + 60)

    assert refunded["answer"]["outcome"] == "recorded"
    for persona in ("mei", "jun"):
        assert await town.standing(persona) == [("reversed", "refund.before_grant")]


async def test_a_refund_after_the_grant_takes_back_and_both_are_told(town, code):
    await town.act("jun", "add", code)
    bought = await town.buy("jun")
    await town.pass_time(HOLD_S + 60)
    for persona in ("mei", "jun"):
        await town.say(persona, "您好")

    await town.act("jun", "refund", bought["order_no"])

    for persona, words in (("mei", "取消或退款了，给您的30天会员随之收回"), ("jun", "30天会员随之收回")):
        assert await town.standing(persona) == [("reversed", "refund.full")]
        assert words in (await town.log(persona))[-1]


async def test_a_partial_refund_changes_nothing_until_all_is_given_back(town, code):
    await town.act("jun", "add", code)
    bought = await town.buy("jun")

    await town.act("jun", "refund", f"{bought['order_no']}:9900")
    assert await town.standing("mei") == [("held", "hold.running")]
    await town.act("jun", "refund", f"{bought['order_no']}:10000")

    assert await town.standing("mei") == [("reversed", "refund.before_grant")]


async def test_the_same_order_twice_is_one(town, code):
    await town.act("jun", "add", code)
    first = await town.buy("jun", {"amount_fen": PRICE, "order_no": "A1"})
    again = await town.buy("jun", {"amount_fen": PRICE, "order_no": "A1"})

    assert (first["answer"]["outcome"], again["answer"]["outcome"]) == ("held", "duplicate")
    assert len(await town.rewards("mei")) == 1


async def test_a_new_order_after_a_refund_does_not_pay_again(town, code):
    await town.act("jun", "add", code)
    first = await town.buy("jun")
    await town.act("jun", "refund", first["order_no"])

    second = await town.buy("jun")

    assert second["answer"]["outcome"] == "rejected"
    assert second["answer"]["reasons"][0]["code"] == "reward.once"
    assert len(await town.rewards("mei")) == 1


async def test_a_second_order_pays_nothing_more(town, code):
    await town.act("jun", "add", code)
    await town.buy("jun")

    assert (await town.buy("jun"))["answer"]["outcome"] != "held"
    assert len(await town.rewards("mei")) == 1


async def test_a_customer_of_before_brings_no_thanks_and_is_told_why(town, code):
    bos = await town.code_of("bo", (await town.look(lambda tx: tx.codes.find(code))).campaign)
    await town.say("mei", bos)

    bought = await town.buy("mei")

    assert bought["answer"]["outcome"] == "rejected"
    assert bought["answer"]["reasons"][0]["code"] == "customer.existing"
    assert await town.standing("bo") == []


async def test_who_bought_before_the_touch_is_no_new_customer(town, code):
    await town.say("jun", "您好")
    assert (await town.buy("jun"))["answer"]["outcome"] == "no_referral"
    await town.later(10 * DAY)
    await town.act("jun", "add", code)

    bought = await town.buy("jun")

    assert bought["answer"]["reasons"][0]["code"] == "customer.existing"
    assert await town.standing("mei") == []


async def test_who_comes_by_their_own_code_is_paid_nothing(town):
    await town.hire("wang", "王顾问")
    campaign = await town.campaign()
    await town.say("bo", "您好")
    own = await town.code_of("bo", campaign)
    added = await town.act("bo", "add", own)

    bought = await town.buy("bo")

    assert "介绍您来的" not in added["welcome"]
    assert bought["answer"]["outcome"] == "rejected"
    assert bought["answer"]["reasons"][0]["code"] == "self.referral"
    assert await town.rewards("bo") == []


# --- adds ----------------------------------------------------------------------------------------------------------


async def test_two_friends_added_in_the_same_second_are_two(town, code):
    await town.act("jun", "scan", code)
    await town.act("bo", "scan", code)

    added = [await town.act(friend, "add") for friend in ("jun", "bo")]

    assert all("梅姐介绍您来的" in one["welcome"] for one in added)
    touches = [*await town.touches("jun"), *await town.touches("bo")]
    assert len({touch.id for touch in touches}) == 2
    assert len({touch.at for touch in touches}) == 1
    told, *_ = await town.say("mei", "进度")
    assert "朋友有2位" in told


async def test_adding_again_after_a_deletion_is_no_new_touch(town, code):
    await town.act("jun", "add", code)
    await town.act("jun", "delete", "lin")
    await town.later(60)

    again = await town.act("jun", "add", code)

    assert again["welcome"]
    assert len(await town.touches("jun")) == 1


async def test_leaving_before_the_order_keeps_the_touch(town, code):
    await town.act("jun", "add", code)
    await town.act("jun", "delete", "lin")

    assert (await town.buy("jun"))["answer"]["outcome"] == "held"


async def test_an_add_through_another_rep_is_a_touch(town, code):
    await town.hire("wang", "王顾问")
    await town.act("jun", "add", "wang")
    assert await town.touches("jun") == []

    await town.act("jun", "add", code)

    (touch,) = await town.touches("jun")
    assert touch.code == code
    assert (await town.buy("jun"))["answer"]["outcome"] == "held"


async def test_a_friend_confirmed_later_is_welcomed_and_counted_once(town, code):
    await town.act("jun", "scan", code)

    added = await town.act("jun", "add", {"code": code, "half": True})

    assert "梅姐介绍您来的" in added["welcome"]
    assert len(await town.touches("jun")) == 1
    await town.later(2)  # only now does the platform tell who he is
    assert sum("刚添加了您" in told for told in await town.log("lin")) == 1


async def test_a_friend_without_a_code_is_welcomed_plainly(town, code):
    added = await town.act("jun", "add", "lin")

    assert "如果是朋友介绍来的，把邀请码发到客服就能登记" in added["welcome"]
    assert await town.touches("jun") == []


async def test_an_old_contact_qr_of_an_ended_campaign_promises_nothing(town, code):
    await town.act("jun", "scan", code)
    campaign = (await town.look(lambda tx: tx.codes.find(code))).campaign
    way = (await town.look(lambda tx: tx.contact_ways.of_code(code, "lin"))).mark
    config = next(w.config_id for w in town.app.sandbox._stage.world.ways.values() if w.fields["state"] == way)
    await town.end(campaign)
    await town.act("jun", "scan", f"{town.app.own_address}/sandbox/wecom/add/{config}")

    added = await town.act("jun", "add")

    assert "各得" not in added["welcome"]
    assert await town.touches("jun") == []
    assert (await town.buy("jun"))["answer"]["outcome"] == "no_referral"


async def test_an_ended_campaign_answers_410_everywhere(town, code):
    assert (await town.get(f"/i/{code}")).status == 200
    await town.end((await town.look(lambda tx: tx.codes.find(code))).campaign)

    for path in (f"/i/{code}", f"/I/{code}", f"/p/{code}.jpg"):
        page = await town.get(path)
        assert page.status == 410
        assert "活动已结束" in page.text
        assert "微信客服" in page.text


async def test_thanks_of_an_ended_campaign_are_still_granted(town, code):
    await town.act("jun", "add", code)
    await town.buy("jun")
    await town.end((await town.look(lambda tx: tx.codes.find(code))).campaign)

    await town.pass_time(HOLD_S + 60)

    assert await town.standing("mei") == [("granted", "granted")]


async def test_thirty_two_deliveries_of_one_add_are_one_touch_and_one_welcome(either_town):
    town = either_town
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)

    repeated = await town.act("platform", "repeat", 32)

    assert [event["status"] for event in repeated["events"]] == [200] * 32
    assert len(await town.touches("jun")) == 1
    assert sum("梅姐介绍您来的" in told for told in await town.log("jun")) == 1
    assert sum("刚添加了您" in told for told in await town.log("lin")) == 1


async def test_orders_and_adds_of_many_friends_at_once_are_each_counted(either_town):
    town = either_town
    code = await town.code_of("mei", await town.campaign())
    friends = [f"朋友{n}" for n in range(8)]
    for friend in friends:
        await town.act(friend, "add", code)

    bought = await asyncio.gather(*(town.app.sandbox._acts.act(friend, "buy", PRICE) for friend in friends))

    assert [one["answer"]["outcome"] for one in bought] == ["held"] * 8
    assert await town.standing("mei") == [("held", "hold.running")] * 8


async def test_a_closed_order_of_before_makes_no_new_customer(town, code):
    await town.buy("jun")
    await town.later(8 * DAY)
    await town.act("jun", "add", code)

    bought = await town.buy("jun")

    assert bought["answer"]["reasons"][0]["code"] == "customer.existing"


async def test_an_order_that_names_its_buyer_by_a_code_also_settles_what_they_bought_before(town, code):
    buyer = {"external_userid": "wm-somebody"}
    first = await town.buy("jun", {"amount_fen": PRICE, "buyer": buyer})
    await town.later(60)

    second = await town.buy("jun", {"amount_fen": PRICE, "buyer": buyer, "code": code})

    assert first["answer"]["outcome"] == "unmatched"
    assert second["answer"]["outcome"] in ("rejected", "credited")
    orders = await town.look(lambda tx: tx.orders.named("sandbox", first["order_no"]))
    assert orders[0].person is not None
