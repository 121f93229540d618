"""Intervals: sums that add up, what they are sure of, and that they are exact where that can be checked."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.intervals import (
    NOTHING,
    TIGHT,
    Crossed,
    Interval,
    Sums,
    adjusted,
    clustered,
    difference,
    sample_ratio,
    share,
)

counts = st.lists(st.integers(0, 5).map(float), max_size=40)


# --- sums -------------------------------------------------------------------------------------------------------------


@given(counts, counts)
def test_the_sums_of_two_groups_add_up_to_those_of_both(ones, others):
    both = Sums.of(ones) + Sums.of(others)

    assert both == Sums.of(ones + others)
    assert both.mean == pytest.approx(np.mean(ones + others) if ones + others else 0.0)
    expected = np.var(ones + others, ddof=1) if len(ones + others) > 1 else 0.0
    assert both.variance == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_share_is_a_mean_of_ones_and_noughts(yes, no):
    assert Sums.counted(yes, yes + no) == Sums.of([1.0] * yes + [0.0] * no)


@given(st.lists(st.tuples(st.integers(0, 4).map(float), st.integers(0, 4).map(float)), min_size=2, max_size=40))
def test_crossed_sums_know_how_two_things_hang_together(pairs):
    ys, xs = (list(side) for side in zip(*pairs, strict=True))
    half = len(pairs) // 2

    together = Crossed.of(ys[:half], xs[:half]) + Crossed.of(ys[half:], xs[half:])

    assert together == Crossed.of(ys, xs)
    assert together.covariance == pytest.approx(np.cov(ys, xs, ddof=1)[0, 1], abs=1e-9)


def test_crossed_sums_want_one_value_of_each_for_everybody():
    with pytest.raises(ValueError, match="shorter"):
        Crossed.of([1.0, 0.0], [1.0])


# --- a difference -----------------------------------------------------------------------------------------------------


def test_nothing_is_known_of_nobody():
    known = Sums.of([0.0, 1.0])

    assert difference(Sums(), known) == difference(known, Sums()) == NOTHING
    assert not NOTHING.known
    assert not NOTHING.clear


def test_a_difference_is_told_with_what_it_may_be_off_by():
    told = difference(Sums.counted(600, 10_000), Sums.counted(300, 10_000))

    assert told.point == pytest.approx(0.03)
    assert told.known and told.clear
    assert told.lo > 0.02 and told.hi < 0.04


def test_it_turns_round_with_its_sides():
    a, b = Sums.of([3.0, 0.0, 1.0, 0.0]), Sums.of([0.0, 1.0, 0.0])

    one, other = difference(a, b), difference(b, a)

    assert (one.lo, one.hi) == pytest.approx((-other.hi, -other.lo))


def test_while_nothing_has_happened_it_does_not_claim_to_know():
    # given four hundred customers of whom nobody has brought anybody: the variance seen is zero
    told = difference(Sums(n=360), Sums(n=40))

    assert told.point == 0
    assert told.lo < -0.05 and told.hi > 0.05


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_it_is_narrowest_in_standard_errors_when_as_much_is_seen_as_it_was_made_for(alpha):
    def errors(seen):
        """Its half-width in standard errors when each arm's total has a variance of `seen`, twice what they tell."""
        n = 10_000
        a, b = (Sums.counted(round(2 * seen), n) for _ in range(2))
        return difference(a, b, alpha=alpha).width / 2 / math.sqrt(a.variance / n + b.variance / n)

    at_its_best = errors(TIGHT)

    assert all(errors(TIGHT * other) > at_its_best for other in (0.2, 0.5, 2, 5))
    assert errors(TIGHT * 0.1) < 1.4 * at_its_best
    assert errors(TIGHT * 10) < 1.1 * at_its_best


def test_it_is_the_mixture_it_says_it_is():
    """At either end the mixed likelihood ratio against that end is 1 / alpha, integrated here by brute force."""
    alpha, n = 0.05, 5_000
    a, b = Sums.counted(160, n), Sums.counted(100, n)
    told = difference(a, b, alpha=alpha)
    weight = n / 2
    seen = weight**2 * (a.variance / n + b.variance / n)
    x = -2 * math.log(alpha)
    for _ in range(50):
        x = math.log((1 + x) / alpha**2)
    drift = np.linspace(-8, 8, 400_001)  # in standard deviations of the mixing normal, whose variance is x / TIGHT
    for end in (told.lo, told.hi):
        walk = weight * (told.point - end)
        size = drift * math.sqrt(x / TIGHT)
        ratio = np.exp(size * walk - size**2 * seen / 2 - drift**2 / 2) / math.sqrt(2 * math.pi)
        assert ratio.sum() * (drift[1] - drift[0]) == pytest.approx(1 / alpha, rel=1e-4)


def test_a_difference_in_another_unit():
    told = difference(Sums.of([1.0, 0.0, 2.0]), Sums.of([0.0, 1.0]))

    assert told.times(10).point == pytest.approx(10 * told.point)
    assert told.times(10).width == pytest.approx(10 * told.width)
    assert NOTHING.times(0) == Interval(point=0.0, lo=0.0, hi=0.0)


# --- a share ----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_holds_what_was_seen_and_stays_between_none_and_all(seen):
    told = share(*seen)

    assert 0 <= told.lo <= told.point <= told.hi <= 1


def test_a_share_of_nobody_may_be_anything():
    assert share(0, 0) == Interval(point=0.0, lo=0.0, hi=1.0)


def test_a_share_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="5 of 4"):
        share(5, 4)


