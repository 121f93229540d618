"""Coupons: shown by their person, taken by the shop once, called back by a refund, lapsed in time."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest

from referral import ledger
from referral.rewards import RewardState
from referral.thanks import choose
from tests.cli.desk import run
from tests.journeys.offers import DAY, cli, comes, everything_is_proved, kinds
from tests.journeys.town import Town, open_town
from tests.journeys.vouchers import WXWORK, a_meal, coupon_link, page_of, staff, takes, words

POOL = """
[fulfilment.vouchers]
kind = "coupons"
pool = "autumn"
"""


@pytest.fixture
async def restaurant(quick_url, tmp_path):
    """A restaurant without any connector."""
    async with open_town(tmp_path, quick_url, industry="catering") as town:
        yield town


@pytest.fixture
async def either_restaurant(ready_url, tmp_path):
    """The same on each database."""
    async with open_town(tmp_path, ready_url, industry="catering") as town:
        yield town


async def test_a_dessert_is_shown_scanned_and_taken_once_in_two_taps(either_restaurant: Town, tmp_path: Path):
    town = either_restaurant
    await a_meal(town)
    (dessert,) = await town.rewards("mei")
    mine = await page_of(town, "mei")
    assert "1份甜品 可以用了" in mine
    assert "2027年1月23日前有效" in mine

    path, lin = await coupon_link(town, "mei", dessert), await staff(town)
    seen = words((await town.get(path, cookies=lin)).text)
    assert "1份甜品 梅姐 的券，2027年1月23日前有效" in seen
    told = await takes(town, path, lin)

    assert "核销好了：2026年11月24日 10:01在湖滨店由林顾问核销。" in told
    assert "1份甜品 已使用 2026年11月24日在湖滨店用过了" in await page_of(town, "mei")
    assert (await town.get(f"{await town.me('mei')}/coupon/{dessert.id}.png")).status == 404
    balance = await town.look(
        lambda tx: tx.ledger.balance(ledger.account_of(dessert.person, RewardState.GRANTED), "pieces")
    )
    used = await town.look(lambda tx: tx.ledger.balance(f"used:campaign:{dessert.campaign}", "pieces"))
    assert (balance, used) == (0, 1)
    await everything_is_proved(town, tmp_path, "mei", "jun")


async def test_the_second_shop_reads_when_and_where_it_was_taken(restaurant: Town):
    await a_meal(restaurant)
    (dessert,) = await restaurant.rewards("mei")
    path, lin = await coupon_link(restaurant, "mei", dessert), await staff(restaurant)
    await takes(restaurant, path, lin)

    again = await restaurant.post(path, {"shop": "城西店", "act": "use"}, cookies=lin)
    assert again.status == 303
    seen = words((await restaurant.get(path, cookies=lin)).text)

    assert "这张券用过了：2026年11月24日 10:01在湖滨店由林顾问核销。" in seen
    assert "确认核销" not in seen


async def test_two_shops_at_the_same_moment_take_it_once(either_restaurant: Town):
    town = either_restaurant
    await a_meal(town)
    (dessert,) = await town.rewards("mei")
    path, lin = await coupon_link(town, "mei", dessert), await staff(town)

    taken = await asyncio.gather(
        *(town.post(path, {"shop": f"{number}号店", "act": "use"}, cookies=lin) for number in range(6))
    )

    assert sum(each.headers["Location"].endswith("?told=used") for each in taken) == 1
    assert await town.look(lambda tx: tx.ledger.balance(f"used:campaign:{dessert.campaign}", "pieces")) == 1


async def test_a_customers_own_phone_is_told_to_show_it_and_staff_in_wecom_come_back_after_logging_in(
    restaurant: Town,
):
    await a_meal(restaurant)
    (dessert,) = await restaurant.rewards("mei")
    path = await coupon_link(restaurant, "mei", dessert)

    own = await restaurant.get(path)
    assert (own.status, "请出示给店员" in own.text, "梅姐" in own.text) == (200, True, False)
    assert (await restaurant.get("/rep/coupon/" + "0" * 26)).text == own.text.replace(path, "/rep/coupon/" + "0" * 26)
    door = await restaurant.get(path, User_Agent=WXWORK)
    assert door.status == 303
    assert door.cookies["rep_wanted"] == path
    said = await restaurant.get(f"{path}?enter=1")
    assert "oauth2/authorize" in said.headers["Location"]


async def test_a_shop_must_say_where_it_is_and_the_phone_remembers_it(restaurant: Town):
    await a_meal(restaurant)
    (dessert,) = await restaurant.rewards("mei")
    path, lin = await coupon_link(restaurant, "mei", dessert), await staff(restaurant)

    nowhere = await restaurant.post(path, {"shop": "  ", "act": "use"}, cookies=lin)
    assert "请写明是哪家门店。" in nowhere.text
    asked = await restaurant.post(path, {"shop": "湖滨店", "act": "ask"}, cookies=lin)
    here = lin | {"rep_shop": asked.cookies["rep_shop"]}
    assert 'value="湖滨店"' in (await restaurant.get(path, cookies=here)).text


async def test_a_code_that_cannot_be_scanned_is_typed(restaurant: Town):
    await a_meal(restaurant)
    (dessert,) = await restaurant.rewards("mei")
    path, lin = await coupon_link(restaurant, "mei", dessert), await staff(restaurant)
    code = (await restaurant.look(lambda tx: tx.coupons.of_reward(dessert.id))).code

    found = await restaurant.get(f"/rep/coupon?code={code[:5].lower()}-{code[5:]}", cookies=lin)
    assert (found.status, found.headers["Location"]) == (303, path)
    for nothing in ("NOTHING", "M%00001", "%07", "%ED%A0%80", "x" * 500):
        none = await restaurant.get(f"/rep/coupon?code={nothing}", cookies=lin)
        assert (none.status, "没有这张券，请核对一下。" in none.text) == (200, True)
    assert (await restaurant.get("/rep/coupon/" + "0" * 26, cookies=lin)).status == 404


async def test_a_refund_before_use_voids_it_and_after_use_it_stays(restaurant: Town):
    await a_meal(restaurant, paid=True)
    lin = await staff(restaurant)
    (hers,), (his,) = await restaurant.rewards("mei"), await restaurant.rewards("jun")
    mine, friends = await coupon_link(restaurant, "mei", hers), await coupon_link(restaurant, "jun", his)
    await takes(restaurant, friends, lin)

    (referral,) = await restaurant.referrals("jun")
    order = await restaurant.look(lambda tx: tx.orders.get(referral.order))
    await restaurant.act("jun", "refund", order.order_no)

    assert await restaurant.standing("mei") == [("reversed", "refund.full")]
    assert await restaurant.standing("jun") == [("granted", "refund.after_payment")]
    assert "这张券已经作废" in (await restaurant.get(mine, cookies=lin)).text
    assert "这张券用过了" in (await restaurant.get(friends, cookies=lin)).text
    assert "1份甜品 已收回" in await page_of(restaurant, "mei")


async def test_it_lapses_on_its_day_unless_it_was_used(restaurant: Town):
    await a_meal(restaurant)
    (hers,), (his,) = await restaurant.rewards("mei"), await restaurant.rewards("jun")
    mine, lin = await coupon_link(restaurant, "mei", hers), await staff(restaurant)
    await takes(restaurant, await coupon_link(restaurant, "jun", his), lin)

    await restaurant.pass_time(61 * DAY)

    assert (await kinds(restaurant, "mei"), await kinds(restaurant, "jun")) == (
        {"coupon": "expired"},
        {"coupon": "granted"},
    )
    seen = await restaurant.get(mine, cookies=await staff(restaurant))
    assert "这张券已经过期" in seen.text
    assert "1份甜品 已过期 2027年1月23日到期" in await page_of(restaurant, "mei")
    assert "1份甜品 已使用" in await page_of(restaurant, "jun")


async def test_codes_of_a_pool_reach_their_people_and_an_empty_pool_makes_them_wait(quick_url, tmp_path: Path):
    async with open_town(tmp_path, quick_url, industry="catering", more=POOL) as town:
        file = tmp_path / "codes.csv"
        file.write_text("券码,备注\nD-001,\nD-001,twice\n\nD 002,space\n", encoding="utf-8")
        made = await cli_refused(town, "coupons", "add", "autumn.dessert", str(file))
        assert made["added"] == 1
        assert [(each["line"], each["problem"]) for each in made["errors"]] == [
            (3, "和第 2 行重复"),
            (4, "这一行是空的"),
            (5, "券码最多 64 个字符，不能有空格"),
        ]

        await a_meal(town)
        stand = sorted([(await kinds(town, "mei"))["coupon"], (await kinds(town, "jun"))["coupon"]])
        assert stand == ["approved", "granted"]
        file.write_text("D-001\nD-002\n", encoding="utf-8")
        again = await cli_refused(town, "coupons", "add", "autumn.dessert", str(file))
        assert (again["added"], again["errors"][0]["problem"]) == (1, "这个券码以前收过")
        await town.pass_time(15 * 60)

        assert await kinds(town, "mei") == await kinds(town, "jun") == {"coupon": "granted"}
        codes = {(await town.look(lambda tx, r=r: tx.coupons.of_reward(r.id))).code for r in await both(town)}
        assert codes == {"D-001", "D-002"}
        counts = await cli(town, "coupons", "list")
        assert counts == [{"pool": "autumn.dessert", "left": 0, "given": 2, "used": 0, "expired": 0, "void": 0}]


async def test_codes_as_companies_have_them_are_typed_and_one_that_two_people_have_is_to_be_scanned(
    quick_url, tmp_path: Path
):
    async with open_town(tmp_path, quick_url, industry="catering", more=POOL) as town:
        # given a dessert for Mei and a meal for Jun, whose pools share a code, which was said and not refused
        meals, desserts = tmp_path / "meals.csv", tmp_path / "desserts.csv"
        meals.write_text("M001\n", encoding="utf-8")
        desserts.write_text("甜品🍰-7\nM001\n", encoding="utf-8")
        assert (await cli(town, "coupons", "add", "autumn.meal", str(meals)))["warnings"] == []
        made = await cli(town, "coupons", "add", "autumn.dessert", str(desserts))
        assert (made["added"], made["errors"]) == (2, [])
        assert [(each["line"], each["problem"]) for each in made["warnings"]] == [
            (2, "券池「autumn.meal」里也有这个券码")
        ]
        again = await cli_refused(town, "coupons", "add", "autumn.dessert", str(desserts))
        assert (len(again["errors"]), again["warnings"]) == (2, [])
        link = (await a_meal(town, granted=False))["link"]
        await has_a_meal(town, "jun")
        await town.pass_time(DAY + 60)
        (hers,), (his,), lin = await town.rewards("mei"), await town.rewards("jun"), await staff(town)

        # when staff type what they are shown, then they come to the one whom it was given
        for typed in ("甜品🍰-7", "甜品🍰 7", "甜品🍰-7 "):
            found = await town.get(f"/rep/coupon?code={quote(typed)}", cookies=lin)
            assert (found.status, found.headers.get("Location")) == (303, await coupon_link(town, "mei", hers))
        found = await town.get("/rep/coupon?code=m%20001", cookies=lin)
        assert found.headers["Location"] == await coupon_link(town, "jun", his)

        # and when somebody else has the same code out of the other pool, they are to scan it
        await comes(town, "小满", link)
        await town.act("小满", "visit", "湖滨店")
        await town.pass_time(DAY + 60)
        several = await town.get("/rep/coupon?code=M001", cookies=await staff(town))
        assert "这个券码对得上好几张券，请扫客户页面上的二维码。" in several.text


async def has_a_meal(town: Town, persona: str) -> None:
    """Somebody takes the meal and not the dessert of what is held for them."""
    (mine,) = await town.rewards(persona)
    now, rng = town.app.clock(), random.Random(1)
    await town.app.store.write(lambda tx: choose(tx, mine.id, mine.person, 1, now=now, rng=rng))


async def both(town: Town) -> list:
    return [*await town.rewards("mei"), *await town.rewards("jun")]


async def cli_refused(town: Town, *args: str) -> dict:
    """What a command prints that took some lines and not others."""
    file = town.app.config.files.data_dir.parent / "taoli.toml"
    result = await asyncio.to_thread(run, *args, "--json", "--config", str(file))
    assert result.exit_code == 1, result.output
    made: dict = json.loads(result.stdout)
    return made
