"""How customers ask why, how far a friend is and when thanks come, in their own words; and what is none of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from referral.conversations.actions import CallPerson, OpenAppeal, Say, TellFriends, TellWhen, TellWhy
from referral.conversations.flow import Chat, Situation, step
from referral.conversations.heard import (
    Appealed,
    AskedForPerson,
    AskedFriends,
    AskedProgress,
    AskedWhen,
    AskedWhy,
    hear,
)

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)

WHY = """
为什么
为什么？
为啥呀
为什么没算
为什么没算我的
我朋友买了为什么没算
我同事下单了怎么没算
怎么没给我算
朋友那单怎么还没计入
为什么显示未计入
凭什么不算我的推荐
为什么谢礼退回了
谢礼为啥被收回
我介绍的人咋没记上
为什么我的朋友不算新客户
没算我的
怎么回事
那个朋友没算上
""".strip().splitlines()

FRIENDS = """
我的朋友算上了吗
朋友算上了没
我朋友算进去了吗
我那个朋友到哪一步了
那位到哪步了
我介绍的人怎么样了
我推荐的朋友买了没有
上次介绍的那位有消息吗
我同事下单了吗
我闺蜜那边什么情况
我带来的人登记了吗
小君算上了吗
李姐算上了没有
我邻居报名了吗
算上了吗
我的朋友怎么样了
""".strip().splitlines()

WHEN = """
谢礼什么时候到
谢礼啥时候到账
什么时候能到账
会员什么时候到
我的谢礼到了吗
谢礼呢
我的会员怎么还没到
积分多久到
谢礼还要等多久
会员天数几时给我
怎么还没到账
到账了吗
我的谢礼
谢礼发了吗
那份谢礼还没收到
""".strip().splitlines()

APPEALS = """
申诉
我要申诉
想申诉一下
我不服
我有异议
帮我核对一下
再核一遍
重新核一下
""".strip().splitlines()

OTHER = """
快递什么时候到
我的快递怎么还没到
为什么快递还没到
券什么时候到期
会员什么时候到期
你们几点开门
朋友的生日送什么好
怎么没有小号了
多久能送到
他们家怎么样
为什么门店今天没开
这件没有货了吗
帮我看看物流
你们小程序怎么样
我的快递到哪了，帮我看看
帮我再查一下物流
""".strip().splitlines()


@pytest.mark.parametrize(
    ("text", "meant"),
    [(text, meant) for texts, meant in ((WHY, AskedWhy()), (FRIENDS, AskedFriends()), (WHEN, AskedWhen()))
     for text in texts] + [(text, Appealed()) for text in APPEALS],
)  # fmt: skip
def test_a_question_about_friends_and_thanks_is_understood_in_many_words(text: str, meant: object):
    assert hear(text) == meant


@pytest.mark.parametrize("text", OTHER)
def test_talk_of_other_things_is_not_taken_for_it(text: str):
    kinds = (AskedWhy, AskedFriends, AskedWhen, Appealed, AskedProgress)

    assert not isinstance(hear(text), kinds)


@pytest.mark.parametrize(
    ("text", "told"), [("为什么", TellWhy()), ("朋友算上了吗", TellFriends()), ("谢礼什么时候到", TellWhen())]
)
def test_each_question_has_its_own_answer(text: str, told: object):
    _, actions = step(Chat(), hear(text), Situation(campaign_runs=True), NOON)

    assert actions == [told]


@pytest.mark.parametrize("text", ["为什么", "朋友算上了吗", "谢礼什么时候到"])
def test_asking_for_a_person_after_an_explanation_is_an_appeal(text: str):
    chat, _ = step(Chat(), hear(text), Situation(campaign_runs=True), NOON)
    kept = Chat.read(chat.keep())

    _, actions = step(kept, AskedForPerson(), Situation(campaign_runs=True), NOON + timedelta(hours=3))

    assert actions == [OpenAppeal()]


def test_asking_for_a_person_a_day_later_is_only_that():
    chat, _ = step(Chat(), AskedWhy(), Situation(campaign_runs=True), NOON)

    _, actions = step(chat, AskedForPerson(), Situation(campaign_runs=True), NOON + timedelta(hours=25))

    assert actions == [Say("person.handed"), CallPerson(session=True)]


def test_one_explanation_makes_one_appeal():
    chat, _ = step(Chat(), AskedWhy(), Situation(campaign_runs=True), NOON)
    chat, _ = step(chat, AskedForPerson(), Situation(campaign_runs=True), NOON)

    _, actions = step(chat, AskedForPerson(), Situation(campaign_runs=True), NOON)

    assert actions == [Say("person.handed"), CallPerson(session=True)]


def test_an_appeal_is_heard_at_any_time():
    _, actions = step(Chat(), hear("申诉"), Situation(campaign_runs=True), NOON)

    assert actions == [OpenAppeal()]