def test_no_opt_outs_prove_nothing_and_many_prove_that_the_limit_is_passed():
    assert share(0, 20).hi > 0.01
    assert share(1, 1).lo < 0.01
    assert share(6, 200).lo < 0.01
    assert share(30, 1000).lo > 0.01


def test_its_ends_are_where_the_mixture_says():
    """The beta-binomial martingale is 1 / alpha there, by exact arithmetic over whole numbers."""
    told = share(7, 90, alpha=0.05, expected=0.5, strength=2.0)  # the mixture over all shares alike

    for end in (told.lo, told.hi):
        ratio = 1 / (91 * math.comb(90, 7) * end**7 * (1 - end) ** 83)
        assert ratio == pytest.approx(20, rel=1e-9)


def test_a_share_is_never_left_behind_by_more_than_its_level_allows():
    """Exact, over every history of sixty tries: the chance that a true share of 5 % is ever outside."""
    p, alive, missed = 0.05, {0: 1.0}, 0.0
    for n in range(1, 61):
        grown: dict[int, float] = {}
        for found, chance in alive.items():
            grown[found] = grown.get(found, 0.0) + chance * (1 - p)
            grown[found + 1] = grown.get(found + 1, 0.0) + chance * p
        alive = {}
        for found, chance in grown.items():
            told = share(found, n)
            if told.lo <= p <= told.hi:
                alive[found] = chance
            else:
                missed += chance
    assert sum(alive.values()) + missed == pytest.approx(1)
    assert missed < 0.05


# --- the lot ----------------------------------------------------------------------------------------------------------


def test_sides_as_the_lot_makes_them_raise_no_alarm():
    found = sample_ratio(610, 5_390, expected=0.1)

    assert not found.alarm
    assert found.share == pytest.approx(0.1017, abs=1e-4)
    assert found.p == 1.0


def test_sides_that_the_lot_did_not_make_raise_it():
    assert sample_ratio(800, 5_200, expected=0.1).alarm
    assert sample_ratio(400, 5_600, expected=0.1).alarm
    assert sample_ratio(0, 3_000, expected=0.1).alarm
    assert sample_ratio(100_000, 1, expected=0.1).evidence > 1e100


def test_before_anybody_there_is_no_alarm():
    found = sample_ratio(0, 0, expected=0.1)

    assert (found.share, found.p, found.alarm) == (0.1, 1.0, False)


@pytest.mark.parametrize("expected", [0.0, 1.0])
def test_a_lot_that_takes_nobody_or_all_is_none(expected):
    with pytest.raises(ValueError, match="not a share"):
        sample_ratio(1, 1, expected=expected)


# --- what was known before --------------------------------------------------------------------------------------------


def some_customers(seed, n, effect=0.0):
    """Customers whose past says much about what they do next."""
    draw = Random(seed)
    past = [float(draw.randint(0, 4)) for _ in range(n)]
    return Crossed.of([x * 0.5 + draw.random() + effect for x in past], past)


def test_what_was_known_before_narrows_the_interval_by_the_squared_correlation():
    a, b = some_customers(1, 4_000, 0.1), some_customers(2, 4_000)
    plain, told = difference(a.outcome, b.outcome), adjusted(a, b)

    correlation = a.covariance / math.sqrt(a.outcome.variance * a.before.variance)
    assert told.theta == pytest.approx(0.5, abs=0.01)
    assert told.reduction == pytest.approx(correlation**2, abs=0.02)
    assert told.interval.width < 0.6 * plain.width
    assert told.interval.lo < 0.1 < told.interval.hi


def test_arms_that_were_unlike_before_are_made_alike():
    a = Crossed.of([3.0, 5.0, 7.0], [1.0, 2.0, 3.0])
    b = Crossed.of([1.0, 3.0, 5.0], [0.0, 1.0, 2.0])

    assert adjusted(a, b).interval.point == pytest.approx(0.0)


def test_where_nothing_was_known_before_nothing_changes():
    a, b = Crossed.of([1.0, 0.0, 2.0], [0.0] * 3), Crossed.of([0.0, 1.0], [0.0] * 2)

    told = adjusted(a, b)

    assert (told.interval, told.theta, told.reduction) == (difference(a.outcome, b.outcome), 0.0, 0.0)
    assert adjusted(a, Crossed()).interval == NOTHING


# --- clusters ---------------------------------------------------------------------------------------------------------


def test_customers_who_hang_together_tell_less_than_their_number():
    # given reps of whom some have all their customers in one arm bring many friends
    draw = Random(3)
    pairs = []
    for _ in range(60):
        good = draw.random() * 2
        a, b = ([good + draw.random() for _ in range(size)] for size in (draw.choice((5, 40)), draw.choice((5, 40))))
        pairs.append((Sums.of(a), Sums.of(b)))

    told = clustered(pairs)

    whole = [sum((pair[side] for pair in pairs), Sums()) for side in (0, 1)]
    assert told.clusters == 60
    assert told.effect > 2
    assert told.interval.point == pytest.approx(difference(*whole).point)
    assert told.interval.width > 1.4 * difference(*whole).width


def test_customers_who_do_not_hang_together_tell_as_much_as_their_number():
    draw = Random(4)
    arms = [[[float(draw.random() < 0.1) for _ in range(20)] for _ in range(400)] for _ in range(2)]

    told = clustered((Sums.of(a), Sums.of(b)) for a, b in zip(*arms, strict=True))

    assert told.effect == pytest.approx(1.0, abs=0.2)


def test_one_cluster_cannot_say_how_clusters_vary():
    pair = (Sums.of([1.0, 0.0, 1.0]), Sums.of([0.0, 1.0]))

    told = clustered([pair, (Sums(), Sums())])

    assert (told.clusters, told.effect, told.interval) == (1, 1.0, difference(*pair))
