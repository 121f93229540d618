"""What the rep's pages call things: reasons to pass over, what came of an ask, how a broadcast stands, when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.pages.thanks_views import Tone
from referral.broadcasts import BroadcastState, End
from referral.nicknames import legible
from referral.times import SHANGHAI, chinese_date

NAMELESS = "一位客户"

SKIPS: Mapping[str, str] = {
    "chatted": "刚聊过",
    "not_now": "眼下不是时候",
    "unsuitable": "不适合请对方推荐",
    "lost": "联系不上",
}
"""The reasons that a rep may give for passing a customer over, from those that are remembered."""

CAME: Mapping[str, str] = {"took": "要了海报", "later": "对方说先不用", "opted_out": "对方不想再被提醒"}

OVER: Mapping[str, str] = {
    "expired": "在名单上放得太久，已经过期。",
    "moved:kf": "对方自己来了客服，已经在那边问过。",
    "taken_back": "有客户不想再收到，这次群发已经收回。",
    "dropped:rep.changed": "这位客户现在由别的同事跟进。",
    "dropped:channel.closed": "现在轮不到顾问来问了。",
    End.NOT_FRIEND.value: "群发时，对方已经不是您的联系人。",
    End.CAP.value: "群发时，对方这个月能收的次数已经用完。",
    End.FAILED.value: "群发没有送到。",
    "rep_did_not_send": "群发三天没有按发送，已经收回。",
}

ENDS: Mapping[End | None, tuple[str, Tone]] = {
    None: ("等您按发送", "plain"),
    End.SENT: ("已发出", "good"),
    End.NOT_FRIEND: ("已不是联系人", "off"),
    End.CAP: ("本月已收满", "off"),
    End.FAILED: ("没有发出", "off"),
}

STANDS: Mapping[BroadcastState, tuple[str, Tone, str]] = {
    BroadcastState.QUEUED: ("正在交给企业微信", "plain", "请稍等几秒，这一页会自己更新。"),
    BroadcastState.WAITING: ("等您按发送", "plain", "请打开企业微信的「群发助手」，看一眼，再按发送。"),
    BroadcastState.DONE: ("已有结果", "good", "每一位的结果都在下面。"),
    BroadcastState.CANCELLED: ("已收回", "off", "没发出去的，不会再发。"),
    BroadcastState.UNKNOWN: ("结果不明", "off", "企业微信没有说清有没有建好，为免重复，不会再试。"),
    BroadcastState.FAILED: ("没有建好", "off", "企业微信没有接受这次群发，请单独聊。"),
}


def short(text: str, longest: int) -> str:
    """A text on one line, at most `longest` characters."""
    return legible(text, longest)


def day(now: datetime) -> str:
    """Today, e.g. `11月23日 周一`."""
    local = now.astimezone(SHANGHAI)
    return f"{chinese_date(now)} 周{'一二三四五六日'[local.weekday()]}"


def when(at: datetime, now: datetime) -> str:
    """A time soon to come, as people say it: `今天 9:30`, `明天 9:00`, `11月25日 9:00`."""
    local, today = at.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    gap = (local.date() - today).days
    named = ("今天", "明天")[gap] if gap in (0, 1) else chinese_date(at)
    return f"{named} {local.hour}:{local.minute:02}"
