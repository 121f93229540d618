"""Penalised additive models of counts, in plain Python: what each trait adds to the log of a rate.

A count is Poisson, overdispersed, with the mean `exposure * exp(sum of effects)`. The effects of a trait with an order
walk from level to level in small steps, those of a set of groups scatter around 0; how small the steps are and how far
they scatter is found from the counts themselves (MacKay's fixed point of the evidence, as in generalised
Fellner-Schall, Wood & Fasiolo 2017), with a prior that keeps few counts from saying much. Fitted trait by trait
(backfitting), from sums over levels: no matrix has a row for a customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp, log

_BELIEF = 2.0  # as many steps or groups of usual size stand behind every variance
_USUAL_WALK, _USUAL_GROUP = 0.4, 0.2  # standard deviations: from one end of a line to the other, and of a group
_SLOPE = 0.5  # standard deviation of what is given already, times too much or too little
_LEVEL, _UNKNOWN = 2.0, 0.3  # standard deviations of a level around 0, and of the one for what is unknown
_SMALLEST, _LARGEST = 1e-5, 4.0  # variances
_LONGEST_STEP = 1.5  # of one effect in one round
_SETTLED = 0.004  # of log rate: a round that moves no effect by more is the last


@dataclass(frozen=True, slots=True)
class Line:
    """A trait with an order: the level of each customer, 0 to `levels` - 1, or `levels` where it is not known."""

    codes: Sequence[int]
    levels: int


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of customers, which may overlap: for each the places of its members."""

    members: Sequence[Sequence[int]]


@dataclass(slots=True)
class Effects:
    """What was found: of each line the effects of its levels, the unknown last; of each set those of its groups."""

    lines: list[list[float]]
    sets: list[list[float]]
    slope: float = 0.0
    rate: float = 1.0
    dispersion: float = 1.0


@dataclass(slots=True)
class _Variances:
    lines: list[float] = field(default_factory=list)
    sets: list[float] = field(default_factory=list)


def fit(
    counts: Sequence[float],
    given: Sequence[float],
    among: Sequence[bool],
    lines: Sequence[Line],
    sets: Sequence[Groups],
    *,
    rounds: int = 25,
) -> Effects:
    """The effects that the counts of those `among` them tell of, beyond what is `given` of the log of their rates."""
    counts = [count if use else 0.0 for count, use in zip(counts, among, strict=True)]
    exposures = [exp(each) if use else 0.0 for each, use in zip(given, among, strict=True)]
    found = Effects([[0.0] * (line.levels + 1) for line in lines], [[0.0] * len(each.members) for each in sets])
    total = sum(counts)
    if total <= 0:
        return found
    found.rate = total / sum(exposures)
    means = [found.rate * each for each in exposures]
    sums = [_sums(line.codes, counts, line.levels + 1) for line in lines]
    told = [[sum(map(counts.__getitem__, group)) for group in each.members] for each in sets]
    sizes = _Variances([_step(line) for line in lines], [_USUAL_GROUP**2] * len(sets))
    for number in range(rounds):
        found.dispersion = _dispersion(counts, means)
        means, moved = _tilt(found, given, counts, means)
        for k, line in enumerate(lines):
            steps, sizes.lines[k] = _walk(found.lines[k], sums[k], line, means, found.dispersion, sizes.lines[k])
            means = [mean * factor for mean, factor in zip(means, map(steps.__getitem__, line.codes), strict=True)]
            moved = max(moved, *(abs(log(step)) for step in steps))
        for k, each in enumerate(sets):
            far, sizes.sets[k] = _scatter(found.sets[k], told[k], each, means, found.dispersion, sizes.sets[k])
            moved = max(moved, far)
        again = total / sum(means)
        found.rate *= again
        means = [mean * again for mean in means]
        if moved < _SETTLED and number > 1:
            break
    return found


def _sums(codes: Sequence[int], values: Sequence[float], levels: int) -> list[float]:
    sums = [0.0] * levels
    for code, value in zip(codes, values, strict=True):
        sums[code] += value
    return sums


def _dispersion(counts: Sequence[float], means: Sequence[float]) -> float:
    """How much more than Poisson the counts vary (Pearson); never less."""
    known = [(count - mean) ** 2 / mean for count, mean in zip(counts, means, strict=True) if mean > 0]
    return max(1.0, sum(known) / max(1, len(known)))


