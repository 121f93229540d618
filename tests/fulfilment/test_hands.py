"""Thanks that come from a pool of codes, or in a parcel that staff send."""

from __future__ import annotations

import pytest

from bot.fulfilment.given import Address
from bot.fulfilment.operating import listed
from bot.fulfilment.shipping import to_send
from referral.errors import BadInput, NotFound, RuleViolation
from tests.fulfilment.workshop import Workshop

COUPON = {"kind": "coupon", "unit": "pieces", "amount": 1, "says": "一张券"}
GIFT = {"kind": "gift", "unit": "pieces", "amount": 1, "says": "一盒茶"}
HOME = Address(name="梅芳", phone="13800000000", address="杭州市西湖区龙井路 1 号")


async def test_a_coupon_is_granted_with_a_code_of_the_pool(workshop: Workshop):
    workshop.coupons()
    await workshop.fill("AUTUMN-1")

    await workshop.owe(**COUPON)

    assert await workshop.stands() == ("done", "granted")
    assert (await workshop.bill()).external == "AUTUMN-1"


async def test_an_empty_pool_keeps_people_waiting_a_manager_hears_once_and_a_filled_one_serves_them(
    workshop: Workshop,
):
    workshop.coupons()

    await workshop.owe(1, **COUPON)
    await workshop.owe(2, **COUPON)
    await workshop.later(minutes=30)
    empty, told = await workshop.bill(), await workshop.told()
    await workshop.fill("AUTUMN-1", "AUTUMN-2")
    await workshop.later(minutes=10)

    assert (empty.state, empty.note, len(told)) == ("waiting", "pool_empty", 1)
    assert "autumn" in told[0]
    assert await workshop.stands(1) == await workshop.stands(2) == ("done", "granted")


async def test_each_empty_pool_is_told_once_until_it_is_filled_whatever_another_pool_gives(workshop: Workshop):
    # given two pools that ran out, and a third that has codes
    workshop.coupons()
    await workshop.fill("PLAIN-1", "PLAIN-2")
    await workshop.owe(1, **COUPON, value="meal")
    await workshop.owe(2, **COUPON, value="dessert")
    first = await workshop.told()

    # when days go by in which the third gives, and one of the two is filled and runs out again
    await workshop.owe(3, **COUPON)
    await workshop.later(days=1)
    await workshop.owe(4, **COUPON)
    quiet = await workshop.told()
    await workshop.fill("MEAL-1", pool="autumn.meal")
    await workshop.later(minutes=10)
    await workshop.owe(5, **COUPON, value="meal")
    await workshop.later(days=1)

    assert [text.partition("」")[0] for text in first] == ["券池「autumn.meal", "券池「autumn.dessert"]
    assert quiet == first
    assert await workshop.told() == [*first, first[0]]


async def test_codes_that_are_all_given_before_anybody_looks_again_are_a_new_end_of_the_pool(quick: Workshop):
    quick.coupons()
    await quick.owe(1, **COUPON)
    await quick.owe(2, **COUPON)
    before = await quick.told()

    await quick.fill("AUTUMN-1")
    await quick.later(minutes=10)

    assert (len(before), len(await quick.told())) == (1, 2)


async def test_a_refund_takes_back_what_waits_for_a_code(quick: Workshop):
    quick.coupons()
    await quick.owe(**COUPON)

    await quick.refund()
    await quick.fill("AUTUMN-1")
    await quick.later(hours=1)

    assert await quick.stands() == ("cancelled", "reversed")
    assert await quick.store.read(lambda tx: tx.coupons.counts(quick.now)) == {"autumn": {"left": 1}}


async def home_is_known(workshop: Workshop) -> str:
    """Mei says where she lives; the number of the bill of her gift."""
    reward, now, rng = await workshop.reward(), workshop.now, workshop.rng
    assert await workshop.store.write(lambda tx: workshop.given.take_address(tx, reward, HOME, now=now, rng=rng))
    await workshop.work()
    return (await workshop.bill()).id


