"""The model for staff: each weight beside the one it began with, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import sqrt
from typing import Any

from bot.cli.columns import columns
from referral import gaussian
from referral.experiment_words import FRAMINGS
from referral.learning import NAMES, Model
from storage.times import iso

_NAMES: Mapping[str, str] = {
    "intercept": "一般客户",
    "tenure": "成为客户半年以上",
    "old": "三年以上的老客户（每多一年）",
    "satisfaction": "满意度（每高 2.5 分）",
    "unsurveyed": "没有打过分",
    "active": "活跃度（从最低到最高）",
    "top": "最活跃的 20%",
    "referred": "介绍过朋友",
    "came": "自己是朋友介绍来的",
    "unprompted": "主动取过海报",
    "fresh": "这两天有好事",
    "good": "这一周有好事",
    "complaint": "不久前有投诉",
    "fatigue": "最近问过",
    "taken": "一个月内取过海报",
    **{arm: f"说法：{name}" for arm, name in FRAMINGS.items()},
    "both:coupon": "常用券的客户遇上「两边都好」",
    "early:valued": "最活跃的客户遇上「先一步」",
    "thanks:came": "朋友介绍来的客户遇上「谢谢这家店」",
}


def described(model: Model) -> dict[str, Any]:
    """A model as JSON: `weight` in log-odds beside `prior`, and `sure`, its standard deviation."""
    prior, deviations = Model(), _deviations(model)
    weights = [
        {"name": name, "text": _NAMES[name], "weight": round(mean, 3), "prior": round(was, 3), "sure": round(sd, 3)}
        for name, mean, was, sd in zip(NAMES, model.mean, prior.mean, deviations, strict=True)
    ]
    return {
        "version": model.version,
        "learned_at": iso(model.learned_at),
        "asks": model.examples,
        "took": model.took,
        "ripe_days": model.ripe_days,
        "weights": weights,
    }


def told(found: Mapping[str, Any]) -> Iterator[str]:
    """The same as lines for a terminal: what has moved most comes first."""
    yield f"第 {found['version']} 版，从 {found['asks']} 次邀请里学过，其中 {found['took']} 次取了海报"
    moved = sorted(found["weights"], key=lambda each: -abs(each["weight"] - each["prior"]))
    rows = [(w["text"], f"{w['weight']:+.2f}", f"{w['prior']:+.2f}", f"±{w['sure']:.2f}") for w in moved]
    yield from columns(("看什么", "现在", "起步", "把握"), rows)


def _deviations(model: Model) -> list[float]:
    size = len(model.mean)
    return [sqrt(gaussian.solve(model.factor, [float(i == j) for i in range(size)])[j]) for j in range(size)]