def _walk(
    effects: list[float], told: Sequence[float], line: Line, means: Sequence[float], dispersion: float, size: float
) -> tuple[list[float], float]:
    """One Newton step of the levels of a line, in place: by what factor each level's means change, and the variance."""
    levels = line.levels
    expected = _sums(line.codes, means, levels + 1)
    diagonal = [mean / dispersion + 1 / _LEVEL**2 for mean in expected]
    pull = [(t - e) / dispersion - b / _LEVEL**2 for t, e, b in zip(told, expected, effects, strict=True)]
    for k in range(levels - 1):
        step = (effects[k + 1] - effects[k]) / size
        pull[k] += step
        pull[k + 1] -= step
        diagonal[k] += 1 / size
        diagonal[k + 1] += 1 / size
    diagonal[levels] += 1 / _UNKNOWN**2
    pull[levels] -= effects[levels] / _UNKNOWN**2
    inverse = _inverse(diagonal[:levels], -1 / size)
    moves = [sum(a * b for a, b in zip(row, pull[:levels], strict=True)) for row in inverse]
    moves = [_bounded(move) for move in (*moves, pull[levels] / diagonal[levels])]
    for k, move in enumerate(moves):
        effects[k] += move
    walked = sum((b - a) ** 2 for a, b in pairwise(effects[:levels]))
    unsure = sum(inverse[k][k] + inverse[k + 1][k + 1] - 2 * inverse[k][k + 1] for k in range(levels - 1))
    free = max(0.0, levels - 1 - unsure / size)
    return [exp(move) for move in moves], _variance(walked, free, _step(line))


def _scatter(
    effects: list[float],
    told: Sequence[float],
    groups: Groups,
    means: list[float],
    dispersion: float,
    size: float,
) -> tuple[float, float]:
    """One Newton step of each group, one after the other, in place: how far the furthest went, and the variance."""
    free = furthest = 0.0
    for k, members in enumerate(groups.members):
        expected = sum(map(means.__getitem__, members)) / dispersion
        move = _bounded((told[k] / dispersion - expected - effects[k] / size) / (expected + 1 / size))
        effects[k] += move
        free += expected / (expected + 1 / size)
        furthest = max(furthest, abs(move))
        factor = exp(move)
        for place in members:
            means[place] *= factor
    return furthest, _variance(sum(effect**2 for effect in effects), free, _USUAL_GROUP**2)


def _tilt(
    found: Effects, given: Sequence[float], counts: Sequence[float], means: Sequence[float]
) -> tuple[list[float], float]:
    """One Newton step of how much too little, or too much, is given: the means after it, and how far it went."""
    total = sum(means)
    centre = sum(each * mean for each, mean in zip(given, means, strict=True)) / total
    away = [each - centre for each in given]
    pull = sum(each * (count - mean) for each, count, mean in zip(away, counts, means, strict=True))
    stiff = sum(each * each * mean for each, mean in zip(away, means, strict=True))
    move = (pull / found.dispersion - found.slope / _SLOPE**2) / (stiff / found.dispersion + 1 / _SLOPE**2)
    found.slope += move
    return [mean * exp(move * each) for mean, each in zip(means, away, strict=True)], abs(move)


def _step(line: Line) -> float:
    """The variance that a step of this line usually has."""
    return _USUAL_WALK**2 / line.levels


def _variance(squares: float, free: float, usual: float) -> float:
    return min(_LARGEST, max(_SMALLEST, (squares + _BELIEF * usual) / (free + _BELIEF)))


def _bounded(move: float) -> float:
    return min(_LONGEST_STEP, max(-_LONGEST_STEP, move))


def _inverse(diagonal: Sequence[float], beside: float) -> list[list[float]]:
    """The inverse of a symmetric tridiagonal matrix with the same number everywhere beside the diagonal.

    By its two sequences of leading and trailing minors, as ratios so that they neither overflow nor vanish.
    """
    size = len(diagonal)
    down, up = [diagonal[0]] * size, [diagonal[-1]] * size
    for k in range(1, size):
        down[k] = diagonal[k] - beside**2 / down[k - 1]
    for k in range(size - 2, -1, -1):
        up[k] = diagonal[k] - beside**2 / up[k + 1]
    found = [[0.0] * size for _ in range(size)]
    for k in range(size):
        value = found[k][k] = 1 / (down[k] + up[k] - diagonal[k])
        for other in range(k + 1, size):
            value *= -beside / up[other]
            found[k][other] = found[other][k] = value
    return found
