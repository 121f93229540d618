"""What a customer's own history lets her words say: only what is known of her, never what she felt or what it did.

Of a survey nothing is said, since its answer was given to the company alone; nor of a complaint. An opening is hers to
change before she sends it, and none of it stands where others can read it (`bot.offers.words` keeps it out of feeds).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from referral.signals import SignalKind
from referral.times import SHANGHAI

if TYPE_CHECKING:
    from referral.tx import Tx

FRESH_DAYS = 60
"""How long ago something may be of which she says 「前阵子」."""

OFTEN = 3
"""From so many orders on she has bought more than once or twice."""

_BUYS = frozenset({"order.paid", "visit.completed"})
_ITEM = re.compile(r"(?=.*[\u3400-\u9fff]{2})[\u3400-\u9fffA-Za-z0-9·]{2,10}")
_NUMBERED = re.compile(r"\d{3}")
_PRIVATE = re.compile(  # health, body, love, faith, debts and luck: in doubt a thing is not named
    r"[药藥膏孕病癌瘤炎癣痔疣疹疮痘斑疤毒血尿便肠胃肝肾胎疗诊症]|治(?!愈系)|检[测查]|试纸|体检|筛查|手术|疫苗|胶囊|针剂|打针|针灸|"
    r"[黑激生]素|整形|整容|丰胸|隆[胸鼻]|植发|脱发|生发|假发|脱毛|私[处密]|狐臭|脚气|糖尿|抑郁|焦虑|失眠|心理|咨询|艾滋|"
    r"性|情趣|成人|避孕|安全套|保险套|内[衣裤]|文胸|润滑|按摩棒|飞机杯|卫生巾|月经|姨妈|流产|鉴定|助听|轮椅|假牙|义齿|种牙|矫|"
    r"减[肥脂重]|瘦|戒|烟|保[险險单]|[贷貸债]|[借欠]款|理财|基金|股票|证券|期货|投资|信用|催收|彩票|律师|离婚|相亲|侦探|"
    r"墓|殡|骨灰|寿衣|遗|佛|圣经|算命|风水|(?i:hiv|hpv|dna|adhd)"
)
_SECRET_TRADES = frozenset({"medical", "insurance", "bank", "loans", "securities"})
"""Where the thing bought tells of a body or a purse, whatever it is called (reliability R8)."""


class Past(StrEnum):
    """What an opening may lean on."""

    RENEWED = "renewed"
    BOUGHT = "bought"
    PRAISED = "praised"
    OFTEN = "often"
    WROTE = "wrote"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What we hold of one customer; the default is that we hold nothing.

    `orders` is at least how many were hers and kept; `item` is what the latest of them was for, empty where nobody
    said; `good` is her last good moment; `wrote` tells that a story of hers stands on the wall for all to read.
    """

    orders: int = 0
    item: str = ""
    item_on: date | None = None
    good: SignalKind | None = None
    good_on: date | None = None
    wrote: bool = False


UNKNOWN = History()


def history_of(tx: Tx, person: str) -> History:
    """What is held of a customer, in three small reads; nothing of who switched personalisation off."""
    moment = tx.moments.get(person)
    if not moment.personal:
        return UNKNOWN
    bought = [order for order in tx.orders.of_person(person) if order.kind in _BUYS and not order.is_given_back]
    last = max(bought, key=lambda order: order.came, default=None)
    return History(
        orders=max(len(bought), moment.orders or 0),
        item=last.product if last else "",
        item_on=last.paid_at.astimezone(SHANGHAI).date() if last else None,
        good=moment.good,
        good_on=moment.good_at.astimezone(SHANGHAI).date() if moment.good_at else None,
        wrote=any(story.is_on_the_wall for story in tx.stories.of_person(person)),
    )


def sayable(history: History, today: date) -> tuple[Past, ...]:
    """What of a history may be said on a day, the freshest first."""
    is_fresh = _is_fresh(history.good_on, today)
    known = {
        Past.RENEWED: history.good is SignalKind.RENEWAL and is_fresh,
        Past.BOUGHT: is_an_item(history.item) and _is_fresh(history.item_on, today),
        Past.PRAISED: history.good is SignalKind.PRAISE and is_fresh,
        Past.OFTEN: history.orders >= OFTEN,
        Past.WROTE: history.wrote,
    }
    return tuple(past for past, holds in known.items() if holds)


def is_an_item(name: str) -> bool:
    """Whether a shop's name for what was bought is one that a person would say: short, Chinese, no article number.

    And nothing that tells of her health, body, love, faith or debts: that is nobody's to pass on (PIPL 28).
    """
    return _ITEM.fullmatch(name) is not None and not _NUMBERED.search(name) and not _PRIVATE.search(name)


def names_items(industry: str) -> bool:
    """Whether what was bought may be named at all in an industry."""
    return industry not in _SECRET_TRADES


def times_words(count: int) -> str:
    """How often, as people say it and never more than is true: 三, 十, 十几, 几十, 上百."""
    if count > 10:
        return "十几" if count < 20 else "几十" if count < 100 else "上百"
    return "零一两三四五六七八九十"[count]


def _is_fresh(day: date | None, today: date) -> bool:
    return day is not None and 0 <= (today - day).days <= FRESH_DAYS
