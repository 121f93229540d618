"""What somebody typed that promises an amount or a gift: only what the offer itself says stays true when it changes.

A `{name}` that the offer answers is no promise of hers. Numbers that only count hours, steps or years pass, as do words
that merely share a character with a gift (礼貌, 证券), and what a shop has for everybody (免费停车).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BRACED = re.compile(r"\{[^{}]*\}|[{}]")
_TO_BRACES = r"(?![你您给他她上出]{0,2}\{)"

_DIGITS = r"[0-9０-９零〇一二两三四五六七八九十百千万几半]+(?:[.．点][0-9０-９]+)?"
_SOME = r"(?:[0-9０-９]|[二两三四五六七八九十百千万几半])[0-9０-９零〇一二两三四五六七八九十百千万半]*"
_SUM = (
    r"(?>[0-9０-９]+(?:[.．点][0-9０-９]+)?"
    r"|[一二两三四五六七八九几]?[十百千万][零〇一二两三四五六七八九十百千万半几]*|[二两三四五六七八九几])"
)
_COUNTS = (
    r"(?!\s*(?:个|[次遍步趟道度层点号楼年天日周月岁人位名家座桌间米里种款节堂门对市城]|分钟|小时|[套份](?:方案|资料)))"
)
_WEIGHS = r"(?!\s*(?:公?斤|[余多]))"
_GOODS = r"(?:[箱盒瓶袋桶斤杯]|[份张件套](?!方案|计划|建议|清单|菜单|档案|报告|资料|耐心|心))"

_AMOUNT = re.compile(
    rf"[¥￥$]\s*[0-9０-９]+|(?<![0-9０-９])(?!100\s*[%％]){_DIGITS}\s*(?:元|块钱|毛钱|折|[%％]|积分|倍)|{_SOME}\s*块(?!儿)"
    rf"|{_DIGITS}\s*(?:天|日|周|个?月|季|年)的?(?:会员|免费|试用|体验|时长|课)"
    rf"|{_DIGITS}\s*[张份](?:代金|优惠|抵用|折扣|现金|礼品|体验)?券"
)
_BESIDE = re.compile(
    rf"(?:抵|(?<!往)返|(?<![获得])奖)[扣现用给你您我他她了]{{0,2}}\s*{_SUM}"
    rf"|(?:减|降|(?<![全各本外跨])省|便宜)[免少掉下去了到至低你您]{{0,2}}\s*(?:{_SUM}{_COUNTS}{_WEIGHS}|一?半(?!时间|[天路心]|[力工功]))"
    rf"|满\s*(?:{_SUM}(?!\s*(?:周?岁|年|天|个?月|[分位人座桌]))|一(?=[件单箱]))"
    rf"|(?:每[人位家户单]|一人|各|人手)[各得拿领有]?\s*(?:{_SUM}{_COUNTS}|一{_GOODS})"
    rf"|(?:给[你您我他她]|领)\s*[0-9０-９]++{_COUNTS}"
    rf"|(?:就|即|另)有(?:{_SUM}|一)[箱盒瓶袋桶斤]"
)
_GIVING = re.compile(
    r"(?:赠送?|送(?![货达上装修别行到])|立减|立省|减免|返现|返还?(?=[你您给])|领取?(?=[一份走券礼])|免费(?:送|领|赠|用|试|体验))"
    + _TO_BRACES
)
_GIFT = re.compile(
    r"(?:半价|免单|免费(?!停车|泊车|咨询|[Ww]i-?[Ff]i|WIFI|无线网|茶水|热水|寄存|充电)|[免包]邮|免运费|红包|优惠|折扣|返利"
    r"|奖励(?!自己)|奖[金品]|抽奖|(?<![证债胜场])券(?!商)"
    r"|礼[包品物金券盒]|(?:见面|伴手|新人|新客|开业|入会|进店|到店|[好豪厚大]|(?<!彬)有)礼(?![貌堂仪节数拜服让炮赞教有]))"
    + _TO_BRACES
)
_PHRASE = re.compile(r"[^，。！？；：、,.!?\s]{1,12}")


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise in a text, word for word; `is_number` where it is a number, else it is a gift."""

    text: str
    is_number: bool


def promises(text: str) -> list[Promise]:
    """Every promise that is typed into a text, in order of place."""
    plain = _BRACED.sub(lambda braced: "{" * len(braced[0]), text)
    found: dict[int, tuple[int, Promise]] = {}
    for start, end, is_number in _places(plain):
        if all(end <= begun or ended <= start for begun, (ended, _) in found.items()):
            found[start] = end, Promise(plain[start:end], is_number)
    return [promise for _, (_, promise) in sorted(found.items())]


def _places(plain: str) -> Iterator[tuple[int, int, bool]]:
    for pattern in (_AMOUNT, _BESIDE):
        yield from ((*match.span(), True) for match in pattern.finditer(plain))
    for match in _GIVING.finditer(plain):
        phrase = _PHRASE.match(plain, match.start())
        yield match.start(), phrase.end() if phrase else match.end(), False
    yield from ((*match.span(), False) for match in _GIFT.finditer(plain))
