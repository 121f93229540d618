"""When an experiment may end: a rule that looking every day, or every hour, cannot break. Pure.

Each pair of arms is held by an interval that stays honest however often it is read (`intervals.difference`), at a level
shared out over all pairs (Bonferroni), so the chance that the rule ever names a winner among equal arms is at most
`ALPHA`, over the whole life of the experiment. A winner must beat every other arm, and must not drive people away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from referral.experiments import Experiment, State
from referral.intervals import NOTHING, Interval, Sums, difference

ALPHA = 0.05
"""The chance of naming a winner where there is none."""

LEADING = 0.20
"""The same for saying that one arm leads, on which nobody should act."""


class Standing(StrEnum):
    """How far an experiment has come: nothing to tell, one arm ahead, one arm certainly best, stopped by a person."""

    RUNNING = "running"
    LEADING = "leading"
    DECIDED = "decided"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the sums say: `best` is ahead of every other arm, of `rival` by the least, which is `difference`.

    None while some arm has nobody in it. `spared` is an arm after which certainly fewer people opt out, None where
    there is none: while there is, nothing is decided, since posters must not be paid for in people.
    """

    standing: Standing
    best: str | None = None
    rival: str | None = None
    difference: Interval = NOTHING
    spared: str | None = None


def judge(arms: Mapping[str, Sums], upset: Mapping[str, Sums] | None = None, *, alpha: float = ALPHA) -> Verdict:
    """What may be said of arms that a lot has filled, from the sums of their outcomes, and of opt-outs if known."""
    best = max(arms, key=lambda arm: arms[arm].mean)
    rival, lead = _closest(arms, best, alpha)
    if not lead.known:
        return Verdict(standing=Standing.RUNNING)
    spared = _spared(upset or {}, best, alpha)
    standing = Standing.RUNNING
    if lead.lo > 0 and spared is None:
        standing = Standing.DECIDED
    elif _closest(arms, best, max(alpha, LEADING))[1].lo > 0:
        standing = Standing.LEADING
    return Verdict(standing=standing, best=best, rival=rival, difference=lead, spared=spared)


def verdict_on(experiment: Experiment) -> Verdict:
    """What may be said of an experiment now: of one that has ended, what made it end stands."""
    found = judge(
        {arm.name: arm.sums(experiment.metric) for arm in experiment.arms},
        {arm.name: arm.upset for arm in experiment.arms},
    )
    if experiment.state is State.RUNNING:
        return found
    return replace(found, standing=Standing(experiment.state.value))


def _closest(arms: Mapping[str, Sums], best: str, alpha: float) -> tuple[str, Interval]:
    """The arm over which `best` is least ahead for certain, and by how much."""
    pairs = len(arms) * (len(arms) - 1) // 2
    leads = {arm: difference(arms[best], arms[arm], alpha=alpha / pairs) for arm in arms if arm != best}
    rival = min(leads, key=lambda arm: leads[arm].lo)
    return rival, leads[rival]


def _spared(upset: Mapping[str, Sums], best: str, alpha: float) -> str | None:
    """An arm after which certainly fewer people opt out than after `best`."""
    pairs = max(1, len(upset) * (len(upset) - 1) // 2)
    others = (arm for arm in upset if arm != best)
    return next((arm for arm in others if difference(upset[best], upset[arm], alpha=alpha / pairs).lo > 0), None)
