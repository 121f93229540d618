"""Intervals that may be looked at every day, from sums that can be added up: means, shares, their differences.

An ordinary 95 % interval is honest once; somebody who looks daily and stops at the first "significant" day is wrong
far more often (29 % after 30 looks in one package's own test, science.md §3). These are confidence sequences: the
chance that they *ever* miss the truth, over all looks together, is at most `alpha`. So a nightly report, a guardrail
and an experiment that stops early may all read the same interval.

Means are held by the normal mixture (Robbins 1970; Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021, "Time-uniform
central limit theory and asymptotic confidence sequences"), shares by the beta-binomial mixture (Robbins 1970; Howard,
Ramdas, McAuliffe and Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences"). Plain Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

TIGHT = 50.0
"""How much has been seen, in outcomes of the smaller arm, when a difference is told most narrowly.

It has to be chosen before looking. At 95 %, with a tenth of it seen the interval is a quarter wider than need be, with
ten times of it a fourteenth.
"""

_BISECTIONS = 60
_LARGEST = 700.0  # whose exponential is still a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate and what it may be off by; `lo` and `hi` are infinite while there is nothing to tell from."""

    point: float
    lo: float
    hi: float

    @property
    def known(self) -> bool:
        """Whether there is anything to tell at all."""
        return math.isfinite(self.lo) and math.isfinite(self.hi)

    @property
    def clear(self) -> bool:
        """Whether zero lies outside: more is known than the direction of luck."""
        return self.lo > 0 or self.hi < 0

    @property
    def width(self) -> float:
        """From one end to the other."""
        return self.hi - self.lo

    def times(self, factor: float) -> Interval:
        """The same in another unit; `factor` is not negative."""
        if factor == 0:
            return Interval(point=0.0, lo=0.0, hi=0.0)
        return Interval(point=self.point * factor, lo=self.lo * factor, hi=self.hi * factor)


NOTHING = Interval(point=0.0, lo=-math.inf, hi=math.inf)
"""What is known from nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of `n` units: the total of their values and of the squares. Two of them add up to the sums of both."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(n=self.n + other.n, total=self.total + other.total, squares=self.squares + other.squares)

    @property
    def mean(self) -> float:
        """Zero of nothing."""
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """Between units, unbiased; zero of fewer than two."""
        if self.n < 2:
            return 0.0
        return max(0.0, (self.squares - self.total * self.mean) / (self.n - 1))

    @staticmethod
    def of(values: Iterable[float]) -> Sums:
        """The sums of these values."""
        listed = list(values)
        return Sums(n=len(listed), total=math.fsum(listed), squares=math.fsum(value * value for value in listed))

    @staticmethod
    def counted(successes: int, n: int) -> Sums:
        """The sums of a share: each unit counts 1 or 0."""
        return Sums(n=n, total=float(successes), squares=float(successes))


def difference(a: Sums, b: Sums, *, alpha: float = 0.05, tight: float = TIGHT) -> Interval:
    """Mean of `a` less mean of `b`, for units that were assigned by lot, looked at as often as one likes.

    Works for 0/1 outcomes, small counts and weights alike. `tight`: see `TIGHT`; for outcomes in another unit (fen,
    say) give it in that unit squared. The lot must not depend on outcomes seen so far: arms steered by a bandit are
    not lots.

    Source: with w = nA nB / (nA + nB), the sum w (meanA - meanB) has variance U = w² (s²A/nA + s²B/nB), which grows as
    units join and as outcomes come in. The normal mixture over it gives |w (difference - truth)| <= sqrt((U + 1/ρ²)
    log((1 + ρ² U) / alpha²)) at all times together, with probability 1 - alpha; 1/ρ² = tight / x, where x solves
    x = log((1 + x) / alpha²): narrowest at U = tight (Waudby-Smith et al. 2021).
    1/ρ² also keeps it honest while hardly anything has happened and the variance seen is zero.
    """
    if not a.n or not b.n:
        return NOTHING
    return _around(a.mean - b.mean, a.variance / a.n + b.variance / b.n, _weight(a.n, b.n), alpha, tight)


def share(successes: int, n: int, *, alpha: float = 0.05, expected: float = 0.01, strength: float = 50.0) -> Interval:
    """The share behind `successes` of `n`, looked at as often as one likes: exact, from the first unit on.

    `expected` and `strength` (as many imagined units) say where it is narrowest; they have to be chosen beforehand and
    change nothing about its honesty. A lower end above a limit is proof that the limit is passed.

    Source: M(p) = B(a + s, b + n - s) / (B(a, b) p^s (1 - p)^(n - s)) is a martingale under p, so that by Ville's
    inequality the p with M(p) < 1/alpha hold the truth at all times together (Robbins 1970; Howard et al. 2021).
    """
    if not n:
        return Interval(point=0.0, lo=0.0, hi=1.0)
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a share")
    mean, bar = successes / n, _mixed(successes, n - successes, expected, strength) + math.log(alpha)

    def excess(p: float) -> float:
        return bar - _likelihood(successes, n - successes, p)

    lo = 0.0 if successes == 0 else _crossing(excess, outside=0.0, inside=mean)
    hi = 1.0 if successes == n else _crossing(excess, outside=1.0, inside=mean)
    return Interval(point=mean, lo=lo, hi=hi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Whether units fell into two arms as the lot says: `evidence` is an e-value, alarming at 1 / alpha and above."""

    share: float
    expected: float
    evidence: float
    alarm: bool

    @property
    def p(self) -> float:
        """The always-valid p-value."""
        return min(1.0, 1.0 / self.evidence) if self.evidence else 1.0


