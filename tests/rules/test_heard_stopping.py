"""Which words mean that somebody wants to hear nothing more unasked, and which only sound like it."""

from __future__ import annotations

import pytest

from referral.conversations.heard import Stopped, hear

STOPS = """
不再提醒
退订
退 订
TD
T D
Ｔｄ
取 消
不再 提醒
别发了
别给我发了
别发我了!
不要再发了
不要再发我了
不要再发，太烦
请不要再发送
别再发消息
别再给我发消息了
不要再给我发消息
别再给我们发推广的消息
别老给我发消息
不要老是发广告了
以后不要给我发广告
别再推了
别再推送消息
停止推送
请停止发送广告
不用再发了
不想收到
不想再收到你们的消息
不愿再收到营销短信
别再联系我
别烦我
请勿打扰
勿扰
不要再打扰我了
取消订单，以后别发了
怎么退订啊，别再发了
""".strip().splitlines()

OTHER = """
先不要发货
停止发货
不用发货
不用发了
订单不要给我发顺丰
别给我发错了
不要再发错了
别发快递
不要发票
还没收到
不想再收到破损的货
怎么退订
怎么 退订
取消 订单
帮我退订 单
不要给朋友发短信可以吗
别联系我朋友可以吗
不要发生这种事
别烦恼
别发愁
别推荐
""".strip().splitlines()


@pytest.mark.parametrize("text", STOPS)
def test_a_wish_for_silence_is_heard_in_many_words_with_blanks_or_without(text: str) -> None:
    assert hear(text) == Stopped()


@pytest.mark.parametrize("text", OTHER)
def test_talk_of_orders_parcels_and_friends_is_no_wish_for_silence(text: str) -> None:
    assert hear(text) != Stopped()
