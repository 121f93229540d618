"""What a customer may mean about thanks of their own: the form they want, and their points."""

from __future__ import annotations

import re
from dataclasses import dataclass

from referral.choices import CHOOSE
from referral.ids import is_id


@dataclass(frozen=True, slots=True)
class OfThanks:
    """Anything about a thanks of their own."""


@dataclass(frozen=True, slots=True)
class AskedPoints(OfThanks):
    """积分, 兑换."""


@dataclass(frozen=True, slots=True)
class NamedForm(OfThanks):
    """选现金: the form by some word for it."""

    word: str


@dataclass(frozen=True, slots=True)
class TookForm(OfThanks):
    """A tapped form, counted from 0."""

    reward: str
    number: int


POINTS = "points"
"""The menu item that asks for points."""

_POINTS = re.compile(
    r"^(查|查查|查一下|看看|看下)?(我)?(的|有|还有|还剩)?(多少)?积分(余额|商城|明细)?(呢|是多少|有多少|多少|怎么用|怎么换|能换什么)?$"
    r"|^(我)?(要|想|积分)?(兑换|换积分|兑积分|积分兑换)(礼品|礼物|东西)?$"
)
_CHOICE = re.compile(r"^(?:我)?(?:要|想要?|就)?选(?:择)?(?!一下|什么|哪)(?:第)?([^,。?!]{1,12}?)(?:吧|了|的)?$")
_ITEM = re.compile(rf"{CHOOSE}:([^:]+):(\d)")
_WORDS = {"会员": ("days", "tier"), "现金": ("cash",), "红包": ("cash",), "钱": ("cash",), "积分": ("points",)}
_WORDS |= {"券": ("coupon",), "优惠券": ("coupon",), "礼物": ("gift",), "礼品": ("gift",)}


def tapped(menu: str) -> OfThanks | None:
    """What a menu item of ours means, None for another."""
    if menu == POINTS:
        return AskedPoints()
    item = _ITEM.fullmatch(menu)
    return TookForm(item[1], int(item[2])) if item and is_id(item[1], "w") else None


def meant(said: str) -> OfThanks | None:
    """What plain words mean."""
    if _POINTS.match(said):
        return AskedPoints()
    choice = _CHOICE.match(said)
    return NamedForm(choice[1]) if choice else None


def fits(word: str, kind: str, words: str) -> bool:
    """Whether a word means the form of this kind that reads so."""
    return kind in _WORDS.get(word, ()) or word in words