def sample_ratio(a: int, b: int, *, expected: float, alpha: float = 0.001, strength: float = 200.0) -> Ratio:
    """Whether `a` of `a + b` units can be what a lot of `expected` gives; looked at as often as one likes.

    An alarm means that the arms are not what they are said to be: no difference between them is to be believed.
    Source: the beta-binomial mixture of `share`, read at `expected` (Lindon and Malek 2022, "Anytime-valid inference
    for multinomial count data").
    """
    if not 0 < expected < 1:
        raise ValueError(f"{expected} is not a share between 0 and 1")
    evidence = math.exp(min(_LARGEST, _mixed(a, b, expected, strength) - _likelihood(a, b, expected)))
    return Ratio(
        share=a / (a + b) if a + b else expected, expected=expected, evidence=evidence, alarm=evidence >= 1 / alpha
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """Outcomes beside something known of the same units before the lot was drawn, and the total of their products."""

    outcome: Sums = Sums()
    before: Sums = Sums()
    product: float = 0.0

    def __add__(self, other: Crossed) -> Crossed:
        return Crossed(
            outcome=self.outcome + other.outcome,
            before=self.before + other.before,
            product=self.product + other.product,
        )

    @property
    def covariance(self) -> float:
        """Between outcome and what was known before, unbiased; zero of fewer than two."""
        if self.outcome.n < 2:
            return 0.0
        return (self.product - self.outcome.total * self.before.mean) / (self.outcome.n - 1)

    @staticmethod
    def of(outcomes: Sequence[float], before: Sequence[float]) -> Crossed:
        """The sums of these units, one value each in the same order."""
        product = math.fsum(y * x for y, x in zip(outcomes, before, strict=True))
        return Crossed(outcome=Sums.of(outcomes), before=Sums.of(before), product=product)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """A difference freed of what was known before: `theta` per unit of it, `reduction` of the variance, 0 to 1."""

    interval: Interval
    theta: float
    reduction: float


def adjusted(a: Crossed, b: Crossed, *, alpha: float = 0.05, tight: float = TIGHT) -> Adjusted:
    """`difference`, with the arms compared as if they had been alike before.

    Source: CUPED (Deng, Xu, Kohavi and Walker 2013): y - theta (x - mean x), theta = cov(x, y) / var(x) in the arms.
    The variance falls by the squared correlation: a lot where habits repeat, little where events are rare.
    """
    plain = difference(a.outcome, b.outcome, alpha=alpha, tight=tight)
    theta = _theta(a, b)
    if not plain.known or not theta:
        return Adjusted(interval=plain, theta=0.0, reduction=0.0)
    before = a.outcome.variance / a.outcome.n + b.outcome.variance / b.outcome.n
    after = _residual(a, theta) / a.outcome.n + _residual(b, theta) / b.outcome.n
    point = plain.point - theta * (a.before.mean - b.before.mean)
    return Adjusted(
        interval=_around(point, after, _weight(a.outcome.n, b.outcome.n), alpha, tight),
        theta=theta,
        reduction=1 - after / before if before else 0.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustered:
    """A difference when units hang together in `clusters`; `effect` is the design effect (1: they do not)."""

    interval: Interval
    clusters: int
    effect: float


def clustered(pairs: Iterable[tuple[Sums, Sums]], *, alpha: float = 0.05, tight: float = TIGHT) -> Clustered:
    """`difference`, with clusters (a rep's customers, say) as the units that vary; a pair is one cluster's two arms.

    Never narrower than `difference`. Below some twenty clusters the effect is itself a guess.
    Source: the cluster-robust variance G / (G - 1) times the sum over clusters of (sum of residuals of a / nA - sum of
    residuals of b / nB)² (Liang and Zeger 1986); its ratio to the plain variance is the design effect (Kish 1965).
    """
    listed = [(a, b) for a, b in pairs if a.n or b.n]
    a, b = sum((a for a, _ in listed), Sums()), sum((b for _, b in listed), Sums())
    plain = difference(a, b, alpha=alpha, tight=tight)
    groups, variance = len(listed), _plain_variance(a, b)
    if groups < 2 or not variance:
        return Clustered(interval=plain, clusters=groups, effect=1.0)
    robust = groups / (groups - 1) * math.fsum(_pull(mine, a, theirs, b) ** 2 for mine, theirs in listed)
    interval = _around(plain.point, max(variance, robust), _weight(a.n, b.n), alpha, tight)
    return Clustered(interval=interval, clusters=groups, effect=robust / variance)


def _plain_variance(a: Sums, b: Sums) -> float:
    return a.variance / a.n + b.variance / b.n if a.n and b.n else 0.0


def _pull(mine: Sums, a: Sums, theirs: Sums, b: Sums) -> float:
    """By how much one cluster moves the difference."""
    return (mine.total - mine.n * a.mean) / a.n - (theirs.total - theirs.n * b.mean) / b.n


def _weight(a: int, b: int) -> float:
    return a * b / (a + b)


def _around(point: float, variance: float, weight: float, alpha: float, tight: float) -> Interval:
    room = tight / _tightest(alpha)
    seen = weight * weight * variance
    radius = math.sqrt((seen + room) * (math.log1p(seen / room) - 2 * math.log(alpha))) / weight
    return Interval(point=point, lo=point - radius, hi=point + radius)


@lru_cache(maxsize=64)
def _tightest(alpha: float) -> float:
    """The x that makes (1 + 1/x) log((1 + x) / alpha²) least, that is x = log((1 + x) / alpha²); a contraction."""
    x = -2 * math.log(alpha)
    for _ in range(_BISECTIONS):
        x = math.log1p(x) - 2 * math.log(alpha)
    return x


def _theta(a: Crossed, b: Crossed) -> float:
    """Pooled within the arms, so that an effect of the arm itself is not taken for a habit."""
    freedom_a, freedom_b = max(0, a.outcome.n - 1), max(0, b.outcome.n - 1)
    spread = freedom_a * a.before.variance + freedom_b * b.before.variance
    together = freedom_a * a.covariance + freedom_b * b.covariance
    return together / spread if spread > 0 else 0.0


def _residual(arm: Crossed, theta: float) -> float:
    return max(0.0, arm.outcome.variance - 2 * theta * arm.covariance + theta * theta * arm.before.variance)


def _mixed(successes: int, failures: int, expected: float, strength: float) -> float:
    """The logarithm of how likely this was, over all shares as the beta mixes them."""
    a, b = expected * strength, (1 - expected) * strength
    return _log_beta(a + successes, b + failures) - _log_beta(a, b)


def _likelihood(successes: int, failures: int, p: float) -> float:
    """The logarithm of how likely this was if `p` is the share; minus infinity where it could not be."""
    if (successes and p <= 0) or (failures and p >= 1):
        return -math.inf
    return (successes * math.log(p) if successes else 0.0) + (failures * math.log1p(-p) if failures else 0.0)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _crossing(excess: Callable[[float], float], *, outside: float, inside: float) -> float:
    """Where `excess` changes sign, told from the outer side so that rounding only ever widens."""
    for _ in range(_BISECTIONS):
        middle = (outside + inside) / 2
        if excess(middle) > 0:
            outside = middle
        else:
            inside = middle
    return outside
