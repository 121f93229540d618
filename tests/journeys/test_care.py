"""The four gates of a customer: her own rep sees which one holds her, what it shows by, and what helps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.copy import Copy
from referral import due_rows
from referral.moments import Moment
from referral.wording import lint
from tests.journeys.test_claims import rep_cookies
from tests.journeys.town import Page, Town

ASKING = ("海报", "介绍", "推荐", "邀请")
DAY = timedelta(days=1)


async def feels(town: Town, **known: Any) -> str:
    """What is known of Jun, a customer of Lin's; his page's path."""
    await town.act("jun", "add", "lin")
    jun, now = (await town.person("jun")).id, town.app.clock()
    moment = Moment(person=jun, customer_since=now - 400 * DAY, **known)
    await town.app.store.write(lambda tx: due_rows.keep(tx, town.app.facts, moment, now=now))
    return f"/rep/p/{jun}"


async def care(town: Town, path: str) -> Page:
    return await town.get(f"{path}/care", cookies=await rep_cookies(town))


async def test_a_customer_with_a_complaint_is_to_be_helped_before_all_else(town: Town) -> None:
    path = await feels(town, complaints=1, satisfaction=6.0, seen_at=town.app.clock() - 200 * DAY)

    page = await care(town, path)

    assert page.status == 200
    experience, rest = page.text.partition("产品体验满意")[2].split("社交认同")
    assert "先补这一道" in experience
    assert "最近一次打了 6 分，有投诉还没了结" in experience
    assert "跟到底" in experience
    assert "也要留意" in rest.partition("持续互动")[2]
    assert page.text.count("先补这一道") == page.text.count('id="care"') == 1


async def test_a_customer_who_was_not_heard_of_for_long_is_greeted_not_asked(town: Town) -> None:
    path = await feels(town, satisfaction=9.0, seen_at=town.app.clock() - 200 * DAY)

    page = await care(town, path)

    assert "先补这一道" in page.text.partition("持续互动")[2]
    assert "先问候近况" in page.text


async def test_where_nothing_is_known_no_gate_is_said_to_be_passed_and_none_holds(town: Town) -> None:
    path = await feels(town, satisfaction=None, seen_at=town.app.clock() - DAY)

    page = await care(town, path)

    experience, rest = page.text.partition("产品体验满意")[2].split("社交认同")
    assert "还没有打过分" in experience
    assert "还不知道</span>" in experience
    assert "一年里还没有问起过" in rest
    assert "还没有要过海报" in rest
    assert page.text.count("还不知道</span>") == 3
    assert page.text.count("过了</span>") == 1
    assert "四道门都过了" not in page.text
    assert "没有哪道门拦着" in page.text
    assert 'id="care"' not in page.text


async def test_what_is_not_known_holds_nobody_and_suggests_nothing(town: Town) -> None:
    path = await feels(town, satisfaction=9.0, seen_at=town.app.clock() - DAY)

    page = await care(town, path)

    assert page.text.count("过了</span>") == page.text.count("还不知道</span>") == 2
    assert "没有哪道门拦着" in page.text
    assert 'id="care"' not in page.text
    assert f"{path}/care" in (await town.get(path, cookies=await rep_cookies(town))).text


async def test_only_the_customers_own_rep_sees_it(town: Town) -> None:
    path = await feels(town)
    await town.hire("wang", "王顾问")

    assert (await town.get(f"{path}/care", cookies=await rep_cookies(town, "wang"))).status == 404
    assert (await town.get("/rep/p/nobody/care", cookies=await rep_cookies(town))).status == 404
    assert (await town.get(f"{path}/care")).status != 200


@pytest.mark.parametrize("gate", ["experience", "recognition", "tool", "interaction"])
def test_what_is_said_at_a_gate_is_lawful_and_asks_for_nothing(gate: str) -> None:
    said = Copy.load().say(f"gate.care_{gate}")

    assert lint(said, edition="chat", industry="retail") == []
    assert not [word for word in ASKING if word in said]
