"""Coupons, the shop for points and what is kept sealed, on both databases; and races for the last one."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from referral import coupons
from referral.addresses import RealName
from referral.coupons import Coupon
from referral.rewards import RewardState
from referral.shop import Item, Redemption
from storage.errors import AlreadyKept
from storage.store import Store
from tests.storage.cast import NOON, a_reward, after, settle_with_order

COUPON = {"kind": "coupon", "unit": "pieces", "amount": 1, "says": "一份甜品"}


def a_coupon(number: int = 1, **changes) -> Coupon:
    known = {"id": f"u{number}", "pool": "autumn", "code": f"AUTUMN-{number}", "token": f"t{number}", "added_at": NOON}
    return Coupon(**known | changes)


def an_item(**changes) -> Item:
    known = {"id": "q1", "title": "一盒茶", "points": 100, "stock": 1, "kind": "gift", "added_at": NOON}
    return Item(**known | changes)


def owe(tx, count: int) -> None:
    """So many coupons are owed to Mei."""
    for number in range(1, count + 1):
        tx.rewards.add(a_reward(id=f"w{number}", rule=f"rule-{number}", **COUPON))


@pytest.fixture
async def owing(store: Store) -> Store:
    await store.write(lambda tx: settle_with_order(tx) and owe(tx, 3))
    return store


async def test_codes_are_given_in_the_order_they_came_each_once(owing: Store):
    def unit(tx):
        tx.coupons.add([a_coupon(1), a_coupon(2), a_coupon(3, pool="spring")])
        claimed = [tx.coupons.claim("autumn", f"w{number}", after(hours=number)) for number in (1, 2, 3)]
        return claimed, tx.coupons.of_reward("w1"), tx.coupons.of_token("t2"), tx.coupons.of_code("AUTUMN-2")

    claimed, mine, opened, typed = await owing.write(unit)

    assert [each and each.code for each in claimed] == ["AUTUMN-1", "AUTUMN-2", None]
    assert mine == a_coupon(1, reward="w1", given_at=after(hours=1))
    assert opened == a_coupon(2, reward="w2", given_at=after(hours=2))
    assert typed == [opened]


async def test_a_pool_takes_a_code_once_and_another_pool_takes_it_too(store: Store):
    await store.write(lambda tx: tx.coupons.add([a_coupon(1), a_coupon(2, pool="spring", code="AUTUMN-1")]))

    with pytest.raises(AlreadyKept):
        await store.write(lambda tx: tx.coupons.add([a_coupon(3, code="AUTUMN-1")]))

    taken = await store.read(lambda tx: tx.coupons.taken("autumn", ["AUTUMN-1", "AUTUMN-2"]))
    assert taken == {"AUTUMN-1"}


async def test_codes_that_another_pool_has_too_are_found_with_its_name(store: Store):
    def unit(tx):
        tx.coupons.add([a_coupon(1), a_coupon(2, pool="spring", code="AUTUMN-1"), a_coupon(3, pool="spring")])
        asked = ["AUTUMN-1", "AUTUMN-3", "X"]
        return tx.coupons.elsewhere("summer", asked), tx.coupons.elsewhere("spring", ["AUTUMN-3"])

    assert await store.write(unit) == ({"AUTUMN-1": "autumn", "AUTUMN-3": "spring"}, {})


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("M001", "M 001"),
        ("M001", "m-001"),
        ("ab-12-cd", "AB12 CD"),
        ("ab-12-cd", "ab-12-cd"),
        ("M001", "Ｍ　００１"),
        ("甜品🍰券-7", " 甜品🍰 券-7 "),
        ("---", "---"),
    ],
)
async def test_a_code_is_found_however_staff_type_it(owing: Store, code: str, asked: str):
    def unit(tx):
        tx.coupons.add([a_coupon(1, code=code), a_coupon(2, pool="spring", code=code)])
        given = tx.coupons.claim("autumn", "w1", NOON)
        return given, coupons.typed(tx, asked)

    given, found = await owing.write(unit)

    assert found == [given]  # the other pool's is nobody's yet


@pytest.mark.parametrize("asked", ["M\x00001", "\x07", "-", "M002", "\u202eM001"])
async def test_what_is_no_code_finds_nothing(owing: Store, asked: str):
    def unit(tx):
        tx.coupons.add([a_coupon(1, code="M001")])
        tx.coupons.claim("autumn", "w1", NOON)
        return coupons.typed(tx, asked)

    assert await owing.write(unit) == []


async def test_a_code_that_reads_just_so_goes_before_one_that_is_only_like_it(owing: Store):
    def unit(tx):
        tx.coupons.add([a_coupon(1, code="AB-1"), a_coupon(2, code="ab1")])
        like, exact = (tx.coupons.claim("autumn", reward, NOON) for reward in ("w1", "w2"))
        return like, exact, coupons.typed(tx, "ab1"), coupons.typed(tx, "AB1")

    like, exact, just_so, alike = await owing.write(unit)

    assert just_so == [exact]
    assert alike == [like, exact]


async def test_a_coupon_is_used_or_called_back_never_both(owing: Store):
    def unit(tx):
        tx.coupons.add([a_coupon(1), a_coupon(2)])
        for number in (1, 2):
            tx.coupons.claim("autumn", f"w{number}", NOON)
        used = tx.coupons.use("u1", "rep:lin", "湖滨店", after(hours=1))
        again = tx.coupons.use("u1", "rep:bo", "城西店", after(hours=2))
        too_late = tx.coupons.void("w1", after(hours=3))
        back = tx.coupons.void("w2", after(hours=3))
        return used, again, too_late, back, tx.coupons.use("u2", "rep:lin", "湖滨店", after(hours=4))

    assert await owing.write(unit) == (True, False, False, True, False)
    kept = await owing.read(lambda tx: tx.coupons.of_reward("w1"))
    assert (kept.used_by, kept.shop, kept.used_at) == ("rep:lin", "湖滨店", after(hours=1))
    assert await owing.write(lambda tx: tx.coupons.void("w3", NOON))  # no coupon: nothing to call back


async def test_each_pool_is_counted(owing: Store):
    def unit(tx):
        tx.coupons.add([a_coupon(number) for number in range(1, 6)])
        for number in (1, 2, 3):
            tx.coupons.claim("autumn", f"w{number}", NOON)
            granted = tx.rewards.move(tx.rewards.get(f"w{number}"), RewardState.GRANTED, "granted", NOON)
        tx.coupons.use("u1", "rep:lin", "湖滨店", NOON)
        tx.coupons.void("w3", NOON)
        tx.rewards.move(granted, RewardState.EXPIRED, "expired", NOON)
        return tx.coupons.counts(NOON)

    assert await owing.write(unit) == {"autumn": {"left": 2, "given": 1, "used": 1, "expired": 1}}


async def test_a_stock_of_a_hundred_serves_a_hundred_of_a_thousand_who_come_at_once(store: Store):
    rng = random.Random(5)

    def stock(tx):
        settle_with_order(tx)
        owe(tx, 1000)
        tx.coupons.add([coupons.made("autumn", f"AUTUMN-{n}", now=NOON, rng=rng) for n in range(100)])

    await store.write(stock)

    def claim(number: int):
        return lambda tx: tx.coupons.claim("autumn", f"w{number}", NOON)

    claimed = await asyncio.gather(*(store.write(claim(number)) for number in range(1, 1001)))

    codes = Counter(each.code for each in claimed if each)
    assert (len(codes), max(codes.values())) == (100, 1)
    assert sum(each is None for each in claimed) == 900
    assert await store.read(lambda tx: tx.coupons.counts(NOON)) == {"autumn": {"given": 100}}


async def test_the_last_one_on_the_shelf_is_taken_once(store: Store):
    await store.write(lambda tx: tx.shop.add(an_item(stock=3)))

    taken = await asyncio.gather(*(store.write(lambda tx: tx.shop.take("q1")) for _ in range(40)))

    assert sum(taken) == 3
    assert await store.read(lambda tx: (tx.shop.get("q1").stock, tx.shop.open())) == (0, [])


async def test_what_is_taken_off_the_shelf_stays_known(store: Store):
    def unit(tx):
        tx.shop.add(an_item())
        tx.shop.add(an_item(id="q2", title="维修优先", kind="privilege", value="优先维修", valid_days=30))
        return tx.shop.close("q1", NOON), tx.shop.close("q1", NOON), tx.shop.take("q1"), tx.shop.open(), tx.shop.all()

    closed, again, taken, left, every = await store.write(unit)

    assert (closed, again, taken) == (True, False, False)
    assert [item.id for item in left] == ["q2"]
    assert [(item.id, item.closed_at) for item in every] == [("q1", NOON), ("q2", None)]


async def test_an_exchange_is_found_by_its_form_and_by_its_thanks_and_returned_once(owing: Store):
    made = Redemption(id="d1", person="mei", item="q1", reward="w1", points=100, once="f1", at=NOON)

    def unit(tx):
        tx.shop.add(an_item())
        tx.shop.redeem(made)
        found = tx.shop.redeemed("mei", "f1"), tx.shop.redeemed("bo", "f1"), tx.shop.of_reward("w1")
        return found, tx.shop.returned("d1", after(hours=1)), tx.shop.returned("d1", after(hours=2))

    assert await owing.write(unit) == ((made, None, made), True, False)
    kept = await owing.read(lambda tx: tx.shop.redemption("d1"))
    assert kept.returned_at == after(hours=1)


async def test_addresses_and_names_are_kept_as_bytes_and_forgotten(owing: Store):
    name = RealName(id="x1", person="mei", sealed=b"\x00\xff name", at=NOON)

    def unit(tx):
        tx.addresses.keep("w1", b"\x00\xff first", NOON)
        tx.addresses.keep("w1", b"\x00\xff second", NOON)
        tx.real_names.keep(name)
        return tx.addresses.of_reward("w1"), tx.addresses.of_reward("w2"), tx.real_names.of_person("mei")

    assert await owing.write(unit) == (b"\x00\xff second", None, name)

    def forget(tx):
        tx.addresses.forget(["w1"])
        tx.real_names.forget("mei")
        return tx.addresses.of_reward("w1"), tx.real_names.of_person("mei")

    assert await owing.write(forget) == (None, None)
