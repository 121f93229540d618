"""Normal distributions by their precision, against numpy."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral import gaussian


def precision(size: int, seed: int) -> np.ndarray:
    """A precision matrix of some size, with correlations."""
    some = np.random.default_rng(seed).normal(size=(size, size))
    return some @ some.T + np.eye(size)


@given(size=st.integers(1, 12), seed=st.integers(0, 10**6))
def test_a_factor_is_the_lower_triangle_that_numpy_finds(size, seed):
    whole = precision(size, seed)

    rows = gaussian.factor(whole.tolist())

    lower = np.array([row + [0.0] * (size - len(row)) for row in rows])
    assert np.allclose(lower, np.linalg.cholesky(whole))


@given(size=st.integers(1, 12), seed=st.integers(0, 10**6))
def test_solving_solves(size, seed):
    whole = precision(size, seed)
    right = np.random.default_rng(seed + 1).normal(size=size)

    assert np.allclose(gaussian.solve(gaussian.factor(whole.tolist()), right.tolist()), np.linalg.solve(whole, right))


def test_only_the_lower_triangle_is_read():
    whole = precision(5, 1)
    lower = [list(row[: i + 1]) for i, row in enumerate(whole.tolist())]

    assert gaussian.factor(lower) == gaussian.factor(whole.tolist())


@pytest.mark.parametrize("broken", [[[0.0]], [[-1.0]], [[1.0], [2.0, 1.0]]])
def test_what_is_no_precision_is_refused(broken):
    with pytest.raises(ValueError, match="positive definite"):
        gaussian.factor(broken)


def test_many_draws_have_the_mean_and_the_covariance_that_they_should():
    whole, mean = precision(4, 7), [1.0, -2.0, 0.5, 0.0]
    rows, rng = gaussian.factor(whole.tolist()), random.Random(3)

    draws = np.array([gaussian.draw(rows, mean, rng) for _ in range(20_000)])

    covariance = np.linalg.inv(whole)
    assert np.allclose(draws.mean(axis=0), mean, atol=5 * np.sqrt(covariance.max() / len(draws)))
    assert np.allclose(np.cov(draws.T), covariance, atol=0.05 * covariance.max())
    beyond = np.abs((draws[:, 0] - 1.0) / np.sqrt(covariance[0, 0])) > 1.96
    assert beyond.mean() == pytest.approx(0.05, abs=0.008)  # and the shape of a normal distribution
