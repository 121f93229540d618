"""The industry switch (reliability R8, R5): which sectors may run campaigns, and which thanks are lawful there.

What may be *said* in a sector is in wording_sectors; this is about what may be *given*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

KINDS = ("cash", "points", "coupon", "days", "privilege", "gift", "tier")
"""The seven kinds of thanks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """What a sector's law forbids: `kind` of thanks, None for every campaign; `why` is for staff to read."""

    industry: str
    kind: str | None
    why: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sector:
    kinds: tuple[str, ...]
    why: str
    source: str
    runs: bool = True


_SECTORS = {
    "k12": _Sector(
        kinds=KINDS,
        why="面向中小学生的校外培训不得在网络平台做广告，本行业不能开展推荐活动",
        source="教育部等八部门 2021 年关于校外培训广告管控的通知",
        runs=False,
    ),
    "insurance": _Sector(
        kinds=KINDS,
        why="不得给投保人、被保险人、受益人保险合同约定以外的利益，只能致谢和提供服务",
        source="保险法第一百一十六条第四项、第一百三十一条第四项",
    ),
    "medical": _Sector(
        kinds=KINDS,
        why="为介绍患者付好处按商业贿赂处罚，只能致谢和提供服务",
        source="反不正当竞争法（商业贿赂）、广告法第十六条",
    ),
    "loans": _Sector(
        kinds=KINDS,
        why="贷款营销不得以利益招揽借款人，未经持牌机构合规确认只能致谢",
        source="广告法第二十五条、金融产品网络营销管理办法（征求意见稿）",
    ),
    "securities": _Sector(
        kinds=KINDS,
        why="证券营销不得以利益招揽投资者，未经持牌机构合规确认只能致谢",
        source="广告法第二十五条、金融产品网络营销管理办法（征求意见稿）",
    ),
    "bank": _Sector(
        kinds=("cash",),
        why="银行不得以现金招揽客户，谢礼只能是服务和权益",
        source="反不正当竞争法（商业贿赂）、广告法第二十五条",
    ),
}


def may_run(industry: str) -> Barred | None:
    """Why no campaign at all may run in an industry; None where the law leaves room for some."""
    sector = _SECTORS.get(industry)
    if sector is None or sector.runs:
        return None
    return Barred(industry=industry, kind=None, why=sector.why, source=sector.source)


def unlawful_kinds(industry: str, kinds: Iterable[str]) -> list[Barred]:
    """The kinds of thanks among `kinds` that an industry may not give, each once, in the order met."""
    sector = _SECTORS.get(industry)
    if sector is None:
        return []
    barred = dict.fromkeys(kind for kind in kinds if kind in sector.kinds)
    return [Barred(industry=industry, kind=kind, why=sector.why, source=sector.source) for kind in barred]
