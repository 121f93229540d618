"""The lift as the command line and the API tell it: numbers, and what they are worth in plain words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from referral.intervals import Interval
from referral.lift import FEW_CLUSTERS, Arm, Lift
from referral.times import chinese_day
from storage.times import iso

_FEW_HELD = 50  # held-out customers; below there is little to compare with


def as_json(lift: Lift) -> dict[str, Any]:
    """The report; an end of an interval that nothing is known about is null."""
    ratio = lift.ratio
    return {
        "at": iso(lift.at),
        "since": iso(lift.since),
        "verdict": verdict(lift),
        "incremental": _interval(lift.incremental),
        "attributed": lift.attributed,
        "brought": lift.brought,
        "treated": _arm(lift.treated),
        "held": _arm(lift.held),
        "contaminated": lift.contaminated,
        "sample_ratio": None
        if ratio is None
        else {"share": round(ratio.share, 4), "expected": ratio.expected, "p": round(ratio.p, 6), "alarm": ratio.alarm},
        "cuped": _interval(lift.adjusted.interval) | {"reduction": round(lift.adjusted.reduction, 4)},
        "by_rep": _interval(lift.clustered.interval)
        | {"reps": lift.clustered.clusters, "design_effect": round(lift.clustered.effect, 3)},
        "opt_outs": _interval(lift.opt_outs, 5),
        "churn": _interval(lift.churn, 5),
        "says": sentences(lift),
    }


def verdict(lift: Lift) -> str:
    """`none` nothing planned yet, `uncontrolled` nobody held out, `unsound` not to be believed, else what came of it.

    That is `more`, `fewer`, or `unclear`.
    """
    if lift.since is None:
        return "none"
    if lift.ratio is None:
        return "uncontrolled"
    if not lift.sound:
        return "unsound"
    if not lift.incremental.clear:
        return "unclear"
    return "more" if lift.incremental.lo > 0 else "fewer"


def sentences(lift: Lift) -> list[str]:
    """What it comes to, for whoever decides; the uncertainty before anything else."""
    if lift.since is None:
        return ["还没有问过任何客户。第一次排定之后，从那天起算效果。"]
    return [_headline(lift), _attributed(lift), _sides(lift, lift.since), *_caveats(lift), *_more(lift)]


def _headline(lift: Lift) -> str:
    told = lift.incremental
    if lift.ratio is None:
        return "没有留对照（holdout = 0），只知道问过以后来了多少，说不出其中多少本来就会来。"
    if lift.ratio.alarm:
        return (
            f"对照组占 {_percent(lift.ratio.share)}，本该是 {_percent(lift.ratio.expected)}，不像是碰巧。"
            "先查比例有没有改过、名单有没有挑过；查清以前，下面的差别先别信。"
        )
    if not told.known:
        return "现在还看不出来：还没有可以对照的客户。"
    around = f"95% 的把握在 {_count(told.lo)} 到 {_count(told.hi)} 位之间，天天看也作数"
    if not told.clear:
        return f"现在还看不出来：开口问多带来的朋友，{around}，零也在里面。"
    if told.lo > 0:
        return f"开口问，多带来约 {_count(told.point)} 位成了客户的朋友（{around}）。"
    return f"开口问，反而少来约 {_count(-told.point)} 位朋友（{around}）。请先停一停，看看话和时候。"


def _attributed(lift: Lift) -> str:
    whose = "对照以外的客户" if lift.ratio else "客户"
    return (
        f"{whose}一共带来 {lift.brought} 位，其中问过后 30 天内来的 {lift.attributed} 位；"
        "这里面有人本来也会来，所以不等于问来的。"
    )


def _sides(lift: Lift, since: datetime) -> str:
    treated, held = lift.treated, lift.held
    ripe = f"；问过满 37 天的 {treated.ripe} 位里，{treated.fruitful} 位带来了朋友" if treated.ripe else ""
    sides = f"对照以外 {treated.customers} 位，问过 {treated.asked} 位；对照 {held.customers} 位"
    if lift.ratio is None:
        sides = f"客户 {treated.customers} 位，问过 {treated.asked} 位"
    return f"从{chinese_day(since, lift.at)}起：{sides}{ripe}。"


def _caveats(lift: Lift) -> list[str]:
    told = []
    if lift.contaminated:
        told.append(f"对照里有 {lift.contaminated} 位被顾问自己问过，仍算对照；真正的差别多半更大。")
    if lift.ratio and 0 < lift.held.customers < _FEW_HELD:
        told.append(f"对照只有 {lift.held.customers} 位，要等人再多些，区间才会收窄。")
    return told


def _more(lift: Lift) -> list[str]:
    """Seen otherwise: what was known before, reps, goodwill."""
    told = []
    if lift.adjusted.reduction > 0.01 and lift.adjusted.interval.known:
        told.append(
            f"按以前的介绍校正后（CUPED，方差少 {_percent(lift.adjusted.reduction)}）："
            f"约 {_count(lift.adjusted.interval.point)} 位，{_ends(lift.adjusted.interval)}。"
        )
    by_rep = lift.clustered
    if by_rep.clusters > 1 and by_rep.interval.known:
        few = "，顾问还少，只作参考" if by_rep.clusters < FEW_CLUSTERS else ""
        told.append(
            f"按顾问分组看（{by_rep.clusters} 位顾问，同一顾问的客户彼此相像，误差放大 {by_rep.effect:.2f} 倍{few}）："
            f"约 {_count(by_rep.interval.point)} 位，{_ends(by_rep.interval)}。"
        )
    told += _shares("不再提醒", lift.treated.opted_out, lift.treated.customers, lift.held, lift.opt_outs)
    return told + _gone(lift)


def _shares(what: str, count: int, of: int, held: Arm, difference: Interval) -> list[str]:
    if not count and not held.opted_out:
        return []
    if not held.customers:
        return [f"说{what}的：{_share(count, of)}。"]
    said = f"说{what}的：对照以外 {_share(count, of)}，对照 {_share(held.opted_out, held.customers)}"
    return [f"{said}；{_worth(difference)}。"]


def _gone(lift: Lift) -> list[str]:
    treated, held = lift.treated, lift.held
    if not treated.gone and not held.gone:
        return []
    if not held.customers:
        return [f"走了的（半年没有下单，或删了顾问）：{_share(treated.gone, treated.settled)}。"]
    said = f"走了的（半年没有下单，或删了顾问）：对照以外 {_share(treated.gone, treated.settled)}"
    return [f"{said}，对照 {_share(held.gone, held.settled)}；{_worth(lift.churn)}。"]


def _worth(difference: Interval) -> str:
    if not difference.clear:
        return "差别还看不出来"
    return f"差 {abs(difference.point) * 100:.1f} 个百分点，不是碰巧"


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "customers": arm.customers,
        "brought": round(arm.brought.outcome.total),
        "asked": arm.asked,
        "asked_by_reps": arm.own,
        "ripe": arm.ripe,
        "fruitful": arm.fruitful,
        "opted_out": arm.opted_out,
        "settled": arm.settled,
        "gone": arm.gone,
    }


def _interval(told: Interval, digits: int = 1) -> dict[str, float | None]:
    if not told.known:
        return {"point": None, "lo": None, "hi": None}
    return {"point": round(told.point, digits), "lo": round(told.lo, digits), "hi": round(told.hi, digits)}


def _ends(told: Interval) -> str:
    return f"{_count(told.lo)} 到 {_count(told.hi)} 位"


def _count(value: float) -> str:
    return f"{value:.0f}".replace("-0", "0") if abs(value) < 1 else f"{value:.0f}"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}%"


def _share(count: int, of: int) -> str:
    return f"{count}/{of}（{_percent(count / of)}）" if of else "0"
