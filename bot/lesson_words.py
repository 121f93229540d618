"""What was learned of a company's history, in words and for `--json`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from referral.scoring import span_words
from referral.studying import AT_LEAST, ENOUGH
from referral.taught import Finding, Tally, Taught
from referral.times import days

_WORDS = {"tier": "等级「{}」的客户", "tag": "带标签「{}」的客户", "rep": "「{}」跟进的客户"}


def as_json(taught: Taught | None) -> dict[str, Any] | None:
    """The key `learned` of the import's report."""
    if taught is None:
        return None
    lesson, skill = taught.lesson, taught.skill
    return {
        "customers": lesson.customers,
        "referrals": lesson.referrals,
        "top_20": {"learned": skill.lesson, "profile": skill.profile, "tenure": skill.tenure},
        "trust": lesson.trust,
        "findings": [_finding_json(each) for each in taught.findings],
    }


def spoken(tally: Tally, taught: Taught | None) -> Iterator[str]:
    """A short paragraph, nothing where there is no history at all."""
    if taught is None:
        if tally.customers:
            yield (
                f"过去的介绍：{tally.customers} 位客户填了已介绍人数，共 {tally.referrals} 人；"
                f"满 {ENOUGH} 位、{AT_LEAST} 人才看得出规律，评分先按通用规则"
            )
        return
    lesson, skill = taught.lesson, taught.skill
    yield f"从 {lesson.customers} 位客户过去介绍的 {lesson.referrals} 位朋友中学到："
    for each in taught.findings:
        yield f"  {sentence(each)}"
    if lesson.trust == 0 or skill.lesson <= skill.profile:
        yield "  没有看出比通用规则更准的规律，评分基本不变"
    else:
        yield (
            f"  按学到的排序，前 20% 的客户占全部介绍的 {_percent(skill.lesson)}"
            f"（通用规则 {_percent(skill.profile)}，只看合作多久 {_percent(skill.tenure)}；用没学过的客户验证）"
        )
    if tally.referrers == tally.customers:
        yield "  已介绍人数一列没有 0：空着的按“不知道”算；如果空着就是没有介绍过，请填 0 再导入一次"


def sentence(finding: Finding) -> str:
    """A finding as people say it."""
    if finding.word:
        times = f"{finding.times:.1f} 倍"
        who = _WORDS[finding.trait].format(finding.word)
        return f"{who}，介绍的朋友{'是平均的 ' if finding.times >= 1 else '只有平均的 '}{times}"
    return f"{_who(finding)}介绍了 {_percent(finding.share)} 的朋友"


def _finding_json(finding: Finding) -> dict[str, Any]:
    numbers = {"part": round(finding.part, 4), "share": round(finding.share, 4), "times": round(finding.times, 2)}
    edges = {"from": finding.above, "below": finding.below}
    bounds = {name: None if edge is None else round(edge, 2) for name, edge in edges.items()}
    of = {"value": finding.word} if finding.word else bounds
    return {"trait": finding.trait} | of | numbers | {"text": sentence(finding)}


def _who(finding: Finding) -> str:
    """Which customers, with how many of all they are: `活跃度前 20% 的客户`."""
    if finding.trait == "activity" and finding.rank in (1, 5):
        return f"活跃度{'前' if finding.rank == 5 else '后'} {_percent(finding.part)} 的客户"
    above, below = _worded(finding.trait, finding.above), _worded(finding.trait, finding.below)
    only_above, between, only_below = _BOUNDS[finding.trait]
    words = between if above and below else only_above if above else only_below
    return f"{words.format(above=above, below=below)}客户（{_percent(finding.part)}）"


_BOUNDS = {
    "tenure": ("合作满 {above}的", "合作 {above}到 {below}的", "合作不到 {below}的"),
    "idle": ("超过 {above}没有下单的", "上次下单在 {above}到 {below}前的", "最近 {below}内下过单的"),
    "satisfaction": ("满意度 {above} 分及以上的", "满意度 {above} 分到不满 {below} 分的", "满意度不满 {below} 分的"),
    "orders": ("下过 {above} 单及以上的", "下过 {above} 单到不满 {below} 单的", "下单不满 {below} 单的"),
    "activity": ("活跃度 {above} 及以上的", "活跃度 {above} 到 {below} 之间的", "活跃度不到 {below} 的"),
}
"""Of each scale: from a number on, between two, below one."""


def _worded(trait: str, edge: float | None) -> str:
    if edge is None:
        return ""
    return span_words(days(edge)) if trait in ("tenure", "idle") else f"{edge:g}"


def _percent(share: float) -> str:
    return f"{round(100 * share)}%"
