"""Coupons: shown by their person, taken by the shop once, called back by a refund, lapsed in time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from referral import ledger
from referral.rewards import RewardState
from storage.open import migrate_database
from tests.cli.desk import run
from tests.journeys.offers import DAY, cli, everything_is_proved, kinds
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
async def either_restaurant(database_url, tmp_path):
    """The same on each database."""
    if database_url.startswith("postgresql"):
        await migrate_database(database_url)
    async with open_town(tmp_path, database_url, industry="catering") as town:
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
    none = await restaurant.get("/rep/coupon?code=NOTHING", cookies=lin)
    assert "没有这张券，请核对一下。" in none.text
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
    assert "1份甜品 已退回" in await page_of(restaurant, "mei")


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


async def both(town: Town) -> list:
    return [*await town.rewards("mei"), *await town.rewards("jun")]


async def cli_refused(town: Town, *args: str) -> dict:
    """What a command prints that took some lines and not others."""
    file = town.app.config.files.data_dir.parent / "taoli.toml"
    result = await asyncio.to_thread(run, *args, "--json", "--config", str(file))
    assert result.exit_code == 1, result.output
    made: dict = json.loads(result.stdout)
    return made
