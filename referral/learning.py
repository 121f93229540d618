"""Learning: what asks came to moves the weights of the score and tells which wording works for whom.

A Bayesian logistic regression, kept as the mean and the precision of a normal distribution and moved by every night's
asks (Laplace, science §2), over the features of `scoring`, one number for each framing, and what a framing adds for
some segments, pooled by their prior. Each customer has a number of their own besides, that what they answered moves.
Old evidence is slowly forgotten, that about framings sooner, because tastes drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import exp
from typing import Protocol

from referral import gaussian
from referral.framing import Framing
from referral.ids import Bits
from referral.moments import DAY, Moment
from referral.scoring import FEATURES, PRIOR, Weights

ARMS = tuple(framing.value for framing in Framing)

OWN = 0.7
"""How much customers differ beyond all that is known of them: a standard deviation, in log-odds."""

_DEVIATIONS = (0.5, 0.3, 0.6, 0.15, 1.0, 0.5, 0.4, 0.3, 0.4, 0.6, 0.6, 0.4, 0.4, 0.6)
"""How sure the prior is of each weight of a feature, as standard deviations: it weighs about a hundred asks, so that
evidence overrules it within weeks (science §2)."""

_ARM_MEANS = {Framing.HELP.value: 0.18, Framing.EARLY.value: 0.05, Framing.THANKS.value: 0.05}
"""Help to others 1.2 : 1 as a prior (Jung et al. 2021, science §1); early access in kind is a hypothesis."""

_PAIRED: Mapping[str, tuple[str, float, float]] = {
    "both:coupon": ("both", 0.5, 0.6),  # who buys with coupons minds what both gain
    "early:valued": ("early", 0.1, 0.2),
    "thanks:came": ("thanks", 0.1, 0.2),  # reminded that a friend brought them (Gershon and Jiang 2024)
}
"""What a framing adds for a segment: its framing, and mean and deviation of the prior."""

NAMES = ("intercept", *FEATURES, *ARMS, *_PAIRED)
_FIRST_ARM = 1 + len(FEATURES)
_FORGET, _FORGET_ARMS = 0.0005, 0.006  # a day
_ROUNDS, _STRIDE, _NEAR = 30, 2.0, 0.01  # the last two in log-odds
_USUAL_COUPON, _USUAL_VALUED = 0.33, 0.3


_PRIOR_MEAN = (
    PRIOR.intercept,
    *PRIOR.each,
    *(_ARM_MEANS.get(arm, 0.0) for arm in ARMS),
    *(mean for _, mean, _ in _PAIRED.values()),
)
_PRIOR_SD = (
    1.0,
    *_DEVIATIONS,
    *(0.02 if arm == "plain" else 0.2 for arm in ARMS),
    *(sd for _, _, sd in _PAIRED.values()),
)
_PRIOR_PRECISION = tuple(tuple(1 / sd**2 if i == j else 0.0 for j in range(i + 1)) for i, sd in enumerate(_PRIOR_SD))


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What an ask came to: who was asked, what was known of them then, in which framing, and whether they took.

    `sight` is what `sight` kept; `own` and `own_seen` are their own number as it stands.
    """

    person: str
    sight: Mapping[str, float]
    arm: str
    took: bool
    own: float = 0.0
    own_seen: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Model:
    """What is known of all customers together, by `NAMES`; the prior as long as nothing was learned.

    `posters` and `visitors` are the company's sums; `since` is when it began to count them; `delays` counts, by days,
    how long those who took a poster let it wait; `hours` the messages of all in each hour of the Beijing day.
    """

    version: int = 0
    learned_at: datetime | None = None
    since: datetime | None = None
    examples: int = 0
    took: int = 0
    mean: tuple[float, ...] = _PRIOR_MEAN
    precision: tuple[tuple[float, ...], ...] = _PRIOR_PRECISION
    posters: int = 0
    visitors: int = 0
    delays: tuple[int, ...] = (0,) * 8
    hours: tuple[int, ...] = (0,) * 24

    @cached_property
    def weights(self) -> Weights:
        """What the score sums with."""
        usual = (10.0 + self.visitors) / (10.0 + self.posters)
        return Weights(self.mean[0], self.mean[1:_FIRST_ARM], usual, self.since)

    @cached_property
    def factor(self) -> gaussian.Matrix:
        """The factor of the precision, for draws."""
        return gaussian.factor(self.precision)

    @property
    def ripe_days(self) -> int:
        """After how many days an ask without an answer counts as one: nine in ten of those who take have taken by then.

        The delays of a typical shop, most of them on the same day, are behind its own.
        """
        counts = [a + b for a, b in zip(self.delays, _USUAL_DELAYS, strict=True)]
        for day in range(len(counts)):
            if sum(counts[: day + 1]) >= 0.9 * sum(counts):
                return max(1, day)
        return len(counts) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the model that was kept: how many asks it has learned from, and what made it."""

    version: int
    at: datetime
    examples: int
    why: str


class Models(Protocol):
    """Where models are kept; `current` is the prior as long as there is none."""

    def current(self) -> Model: ...
    def save(self, model: Model, why: str, now: datetime) -> None: ...
    def versions(self, limit: int) -> list[Version]: ...
    def sums(self) -> tuple[int, int, tuple[int, ...]]: ...


_USUAL_DELAYS = (12, 4, 2, 1, 1, 0, 0, 0)


def sight(moment: Moment, features: Sequence[float]) -> dict[str, float]:
    """What a decision saw of a customer, as it is kept with the ask to learn from later; what is 0 is left out."""
    if not moment.may_be_learned:
        return {}
    seen = dict(zip(FEATURES, features, strict=True)) | {"profile": moment.profile}
    if moment.coupon is not None:
        seen["coupon"] = 3 * (moment.coupon - _USUAL_COUPON)
    seen["valued"] = 1 - _USUAL_VALUED if moment.rank is not None and moment.rank >= 0.8 else -_USUAL_VALUED
    return {name: round(value, 4) for name, value in seen.items() if value}


def arm_odds(mean: Sequence[float], arm: str, seen: Mapping[str, float]) -> float:
    """What a framing adds to the log-odds of one customer, by these numbers."""
    return sum(mean[at] * value for at, value in _arm_columns(arm, seen))


def learn(model: Model, examples: Sequence[Example], at: datetime) -> tuple[Model, dict[str, tuple[float, float]]]:
    """The model after these asks, and the own numbers of those who were asked."""
    days = 1.0 if model.learned_at is None else max(0.0, (at - model.learned_at) / DAY)
    kept = _faded(model.precision, days)
    rows = [(_columns(each), each) for each in examples]
    precision, mean, own = _mode(kept, model.mean, rows)
    odds = [
        _dot(columns, mean) + each.sight.get("profile", 0.0) + o for (columns, each), o in zip(rows, own, strict=True)
    ]
    seen = {}
    for each, o, odd in zip(examples, own, odds, strict=True):
        p = _share(odd)
        seen[each.person] = (o, each.own_seen + p * (1 - p))
    learned = replace(
        model,
        version=model.version + 1,
        learned_at=at,
        examples=model.examples + len(examples),
        took=model.took + sum(each.took for each in examples),
        mean=tuple(mean),
        precision=tuple(map(tuple, precision)),
    )
    return learned, seen


def drawn(model: Model, rng: Bits) -> list[float]:
    """One draw of all numbers, for Thompson sampling."""
    return gaussian.draw(model.factor, model.mean, rng)


Columns = list[tuple[int, float]]


def _mode(
    kept: gaussian.Matrix, prior: Sequence[float], rows: Sequence[tuple[Columns, Example]]
) -> tuple[gaussian.Matrix, list[float], list[float]]:
    """The mode, and the precision there: no round moves any customer's odds by more than `_STRIDE`.

    Full steps run away where a night tells much that nobody expected, as when half of those asked take a poster.
    """
    mean, own, precision = list(prior), [each.own for _, each in rows], kept
    for _ in range(_ROUNDS):
        precision, to, own_to = _round(kept, prior, rows, mean, own)
        change = [b - a for a, b in zip(mean, to, strict=True)]
        apart = [b - a for a, b in zip(own, own_to, strict=True)]
        moves = (_dot(columns, change) + a for (columns, _), a in zip(rows, apart, strict=True))
        longest = max(map(abs, moves), default=0.0)
        part = min(1.0, _STRIDE / max(longest, 1e-9))
        mean = [a + part * c for a, c in zip(mean, change, strict=True)]
        own = [a + part * c for a, c in zip(own, apart, strict=True)]
        if longest < _NEAR:
            break
    return precision, mean, own


def _round(
    kept: gaussian.Matrix,
    prior: Sequence[float],
    rows: Sequence[tuple[Columns, Example]],
    mean: list[float],
    own: list[float],
) -> tuple[gaussian.Matrix, list[float], list[float]]:
    """One step of Newton's towards the mode, each customer's own number integrated out by its variance."""
    precision = [list(row) for row in kept]
    right = [sum(a * b for a, b in zip(row, prior, strict=True)) for row in _whole(kept)]
    targets = []
    for (columns, each), o in zip(rows, own, strict=True):
        odds = _dot(columns, mean) + o + each.sight.get("profile", 0.0)
        p = _share(odds)
        weight = max(p * (1 - p), 1e-6)
        target = _dot(columns, mean) + o + (each.took - p) / weight  # what the odds should have been
        variance = 1 / (1 / OWN**2 + each.own_seen)
        together = weight / (1 + weight * variance)
        for i, x in columns:
            right[i] += together * x * (target - each.own)
            row = precision[i]
            for j, y in columns:
                if j <= i:
                    row[j] += together * x * y
        targets.append((target, weight, variance))
    fresh = gaussian.solve(gaussian.factor(precision), right)
    moved = [
        each.own + variance * weight / (1 + weight * variance) * (target - _dot(columns, fresh) - each.own)
        for (columns, each), (target, weight, variance) in zip(rows, targets, strict=True)
    ]
    return precision, fresh, moved


def _columns(example: Example) -> Columns:
    """The numbers of the model that an ask bears on."""
    features = [(1 + i, example.sight[name]) for i, name in enumerate(FEATURES) if name in example.sight]
    return [(0, 1.0), *features, *_arm_columns(example.arm, example.sight)]


def _arm_columns(arm: str, seen: Mapping[str, float]) -> Columns:
    if arm not in ARMS:
        return []
    first = _FIRST_ARM + len(ARMS)
    paired = ((first + i, name, given) for i, (name, (given, _, _)) in enumerate(_PAIRED.items()))
    pairs = ((i, seen.get(name.partition(":")[2], 0.0)) for i, name, given in paired if given == arm)
    return [(_FIRST_ARM + ARMS.index(arm), 1.0), *((i, value) for i, value in pairs if value)]


def _faded(precision: Sequence[Sequence[float]], days: float) -> gaussian.Matrix:
    """Old evidence forgotten a little, day by day, and the prior put in its place; lower triangle."""
    left = [(1 - (_FORGET_ARMS if i >= _FIRST_ARM else _FORGET)) ** days for i in range(len(precision))]
    faded = [
        [value * (left[i] * left[j]) ** 0.5 for j, value in enumerate(row[: i + 1])] for i, row in enumerate(precision)
    ]
    for i, share in enumerate(left):
        faded[i][i] += (1 - share) * _PRIOR_PRECISION[i][i]
    return faded


def _whole(lower: Sequence[Sequence[float]]) -> gaussian.Matrix:
    size = len(lower)
    return [[lower[i][j] if j <= i else lower[j][i] for j in range(size)] for i in range(size)]


def _dot(columns: Iterable[tuple[int, float]], mean: Sequence[float]) -> float:
    return sum(mean[i] * x for i, x in columns)


def _share(odds: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))
