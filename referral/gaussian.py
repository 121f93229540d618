"""Normal distributions of some dozens of numbers, by their precision: solve, and draw.

Plain Python: at 40 numbers a factor takes some milliseconds, once a night, and the running bot needs no numpy for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, log, pi, sqrt

from referral.ids import Bits

Vector = list[float]
Matrix = list[list[float]]
_BITS = 53


def factor(precision: Sequence[Sequence[float]]) -> Matrix:
    """The lower triangle L with L Lᵀ = precision (Cholesky); ValueError if it is no precision at all."""
    rows: Matrix = []
    for i, given in enumerate(precision):
        row = [0.0] * (i + 1)
        for j in range(i):
            other = rows[j]
            row[j] = (given[j] - sum(a * b for a, b in zip(row[:j], other, strict=False))) / other[j]
        rest = given[i] - sum(a * a for a in row[:i])
        if rest <= 0:
            raise ValueError("not positive definite")
        row[i] = sqrt(rest)
        rows.append(row)
    return rows


def solve(rows: Matrix, right: Sequence[float]) -> Vector:
    """x with (L Lᵀ) x = right."""
    half: Vector = []
    for row, value in zip(rows, right, strict=True):
        half.append((value - sum(a * b for a, b in zip(row, half, strict=False))) / row[-1])
    return _back(rows, half)


def draw(rows: Matrix, mean: Sequence[float], rng: Bits) -> Vector:
    """One draw from the normal distribution around `mean` whose precision has the factor `rows`."""
    apart = _back(rows, [_normal(rng) for _ in mean])
    return [a + b for a, b in zip(mean, apart, strict=True)]


def _back(rows: Matrix, right: Vector) -> Vector:
    """x with Lᵀ x = right."""
    left = list(right)
    for i in range(len(left) - 1, -1, -1):
        row = rows[i]
        left[i] = value = left[i] / row[i]
        for j in range(i):
            left[j] -= row[j] * value
    return left


def _normal(rng: Bits) -> float:
    """A standard normal deviate (Box and Muller 1958)."""
    u, v = ((rng.getrandbits(_BITS) + 0.5) / (1 << _BITS) for _ in range(2))
    return sqrt(-2 * log(u)) * cos(2 * pi * v)
