"""The packs of a membership, a shop, a restaurant, and of those who give no thanks at all, lived end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from referral import thanks
from tests.journeys.offers import DAY, comes, everything_is_proved, kinds, progress, taken
from tests.journeys.town import Town, open_town

Opener = Callable[[str], AbstractAsyncContextManager[Town]]


@pytest.fixture
def opened(ready_url: str, tmp_path: Path) -> Opener:
    """Opens a bot of an industry, on each database."""

    @asynccontextmanager
    async def town_of(industry: str) -> AsyncIterator[Town]:
        async with open_town(tmp_path, ready_url, industry=industry) as town:
            yield town

    return town_of


# --- double-month -------------------------------------------------------------------------------------------------


async def test_a_month_each_or_none(opened, tmp_path):
    async with opened("retail") as town:
        mei = await taken(town, "double-month")
        assert "朋友本人完成首单、过了退款期，您和朋友各得30天会员。" in mei["menu"]
        jun = await comes(town, "jun", mei["link"])
        assert "您本人完成首单、过了退款期，您和介绍您来的朋友各得30天会员。" in jun["welcome"]

        assert (await town.buy("jun"))["answer"]["outcome"] == "held"

        assert await kinds(town, "mei") == await kinds(town, "jun") == {"days": "held"}
        await town.pass_time(15 * DAY + 60)
        assert await kinds(town, "mei") == await kinds(town, "jun") == {"days": "granted"}
        assert "其中1位已计入。谢礼：确认中0份，已到账1份。" in await progress(town, "mei")
        await everything_is_proved(town, tmp_path, "mei", "jun")


# --- prime --------------------------------------------------------------------------------------------------------


async def test_she_chooses_between_a_month_and_cash_while_it_is_held(opened, tmp_path):
    async with opened("retail") as town:
        mei = await taken(town, "prime")
        assert "您得30天会员或20元现金，由您来选；朋友得10元优惠券。" in mei["menu"]
        assert "个人所得税由春和家居承担" in mei["rules"]
        jun = await comes(town, "jun", mei["link"])
        assert "您得10元优惠券，介绍您来的朋友也会收到一份谢礼。" in jun["welcome"]
        assert "现金" not in jun["page"]

        small = await town.buy("jun", 4_999)
        assert [each["code"] for each in small["answer"]["reasons"]] == ["amount.too_small"]
        assert (await town.buy("jun", 5_000))["answer"]["outcome"] == "held"

        (held,) = await town.rewards("mei")
        assert (held.kind, held.reserved_fen) == ("days", 2500)
        now, rng = town.machine.now, town.app.world.rng
        await town.app.store.write(lambda tx: thanks.choose(tx, held.id, held.person, 1, now=now, rng=rng))
        await town.pass_time(15 * DAY + 60)
        (granted,) = await town.rewards("mei")
        assert (granted.kind, granted.amount, granted.tax_class) == ("cash", 2000, "incidental")
        assert granted.state.value == "granted"
        assert await kinds(town, "jun") == {"coupon": "granted"}
        campaign = await town.look(lambda tx: tx.campaigns.get(mei["campaign"]))
        assert (campaign.used_fen, campaign.spent_fen) == (3500, 3500)
        await everything_is_proved(town, tmp_path, "mei", "jun")
        await town.pass_time(90 * DAY)
        assert await kinds(town, "jun") == {"coupon": "expired"}


# --- table-for-two ------------------------------------------------------------------------------------------------


async def test_a_meal_at_the_restaurant_brings_a_dessert_to_both(opened, tmp_path):
    async with opened("catering") as town:
        mei = await taken(town, "table-for-two")
        assert "您在1份甜品、20元餐券或1年常客会员里选一样，朋友在1份甜品或20元餐券里选一样。" in mei["menu"]
        jun = await comes(town, "jun", mei["link"])
        assert "到店报邀请码" in jun["page"]
        assert "您头一回到店用餐，门店登记以后" in jun["welcome"]

        assert (await town.act("jun", "visit", "湖滨店"))["answer"]["outcome"] == "held"

        told = "\n".join(await town.log("mei"))
        assert "已到店。给您的1份甜品正在确认，过了确认期" in told
        assert "下单" not in told
        await town.pass_time(DAY + 60)
        assert await kinds(town, "mei") == await kinds(town, "jun") == {"coupon": "granted"}
        assert "1份甜品已到账" in await progress(town, "mei")
        await everything_is_proved(town, tmp_path, "mei", "jun")
        paid = await town.buy("jun")
        assert paid["answer"]["reasons"][0]["code"] == "reward.once"


async def test_a_regular_may_rather_become_a_member(opened, tmp_path):
    async with opened("catering") as town:
        mei = await taken(town, "table-for-two")
        await comes(town, "jun", mei["link"])
        assert (await town.buy("jun", 12_000))["answer"]["outcome"] == "held"
        (held,) = await town.rewards("mei")

        now, rng = town.machine.now, town.app.world.rng
        await town.app.store.write(lambda tx: thanks.choose(tx, held.id, held.person, 2, now=now, rng=rng))
        await town.pass_time(DAY + 60)

        assert await kinds(town, "mei") == {"tier": "granted"}
        assert (await town.person("mei")).tier == "常客会员"
        await everything_is_proved(town, tmp_path, "mei", "jun")


# --- top-fans -----------------------------------------------------------------------------------------------------


async def test_a_tier_after_the_third_friend_is_told_only_when_it_is_there(opened, tmp_path):
    async with opened("retail") as town:
        mei = await taken(town, "top-fans")
        for number, friend in enumerate(("jun", "小雨", "小满"), start=1):
            await comes(town, friend, mei["link"])
            assert (await town.buy(friend))["answer"]["outcome"] == "held"
            told = "\n".join(
                [mei["menu"], mei["words"], mei["rules"], *await town.log("mei"), await progress(town, "mei")]
            )
            assert "老友会员" not in told
            await town.pass_time(15 * DAY + 60)
            assert [r.kind for r in await town.rewards("mei")].count("tier") == (number == 3)

        assert await kinds(town, "mei") == {"points": "granted", "tier": "granted"}
        assert (await town.person("mei")).tier == "老友会员"
        assert "1年老友会员" in "\n".join([*await town.log("mei"), *await town.say("mei", "进度")])
        assert await kinds(town, "小满") == {"coupon": "granted"}
        await everything_is_proved(town, tmp_path, "mei", "jun", "小雨", "小满")


# --- gratitude ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("industry", "act"),
    [("insurance", "sign"), ("medical", "visit"), ("loans", "open")],
)
async def test_where_thanks_are_forbidden_a_friend_is_looked_after_and_nothing_else(opened, tmp_path, industry, act):
    async with opened(industry) as town:
        mei = await taken(town, "gratitude")
        jun = await comes(town, "jun", mei["link"])
        await town.say("jun", "您好")
        (referral,) = await town.referrals("jun")
        await town.act("jun", "tap", f"yes:{referral.id}")

        came = await town.act("jun", act, "一号店")

        assert came["answer"]["outcome"] == "credited"
        assert await town.rewards("mei") == await town.rewards("jun") == []
        told = "\n".join(await town.log("mei"))
        assert "小军来了" in told
        said = await progress(town, "mei")
        assert "通过您过来的朋友有1位，其中1位已计入。" in said
        everything = "\n".join([*mei.values(), *jun.values(), told, said])
        for word in ("谢礼", "积分", "优惠", "红包", "会员", "到账"):
            assert word not in everything, word
        await town.pass_time(DAY)
        campaign = await town.look(lambda tx: tx.campaigns.get(mei["campaign"]))
        assert (campaign.state.value, campaign.used_fen) == ("running", 0)
        await everything_is_proved(town, tmp_path)
