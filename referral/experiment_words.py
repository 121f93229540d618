"""What staff read of an experiment: how its arms stand, and how certain that is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from referral.experiments import Experiment, Kind, Metric, State
from referral.intervals import Interval
from referral.stopping import Standing, Verdict

KINDS: Mapping[Kind, str] = {Kind.COPY: "话术", Kind.POSTER: "海报", Kind.OFFER: "礼包", Kind.REWARD: "谢礼大小"}
"""Each kind as staff call it."""

STANDINGS: Mapping[Standing, str] = {
    Standing.RUNNING: "进行中",
    Standing.LEADING: "有一组领先",
    Standing.DECIDED: "已有结论",
    Standing.STOPPED: "已停止",
}
"""Each standing as staff call it."""

FRAMINGS: Mapping[str, str] = {
    "plain": "平实",
    "help": "帮朋友",
    "both": "两边都好",
    "early": "先一步",
    "thanks": "谢谢这家店",
}
"""Each framing as staff call it."""

_COUNTED: Mapping[Metric, tuple[str, str]] = {
    Metric.TOOK: ("每百位问过的客户里取海报的", "位"),
    Metric.CREDITED: ("每百位客户带来的成交好友", "位"),
}

Names = Callable[[str], str]
"""An arm as staff call it."""


def arm_name(experiment: Experiment, arm: str, campaign_name: Names) -> str:
    """An arm as staff call it: framings in Chinese, campaigns by their names, templates as they are."""
    if experiment.kind is Kind.COPY:
        return FRAMINGS.get(arm, arm)
    return campaign_name(arm) if arm in experiment.campaigns else arm


def result(experiment: Experiment, verdict: Verdict, names: Names) -> str:
    """What may be said of an experiment, in a sentence or two."""
    if verdict.best is None or verdict.rival is None:
        nothing = "还有一组没有客户，暂时没有可比的。"
        return _over(experiment, names) if experiment.ended_with else nothing
    best, rival, ahead = names(verdict.best), names(verdict.rival), verdict.difference
    counted = f"「{best}」对「{rival}」：{_difference(ahead, experiment.metric)}"
    return f"{counted}{_meaning(experiment, verdict, best, names)}"


def _difference(ahead: Interval, metric: Metric) -> str:
    what, unit = _COUNTED[metric]
    point, lo, hi = (_hundredfold(each) for each in (ahead.point, ahead.lo, ahead.hi))
    return f"{what}相差 {point} {unit}（区间 {lo} 到 {hi}）。"


def _meaning(experiment: Experiment, verdict: Verdict, best: str, names: Names) -> str:
    if verdict.standing is Standing.DECIDED:
        winner = names(experiment.winner) if experiment.winner else best
        return f"可以下结论：「{winner}」更好。"
    if experiment.ended_with:
        return _over(experiment, names)
    if verdict.standing is Standing.STOPPED:
        return "实验由同事停止，没有再往下比。" if not experiment.winner else "已有结论，后来由同事停用。"
    if verdict.spared:
        return f"不过用「{best}」之后退订的人明显比「{names(verdict.spared)}」多，先不下结论。"
    if verdict.standing is Standing.LEADING:
        return f"「{best}」领先，但还不能下结论。"
    return "还看不出高下。"


def _over(experiment: Experiment, names: Names) -> str:
    """That a campaign it needs is over, and which, where there are several."""
    which = f"「{names(experiment.ended_with)}」" if experiment.ended_with in {a.name for a in experiment.arms} else ""
    return f"活动{which}结束了，实验跟着停下，没有比出结论。"


def _hundredfold(value: float) -> str:
    return f"{value * 100:+.1f}"


def state_of(experiment: Experiment, verdict: Verdict) -> str:
    """The standing in Chinese; of a decision that a person has put away both."""
    if experiment.state is State.STOPPED and experiment.winner:
        return "已有结论，已停用"
    if experiment.ended_with:
        return "随活动结束"
    return STANDINGS[verdict.standing]
