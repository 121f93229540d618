"""Experiments from their start to their end: what may be begun, and when one ends by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from itertools import combinations
from typing import TYPE_CHECKING

from referral import managers
from referral.campaigns import SPOKEN, Campaign, CampaignState
from referral.errors import BadInput, NotFound, RuleViolation
from referral.experiment_words import FRAMINGS, KINDS, arm_name, result
from referral.experiments import BETWEEN_CAMPAIGNS, METRICS, Arm, Experiment, Kind, Metric, State
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.stopping import Standing, verdict_on
from referral.times import next_daily

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

JUDGE = "experiments.judge"
"""The job that ends experiments by their stopping rule; its key is the day."""

HOUSE = "house"
"""Who ends an experiment by its rule, in the audit."""

MOST_ARMS = 5
_SMALLEST = 0.05  # of the people: less would hardly ever come to an end
_ROUNDING = 0.001
_AT = time(5)  # when the night's counting is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to compare: arms with their shares, None for an equal part of what the others leave.

    Copy and posters need a `campaign`; where campaigns themselves are compared they are the arms.
    """

    kind: Kind
    campaign: str | None
    arms: Sequence[tuple[str, float | None]]
    name: str
    metric: Metric | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What there is to compare: the framings of a pack by its name, and the templates of posters."""

    framings: Callable[[str], Sequence[str]]
    templates: Sequence[str]


def start(tx: Tx, wanted: Wanted, choice: Choice, *, by: str, now: datetime, rng: Bits) -> Experiment:
    """Begin an experiment. Raises `BadInput` naming the field, `NotFound`, or `RuleViolation` as things stand."""
    arms = shared_out(wanted.arms)
    campaigns = _campaigns(tx, wanted, [arm.name for arm in arms], now)
    _check_arms(wanted.kind, arms, campaigns, choice)
    if wanted.kind is Kind.REWARD:
        _check_sizes(tx, campaigns)
    _check_alone(tx, wanted.kind, [campaign.id for campaign in campaigns])
    made = Experiment(
        id=new_id(rng, "x"),
        kind=wanted.kind,
        campaign=campaigns[0].id,
        name=wanted.name or f"{KINDS[wanted.kind]} · {campaigns[0].name}",
        metric=_metric(wanted),
        arms=arms,
        state=State.RUNNING,
        started_at=now,
    )
    tx.experiments.add(made)
    detail = " ".join(f"{arm.name}={arm.share:g}" for arm in arms)
    tx.audit.note(by, "experiment.start", made.id, f"{made.kind.value} {detail}", now)
    return made


def stop(tx: Tx, experiment_id: str, *, note: str = "", by: str, now: datetime) -> Experiment:
    """End an experiment without a decision, or let one that was decided have no effect any more; twice is once.

    `note` is why, for the audit.
    """
    found = known(tx, experiment_id)
    if tx.experiments.end(found.id, State.STOPPED, found.winner, now):
        tx.audit.note(by, "experiment.stop", found.id, note, now)
    return known(tx, experiment_id)


def known(tx: Tx, experiment_id: str) -> Experiment:
    """An experiment. Raises `NotFound`."""
    found = tx.experiments.get(experiment_id)
    if found is None:
        raise NotFound(f"没有这个实验：{experiment_id}")
    return found


def judge_all(tx: Tx, facts: Facts, *, now: datetime, rng: Bits) -> list[str]:
    """End every experiment that has come to a decision, and tell the managers; which ones."""
    return [each.id for each in tx.experiments.running() if _decide(tx, facts, each, now=now, rng=rng)]


def end_with_campaigns(tx: Tx, facts: Facts, *, now: datetime, rng: Bits) -> None:
    """End what can be compared no further, since a campaign it needs is over, and tell the managers.

    Where what was seen till then is enough for a decision, that is what it ends with.
    """
    for experiment in tx.experiments.running():
        over = next((each for each in experiment.campaigns if _is_over(tx, each, now)), None)
        if over and not _decide(tx, facts, experiment, now=now, rng=rng):
            tx.experiments.end(experiment.id, State.STOPPED, None, now, ended_with=over)
            tx.audit.note(HOUSE, "experiment.over", experiment.id, over, now)
            _tell(tx, facts, known(tx, experiment.id), "rep.experiment_over", now=now, rng=rng)


def judge_again(tx: Tx, after: datetime) -> None:
    """Have them judged the next morning."""
    due = next_daily(after, _AT)
    tx.jobs.put(Job(kind=JUDGE, key=due.date().isoformat(), due_at=due))


def shared_out(arms: Sequence[tuple[str, float | None]]) -> tuple[Arm, ...]:
    """Arms with a share each. Raises `BadInput` unless they are two to five different ones that come to a whole."""
    names = [name for name, _ in arms]
    if not 2 <= len(arms) <= MOST_ARMS:
        raise BadInput("--arm", f"要有 2 到 {MOST_ARMS} 组，这里是 {len(arms)} 组")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput("--arm", f"{twice} 写了两次")
    given = [share for _, share in arms if share is not None]
    rest = (1 - sum(given)) / (len(arms) - len(given)) if len(given) < len(arms) else 0.0
    shares = [rest if share is None else share for _, share in arms]
    if not abs(sum(shares) - 1) <= _ROUNDING:  # what is no number neither
        raise BadInput("--arm", f"各组的比例加起来要等于 1，这里是 {sum(shares):g}")
    if small := next((name for name, share in zip(names, shares, strict=True) if share < _SMALLEST), None):
        raise BadInput("--arm", f"{small} 的比例太小，每组至少 {_SMALLEST:g}")
    return tuple(Arm(name=name, share=share / sum(shares)) for name, share in zip(names, shares, strict=True))


def names_of(tx: Tx, experiment: Experiment) -> Mapping[str, str]:
    """Each arm as staff call it."""

    def called(campaign: str) -> str:
        found = tx.campaigns.get(campaign)
        return found.name if found else campaign

    return {arm.name: arm_name(experiment, arm.name, called) for arm in experiment.arms}


def _decide(tx: Tx, facts: Facts, experiment: Experiment, *, now: datetime, rng: Bits) -> bool:
    verdict = verdict_on(experiment)
    if verdict.standing is not Standing.DECIDED or not verdict.best:
        return False
    tx.experiments.end(experiment.id, State.DECIDED, verdict.best, now)
    ahead = verdict.difference
    figures = f"{verdict.best} {ahead.point:.5f} [{ahead.lo:.5f}, {ahead.hi:.5f}]"
    tx.audit.note(HOUSE, "experiment.decided", experiment.id, figures, now)
    _tell(tx, facts, known(tx, experiment.id), "rep.experiment_decided", now=now, rng=rng)
    return True


def _tell(tx: Tx, facts: Facts, experiment: Experiment, key: str, *, now: datetime, rng: Bits) -> None:
    """Tell the managers how an experiment has ended; once."""
    said = result(experiment, verdict_on(experiment), names_of(tx, experiment).__getitem__)
    command = f"taoli experiment show {experiment.id}"
    stock: dict[str, object] = {"title": experiment.name, "result": said, "command": command}
    once = f"{key.removeprefix('rep.')}:{experiment.id}"
    managers.tell(tx, facts, key, stock, now=now, rng=rng, dedupe=once)


def _is_over(tx: Tx, campaign: str, now: datetime) -> bool:
    found = tx.campaigns.get(campaign)
    return found is not None and found.is_over(now)


def _metric(wanted: Wanted) -> Metric:
    usual, *_ = allowed = METRICS[wanted.kind]
    if wanted.metric and wanted.metric not in allowed:
        can = "、".join(allowed)
        raise BadInput("--metric", f"{KINDS[wanted.kind]}实验不能按 {wanted.metric} 比，可以用 {can}")
    return wanted.metric or usual


def _campaigns(tx: Tx, wanted: Wanted, arms: Sequence[str], now: datetime) -> list[Campaign]:
    """The campaigns that an experiment takes place in, all of them under way."""
    if wanted.kind in BETWEEN_CAMPAIGNS:
        if wanted.campaign:
            raise BadInput("--campaign", f"{KINDS[wanted.kind]}实验比的就是活动：请把活动编号写在 --arm 里")
        return [_under_way(tx, "--arm", each, now) for each in arms]
    if not wanted.campaign:
        raise BadInput("--campaign", f"{KINDS[wanted.kind]}实验要写在哪个活动里做")
    return [_under_way(tx, "--campaign", wanted.campaign, now)]


def _under_way(tx: Tx, field: str, campaign_id: str, now: datetime) -> Campaign:
    campaign = tx.campaigns.get(campaign_id)
    if campaign is None:
        raise BadInput(field, f"没有这个活动：{campaign_id}")
    if campaign.state is not CampaignState.RUNNING or not campaign.is_open(now):
        state = CampaignState.ENDED if campaign.is_over(now) else campaign.state
        raise RuleViolation(
            "experiment.campaign", f"{field}: 活动 {campaign.id} 现在是「{SPOKEN[state]}」，进行中的才能做实验"
        )
    return campaign


def _check_arms(kind: Kind, arms: Sequence[Arm], campaigns: Sequence[Campaign], choice: Choice) -> None:
    if kind in BETWEEN_CAMPAIGNS:
        return
    is_copy = kind is Kind.COPY
    there = choice.framings(campaigns[0].pack) if is_copy else choice.templates
    for arm in arms:
        if arm.name not in there:
            can = "、".join(f"{each} {FRAMINGS.get(each, '')}".strip() for each in there)
            raise BadInput("--arm", f"没有这个{'说法' if is_copy else '图样'}：{arm.name}；可以用 {can}")


def _check_sizes(tx: Tx, campaigns: Sequence[Campaign]) -> None:
    """Where sizes are compared nothing else may differ, and they must."""
    terms = [tx.campaigns.terms(each.id, each.version) for each in campaigns]
    if len({each.pack for each in campaigns}) > 1:
        raise BadInput("--arm", "谢礼大小要在同一个礼包的活动之间比；礼包不同请用 offer")
    if any(replace(one, thanks=(), budget_fen=0) != replace(terms[0], thanks=(), budget_fen=0) for one in terms):
        raise BadInput("--arm", "除了谢礼，这些活动的规则也不一样，比出来说不清是什么的作用；请用 offer")
    if any(one.thanks == other.thanks for one, other in combinations(terms, 2)):
        raise BadInput("--arm", "有两个活动的谢礼一样，没有可比的")


def _check_alone(tx: Tx, kind: Kind, campaigns: Sequence[str]) -> None:
    """What varies twice at once is told by neither."""
    for other in tx.experiments.running():
        same = other.kind is kind or {other.kind, kind} <= BETWEEN_CAMPAIGNS
        if same and set(other.campaigns) & set(campaigns):
            raise RuleViolation(
                "experiment.running", f"实验 {other.id}「{other.name}」正在比同一件事，先等它结束或停掉它"
            )
