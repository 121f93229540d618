"""Points: what there is, what it can be exchanged for, what lapses, and what comes back."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from referral import shop, thanks
from referral.attribution import Reason
from referral.rewards import RewardState
from referral.terms import Choice
from storage import proofs
from tests.cli.desk import run
from tests.journeys.offers import DAY, cli, everything_is_proved
from tests.journeys.town import Town, open_town
from tests.journeys.vouchers import coupon_link, gives, page_of, staff, takes

PARCELS = """
[fulfilment.parcels]
kind = "shipping"
"""
HOME = {"receiver": "梅芳", "tel": "138 0000 0000", "address": "杭州市西湖区龙井路 1 号"}


@pytest.fixture
async def either(ready_url, tmp_path):
    """A shop on each database, whose gifts are sent by staff."""
    async with open_town(tmp_path, ready_url, more=PARCELS) as town:
        yield town


@pytest.fixture
async def quick(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, more=PARCELS) as town:
        yield town


async def earn(town: Town, amount: int, *, persona: str = "mei", valid_days: int = 0) -> str:
    """So many points by decision of two colleagues; the id of the thanks."""
    found = await town.look(lambda tx: [c.id for c in tx.campaigns.all()])
    campaign = found[0] if found else await town.campaign()
    person, now, rng = await town.person(persona), town.app.clock(), town.app.world.rng
    form = Choice(
        kind="points", unit="points", amount=amount, cost_fen=amount, says="{amount}积分", valid_days=valid_days
    )

    def unit(tx) -> str:
        facts = town.app.facts
        reward = thanks.adjust(tx, facts, campaign, person.id, form, "试用", "zhou", now=now, rng=rng)
        thanks.approve(tx, reward.id, "wang", now=now)
        return reward.id

    reward = await town.app.store.write(unit)
    await town.app.settle()
    return reward


async def shelve(town: Town, title: str, *more: str, points: int = 100, stock: int = 1, kind: str = "gift") -> str:
    """Put a thing on the shelf from the command line; its id."""
    made = await cli(town, "shop", "add", title, "--points", str(points), "--stock", str(stock), "--kind", kind, *more)
    return str(made["item"])


async def redeem(town: Town, item: str, persona: str = "mei", *, once: str | None = None) -> str:
    """Exchange points on the own page, by its own form."""
    if once is None:
        page = await town.get(await town.me(persona))
        once = re.search(rf'value="{item}">\s*<input type="hidden" name="once" value="(\w+)"', page.text)[1]
    return await gives(town, persona, "redeem", item=item, once=once)


async def balance(town: Town, persona: str = "mei") -> int:
    person = await town.person(persona)
    return await town.look(lambda tx: tx.ledger.balance(f"{person.id}:granted", "points"))


async def test_a_gift_asks_in_chat_where_it_goes_and_is_no_thanks_that_waits(quick: Town):
    await earn(quick, 300)
    await redeem(quick, await shelve(quick, "一盒龙井", points=200))

    told = "\n".join(await quick.say("mei", "您好"))
    progress = (await quick.say("mei", "进度"))[0]

    assert "给您的一盒龙井准备好了，请告诉我们寄到哪里，填好就安排：http" in told
    assert "确认中0份，已到账1份" in progress


async def test_an_exchange_that_staff_call_back_is_no_thanks_taken_back(quick: Town):
    await earn(quick, 300)
    await redeem(quick, await shelve(quick, "一盒龙井", points=200))
    (made,) = await cli(quick, "shop", "exchanges")
    await cli(quick, "shop", "cancel", made["redemption"], "--why", "没有货了")

    assert "收回" not in (await quick.say("mei", "进度"))[0]
    assert "一盒龙井 已退回" in await page_of(quick, "mei")


async def test_points_become_a_gift_that_is_sent_where_she_says(either: Town, tmp_path: Path):
    town = either
    await earn(town, 300)
    tea = await shelve(town, "一盒龙井", "--cost-fen", "9000", points=200)
    assert "我的积分 300 一盒龙井 200积分 换这个" in await page_of(town, "mei")

    told = await redeem(town, tea)

    assert "换好了，在下面的谢礼里。" in told
    assert "一盒龙井 等您填写 请告诉我们寄到哪里，填好就安排。 用积分换的" in told
    assert "我的积分 100" in told
    gift = next(r for r in await town.rewards("mei") if r.kind == "gift")
    told = await gives(town, "mei", "address", reward=gift.id, **HOME)
    assert "地址收到了，寄出以后会告诉您。" in told
    assert "寄给：梅* 138****0000" in told
    assert "龙井路" not in told
    (parcel,) = await cli(town, "shipping", "list")
    assert (parcel["goods"], parcel["name"], parcel["phone"], parcel["address"]) == ("一盒龙井", *HOME.values())
    await cli(town, "shipping", "sent", parcel["bill"], "--number", "SF1234567890")
    assert "一盒龙井 已寄出 快递单号 SF1234567890" in await page_of(town, "mei")
    assert "给您的一盒龙井已经寄出，快递单号 SF1234567890" in "\n".join(await town.say("mei", "您好"))
    await everything_is_proved(town, tmp_path, "mei")


async def test_an_address_stands_nowhere_but_on_the_shipping_list_and_goes_when_it_is_not_needed(quick: Town):
    await earn(quick, 300)
    await redeem(quick, await shelve(quick, "一盒龙井", points=200))
    (gift,) = [r for r in await quick.rewards("mei") if r.kind == "gift"]
    await gives(quick, "mei", "address", reward=gift.id, **HOME)

    folder = quick.app.config.files.data_dir.parent
    await quick.app.store.write(lambda tx: tx.audit.note("test", "flush", "", "", quick.app.clock()))
    for file in folder.rglob("*"):
        if file.is_file():
            assert "龙井路".encode() not in file.read_bytes(), file
    (parcel,) = await cli(quick, "shipping", "list")
    await cli(quick, "shipping", "sent", parcel["bill"], "--number", "SF1")
    await quick.pass_time(32 * DAY)
    assert await quick.look(lambda tx: tx.addresses.of_reward(gift.id)) is None


async def test_an_address_must_be_whole_and_may_be_put_right_until_it_is_sent(quick: Town):
    await earn(quick, 300)
    await redeem(quick, await shelve(quick, "一盒龙井", points=200))
    (gift,) = [r for r in await quick.rewards("mei") if r.kind == "gift"]

    assert "都要写全" in await gives(quick, "mei", "address", reward=gift.id, **HOME | {"tel": "不知道"})
    assert "都要写全" in await gives(quick, "mei", "address", reward=gift.id, **HOME | {"address": "  "})
    await gives(quick, "mei", "address", reward=gift.id, **HOME)
    told = await gives(quick, "mei", "address", reward=gift.id, **HOME | {"receiver": "周先生"})
    assert "寄给：周**" in told
    (parcel,) = await cli(quick, "shipping", "list")
    assert parcel["name"] == "周先生"
    await cli(quick, "shipping", "sent", parcel["bill"], "--number", "SF1")
    assert "地址没有改" in await gives(quick, "mei", "address", reward=gift.id, **HOME)
    other = await quick.post(f"{await quick.me('mei')}/address", {"reward": "w" + "0" * 16, **HOME})
    assert other.status == 404


async def test_a_form_sent_twice_counts_once(quick: Town):
    await earn(quick, 300)
    item = await shelve(quick, "一盒龙井", points=100, stock=5)
    once = "f" + "0" * 16

    await asyncio.gather(*(redeem(quick, item, once=once) for _ in range(4)))

    assert await balance(quick) == 200
    assert await quick.look(lambda tx: (tx.shop.get(item).stock, len(tx.shop.redemptions(9)))) == (4, 1)


async def test_points_are_spent_once_however_many_forms_come_at_the_same_moment(either: Town):
    town = either
    await earn(town, 250)
    item = await shelve(town, "一盒龙井", points=100, stock=9)

    await asyncio.gather(*(redeem(town, item, once=f"f{number:016d}") for number in range(6)))

    assert await balance(town) == 50
    assert await town.look(lambda tx: (tx.shop.get(item).stock, len(tx.shop.redemptions(9)))) == (7, 2)


async def test_what_is_gone_or_too_dear_says_so_and_takes_nothing(quick: Town):
    await earn(quick, 150)
    dear = await shelve(quick, "一套茶具", points=200)
    assert "一套茶具 200积分" in (mine := await page_of(quick, "mei"))
    assert "换这个" not in mine

    assert "积分还不够换这一件" in await redeem(quick, dear, once="f" + "1" * 16)
    item = await shelve(quick, "一盒龙井", points=100)
    await cli(quick, "shop", "close", item)
    assert "已经下架了，积分没有动" in await redeem(quick, item, once="f" + "2" * 16)
    assert await balance(quick) == 150


async def test_points_become_a_coupon_that_the_shop_takes_or_a_privilege(quick: Town):
    await earn(quick, 300)
    dessert = await shelve(quick, "一份甜品", "--valid-days", "30", points=100, kind="coupon")
    care = await shelve(quick, "优先维修", "--valid-days", "90", points=100, kind="privilege")

    await redeem(quick, dessert)
    told = await redeem(quick, care)

    assert "优先维修 已到账 2027年2月21日前有效 用积分换的" in told
    assert "跟您的顾问说一声就行" in told
    (coupon,) = [r for r in await quick.rewards("mei") if r.kind == "coupon"]
    assert "核销好了" in await takes(quick, await coupon_link(quick, "mei", coupon), await staff(quick))


async def test_an_exchange_called_back_returns_the_points_unless_it_was_used(quick: Town, tmp_path: Path):
    await earn(quick, 300)
    item = await shelve(quick, "一份甜品", points=100, stock=2, kind="coupon")
    await redeem(quick, item)
    await redeem(quick, item)
    newest, first = await cli(quick, "shop", "exchanges")
    used = await quick.look(lambda tx: tx.rewards.get(first["reward"]))
    await takes(quick, await coupon_link(quick, "mei", used), await staff(quick))

    back = await cli(quick, "shop", "cancel", newest["redemption"], "--why", "选错了")

    assert (back["state"], await balance(quick)) == ("reversed", 200)
    assert await quick.look(lambda tx: tx.shop.get(item).stock) == 1
    told = "\n".join(await quick.say("mei", "您好"))
    assert "您用积分换的一份甜品没有办成，100积分已经退回。" in told
    for redemption in (first["redemption"], newest["redemption"]):
        refused = await refuse(quick, "shop", "cancel", redemption, "--why", "再试")
        assert refused in ("已经用掉或者寄出了，退不回来。", "这次兑换已经退回，或者已经过期。")
    await everything_is_proved(quick, tmp_path, "mei")


async def test_points_return_when_a_gift_cannot_be_had_after_all(quick: Town):
    await earn(quick, 300)
    item = await shelve(quick, "一盒龙井", points=200)
    await redeem(quick, item)
    (gift,) = [r for r in await quick.rewards("mei") if r.kind == "gift"]
    bill = await quick.look(lambda tx: tx.bills.of_reward(gift.id))

    await cli(quick, "fulfilment", "decide", bill.id, "failed", "--why", "厂家停产")

    assert await balance(quick) == 300
    assert await quick.look(lambda tx: (tx.shop.get(item).stock, tx.rewards.get(gift.id).state)) == (1, "rejected")
    assert "一盒龙井 已退回 200积分已经退回 用积分换的" in await page_of(quick, "mei")
    assert (await quick.look(proofs.verify))["ok"]


async def test_a_refund_takes_points_back_even_where_they_were_spent_and_later_ones_make_up_for_it(quick: Town):
    reward = await earn(quick, 200)
    await redeem(quick, await shelve(quick, "一盒龙井", points=200))
    facts, now, rng = quick.app.facts, quick.app.clock(), quick.app.world.rng

    def refund(tx) -> bool:
        return thanks.withdraw(tx, facts, tx.rewards.get(reward), Reason.REFUND_FULL, now=now, rng=rng)

    assert await quick.app.store.write(refund)
    assert await balance(quick) == -200
    assert "我的积分 -200 有谢礼随退款退回了" in await page_of(quick, "mei")
    assert "您的积分是-200" in "\n".join(await quick.say("mei", "积分"))
    await earn(quick, 500)
    assert await balance(quick) == 300
    assert (await quick.look(proofs.verify))["ok"]


async def test_points_lapse_in_the_order_they_came_and_the_chat_says_what_is_next(quick: Town):
    await quick.campaign()
    assert await quick.say("mei", "积分") == ["您这里还没有积分。"]
    old = await earn(quick, 100, valid_days=30)
    await quick.pass_time(10 * DAY)
    new = await earn(quick, 100, valid_days=60)
    await earn(quick, 50)
    await redeem(quick, await shelve(quick, "一盒龙井", points=70, stock=2))

    told = (await quick.say("mei", "我的积分"))[0]
    assert told.startswith("您有180积分。\n其中30积分12月23日到期，在那之前换都可以。\n能换的都在您的页面：http")
    await quick.pass_time(21 * DAY)
    assert await balance(quick) == 150
    assert "其中100积分到2027年2月1日为止" in await page_of(quick, "mei")
    assert "其中100积分2027年2月1日到期" in "\n".join(await quick.say("mei", "兑换"))
    await quick.pass_time(60 * DAY)
    assert await balance(quick) == 50
    states = {r.id: r.state for r in await quick.rewards("mei") if r.kind == "points"}
    assert (states[old], states[new]) == (RewardState.EXPIRED, RewardState.EXPIRED)


async def test_points_that_were_all_spent_lapse_with_nothing(quick: Town):
    await earn(quick, 100, valid_days=10)
    await redeem(quick, await shelve(quick, "一盒龙井", points=100))
    await quick.pass_time(11 * DAY)

    assert await balance(quick) == 0
    (first,) = [r for r in await quick.rewards("mei") if r.kind == "points"]
    entries = await quick.look(
        lambda tx: [leaf.entry.kind for leaf in tx.ledger.leaves() if leaf.entry.ref == first.id]
    )
    assert entries == ["held", "granted"]


async def test_the_shelf_takes_no_money_and_no_words_that_may_not_be_said(quick: Town):
    add = ("--points", "100", "--stock", "1", "--kind", "gift")
    assert "TITLE" in await refuse(quick, "shop", "add", "转发朋友圈送好礼", *add)
    assert "TITLE" in await refuse(quick, "shop", "add", " ", *add)
    assert "--points" in await refuse(quick, "shop", "add", "一盒龙井", *add[2:], "--points", "0")
    assert "cash" not in shop.KINDS


async def refuse(town: Town, *args: str) -> str:
    """What a command says that does nothing."""
    file = town.app.config.files.data_dir.parent / "taoli.toml"
    result = await asyncio.to_thread(run, *args, "--json", "--config", str(file))
    assert result.exit_code != 0, result.output
    return str(result.stderr).removeprefix("taoli: ").strip()
