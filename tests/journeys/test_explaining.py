"""Asking why, how far a friend is and when thanks come, in chat and on the own page; and asking for a second look."""

from __future__ import annotations

import pytest

from referral.errors import BadInput, NotFound, RuleViolation
from tests.journeys.town import HOLD_S, PRICE, link_in

DAY = 86_400


async def friend_came(town):
    """Mei has a code in a campaign, and Jun has added Lin through it."""
    campaign = await town.campaign()
    code = await town.code_of("mei", campaign)
    await town.act("jun", "add", code)
    return code


async def refused(town):
    """Jun has given back what he bought, so that Mei's thanks are taken back."""
    await friend_came(town)
    order = await town.buy("jun")
    await town.act("jun", "refund", order["order_no"])


async def test_how_far_a_friend_is_is_told_without_a_name(town):
    await friend_came(town)

    for asked in ("我的朋友算上了吗", "我那个朋友到哪一步了"):
        told = (await town.say("mei", asked))[0]
        assert "一位好友 · 已添加顾问（11月23日）" in told, asked
        assert "前都算。" in told
        assert "jun" not in told.lower()


async def test_after_the_purchase_the_friend_counts_and_the_day_is_named(town):
    await friend_came(town)
    await town.buy("jun")

    friends = (await town.say("mei", "我的朋友算上了吗"))[0]
    thanks = (await town.say("mei", "谢礼什么时候到"))[0]

    assert "已经计入" in friends
    assert "12月8日确认期满" in friends
    assert "谢礼 · 确认中" in thanks
    assert "12月8日确认期满" in thanks
    for text in (friends, thanks):
        assert str(PRICE) not in text
        assert "199" not in text


async def test_granted_thanks_are_told_as_granted(town):
    await friend_came(town)
    await town.buy("jun")
    await town.later(HOLD_S + DAY)

    assert "谢礼 · 已到账" in "\n".join(await town.say("mei", "谢礼到了吗"))


async def test_who_has_no_friends_and_no_thanks_hears_that_kindly(town):
    await town.code_of("mei", await town.campaign())

    assert "还没有查到通过您过来的朋友" in (await town.say("mei", "我的朋友算上了吗"))[0]
    assert "目前还没有谢礼在路上" in (await town.say("mei", "谢礼什么时候到"))[0]


async def test_a_few_newest_friends_are_explained_and_the_rest_counted(town):
    code = await friend_came(town)
    for stranger in ("a1", "a2", "a3", "a4"):
        await town.act(stranger, "add", code)

    told = (await town.say("mei", "我的朋友怎么样了"))[0]

    assert told.count("一位好友 · ") == 3
    assert "还有2位" in told
    assert (await town.get(link_in(told, "/me/"))).status == 200


async def test_the_own_page_tells_the_same_until_when(town):
    await friend_came(town)

    page = (await town.get(await town.me("mei"))).text

    assert "已添加顾问" in page
    assert "前都算。" in page


async def test_why_tells_what_does_not_count_and_how_to_appeal(town):
    await refused(town)

    told = (await town.say("mei", "我朋友买了为什么没算"))[0]

    assert "未计入" in told
    assert "退款或取消" in told
    assert "不影响您其他的朋友" in told
    assert told.endswith("觉得不对，回复「人工」，同事会再核一遍。")


async def test_asking_for_a_person_after_why_is_an_appeal_that_staff_answer(either_town):
    town = either_town
    await refused(town)
    await town.say("mei", "为什么")

    said = await town.say("mei", "人工")

    assert "我请同事重新核对这一件" in said[0]
    (appeal,) = await town.look(lambda tx: tx.appeals.waiting())
    assert appeal.reason == "refund.before_grant"
    assert appeal.about.startswith("referral:")
    assert any("有疑问" in text and appeal.id in text for text in await town.log("lin"))

    answered = await town.app.operator.run("appeal.answer", {"id": appeal.id, "text": "核对过了，那一单确实退了。"})
    await town.act("lin", "finish", {"customer": "mei"})
    await town.later(60)

    assert answered["answered_by"] == "cli"
    assert "同事重新核对过了：核对过了，那一单确实退了。" in (await town.get(await town.me("mei"))).text
    assert any("同事重新核对过了：" in text for text in await town.say("mei", "进度"))
    assert await town.look(lambda tx: tx.appeals.waiting()) == []


async def test_while_it_is_looked_at_again_nobody_is_refused_a_second_time(town):
    await refused(town)
    await town.say("mei", "申诉")
    await town.act("lin", "finish", {"customer": "mei"})

    told = (await town.say("mei", "为什么"))[0]
    again = (await town.say("mei", "申诉"))[0]

    assert "同事正在重新核对" in told
    assert "退款或取消" not in told
    assert "同事已经在核对了" in again
    assert len(await town.look(lambda tx: tx.appeals.waiting())) == 1


async def test_a_second_appeal_about_the_same_thing_goes_to_a_person_again(town):
    await refused(town)
    await town.say("mei", "申诉")
    (first,) = await town.look(lambda tx: tx.appeals.waiting())
    await town.app.operator.run("appeal.answer", {"id": first.id, "text": "核对过了，结果不变。"})

    await town.say("mei", "申诉")

    (second,) = await town.look(lambda tx: tx.appeals.waiting())
    assert second.again
    assert second.about == first.about
    assert any("再次有疑问" in text for text in await town.log("lin"))


async def test_what_a_customer_may_not_be_told_is_refused_before_it_is_sent(town):
    await refused(town)
    await town.say("mei", "申诉")
    (appeal,) = await town.look(lambda tx: tx.appeals.waiting())

    for text in ("", "写个好评返您5元", "长" * 201):
        with pytest.raises(BadInput, match="--text"):
            await town.app.operator.run("appeal.answer", {"id": appeal.id, "text": text})
    with pytest.raises(NotFound, match="没有这一条"):
        await town.app.operator.run("appeal.answer", {"id": "a_none", "text": "好"})

    await town.app.operator.run("appeal.answer", {"id": appeal.id, "text": "核对过了。"})
    with pytest.raises(RuleViolation, match="已经答复过"):
        await town.app.operator.run("appeal.answer", {"id": appeal.id, "text": "又一次"})