async def test_a_gift_waits_for_an_address_stands_on_the_list_and_is_granted_when_it_is_on_its_way(
    workshop: Workshop,
):
    workshop.shipping()
    await workshop.owe(**GIFT)
    asked = await workshop.bill()

    bill = await home_is_known(workshop)
    rows = await workshop.store.read(lambda tx: to_send(tx, workshop.facts, workshop.given, ["parcels"]))
    before = await workshop.stands()
    sent = await workshop.operate("sent", bill=bill, number=" SF1234567890 ")

    assert (asked.state, asked.needs) == ("needs", "address")
    assert [(row["bill"], row["goods"], row["name"], row["phone"]) for row in rows] == [
        (bill, "一盒茶", "梅芳", "13800000000")
    ]
    assert before == ("sent", "approved")
    assert sent == {"bill": bill, "reward": "w1", "number": "SF1234567890"}
    assert await workshop.stands() == ("done", "granted")
    assert (await workshop.bill()).external == "SF1234567890"
    assert await workshop.store.read(lambda tx: to_send(tx, workshop.facts, workshop.given, ["parcels"])) == []


async def test_a_parcel_is_sent_once_and_only_from_the_list(quick: Workshop):
    quick.shipping()
    await quick.owe(**GIFT)
    bill = await home_is_known(quick)

    with pytest.raises(BadInput, match="--number"):
        await quick.operate("sent", bill=bill, number=" ")
    with pytest.raises(NotFound):
        await quick.operate("sent", bill="b0000000000000000", number="1")
    await quick.operate("sent", bill=bill, number="1")
    with pytest.raises(RuleViolation):
        await quick.operate("sent", bill=bill, number="2")


async def test_a_refund_before_an_address_is_given_takes_the_gift_back(quick: Workshop):
    quick.shipping()
    await quick.owe(**GIFT)

    await quick.refund()

    assert await quick.stands() == ("cancelled", "reversed")


async def test_a_refund_takes_a_parcel_off_the_list_until_staff_have_sent_it(workshop: Workshop):
    workshop.shipping()
    await workshop.owe(1, **GIFT)
    bill = await home_is_known(workshop)

    await workshop.refund()
    await workshop.later(hours=1)

    assert await workshop.stands() == ("cancelled", "reversed")
    assert (await workshop.reward()).reason == "refund.before_grant"
    assert await workshop.store.read(lambda tx: to_send(tx, workshop.facts, workshop.given, ["parcels"])) == []
    with pytest.raises(RuleViolation, match="已经收回"):
        await workshop.operate("sent", bill=bill, number="1")


async def test_a_parcel_that_is_out_stays_the_persons_after_a_refund(quick: Workshop):
    quick.shipping()
    await quick.owe(**GIFT)
    await quick.operate("sent", bill=await home_is_known(quick), number="1")

    await quick.refund()

    assert await quick.stands() == ("done", "granted")
    assert (await quick.reward()).reason == "refund.after_payment"


async def test_a_listed_parcel_is_sent_whatever_was_done_with_its_connector_meanwhile(quick: Workshop):
    # given a parcel on the list
    quick.shipping()
    await quick.owe(**GIFT)
    bill = await home_is_known(quick)

    # when its connector is replayed, enabled, taken out and put back
    replayed = await quick.operate("replay", name="parcels")
    parcels = quick.connectors.pop("parcels")
    await quick.operate("enable", name="parcels")
    quick.connectors["parcels"] = parcels
    await quick.restart()

    # then it stands there as before, and staff can say that it is out
    rows = await quick.store.read(lambda tx: to_send(tx, quick.facts, quick.given, ["parcels"]))
    await quick.operate("sent", bill=bill, number="SF1")
    assert (replayed["bills"], [row["bill"] for row in rows]) == (0, [bill])
    assert await quick.stands() == ("done", "granted")


async def test_connectors_are_listed_also_one_that_is_not_configured_any_more(quick: Workshop):
    quick.coupons()
    await quick.owe(**COUPON)

    (found,) = await quick.store.read(lambda tx: listed(tx, {}))

    assert (found["name"], found["state"], found["bills"]) == ("vouchers", "missing", {"waiting": 1})
    assert [bill["says"] for bill in found["trouble"]] == ["券码用完了"]


async def test_a_connector_that_is_not_there_can_be_neither_enabled_nor_replayed(quick: Workshop):
    for command in ("enable", "replay"):
        with pytest.raises(NotFound, match="没有这个接口：erp"):
            await quick.operate(command, name="erp")
    with pytest.raises(NotFound, match="没有这张单子"):
        await quick.operate("decide", bill="b1", outcome="done", why="x")
