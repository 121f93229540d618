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
