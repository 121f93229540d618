"""The hour at which a customer reads: the shop's at first, their own once they have written often enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.best_hour import HOURS, best, is_known, likely, together, wrote

DAYTIME = range(9, 21)
EVENING_SHOP = [0] * 19 + [50, 100, 50, 0, 0]
"""A shop whose customers write at eight in the evening."""

histograms = st.lists(st.integers(0, 255), min_size=HOURS, max_size=HOURS).map(bytes)


def messages(*hours: int) -> bytes | None:
    """A histogram of messages in these hours."""
    counts = None
    for hour in hours:
        counts = wrote(counts, hour)
    return counts


def test_of_whom_nothing_is_known_the_shops_best_hour_is_the_best():
    assert best(None, EVENING_SHOP, DAYTIME) == 20
    assert best(bytes(HOURS), EVENING_SHOP, DAYTIME) == 20


def test_where_nothing_is_known_of_the_shop_either_the_first_hour_that_is_allowed_is_taken():
    assert best(None, [0] * HOURS, DAYTIME) == 9


def test_one_message_at_noon_does_not_overrule_the_shop_and_many_do():
    assert best(messages(12), EVENING_SHOP, DAYTIME) == 20
    assert best(messages(*[12] * 20), EVENING_SHOP, DAYTIME) == 12


@pytest.mark.parametrize("count", range(1, 30))
def test_the_more_is_known_the_nearer_it_comes_to_ones_own_and_never_goes_back(count):
    before, after = likely(messages(*[12] * count), EVENING_SHOP), likely(messages(*[12] * (count + 1)), EVENING_SHOP)

    assert after[12] / after[20] > before[12] / before[20]


def test_the_day_is_a_circle():
    night = messages(*[23] * 10)
    chances = likely(night, [0] * HOURS)

    assert chances[1] == pytest.approx(chances[21])
    assert chances[0] == pytest.approx(chances[22])
    assert chances[23] > chances[0] > chances[1]
    assert best(night, [0] * HOURS, range(9, 21)) == 20
    assert best(messages(*[1] * 10), [0] * HOURS, [9, 20]) == 20  # five hours from one, and nine is eight


def test_an_hour_is_known_once_somebody_wrote_six_times():
    assert not is_known(None)
    assert not is_known(messages(*[12] * 5))
    assert is_known(messages(3, 7, 9, 12, 12, 20))


def test_a_full_hour_halves_all_and_goes_on_counting():
    full = bytearray(HOURS)
    full[20], full[12] = 255, 100

    counts = wrote(bytes(full), 20)

    assert (counts[20], counts[12]) == (128, 50)
    assert wrote(counts, 12)[12] == 51


@given(histograms, histograms)
def test_two_histograms_of_one_person_are_one_that_neither_overflows_nor_changes_the_shape(one, other):
    sums = [a + b for a, b in zip(one, other, strict=True)]
    both = together(one, other)

    assert both is not None
    assert both == together(other, one)
    halvings = 0 if max(sums) <= 255 else 1
    assert list(both) == [each >> halvings for each in sums]


@given(histograms)
def test_with_nobodys_histogram_it_stays(one):
    assert together(one, None) == together(None, one) == one
    assert together(None, None) is None


@given(histograms, st.lists(st.integers(0, 1000), min_size=HOURS, max_size=HOURS))
def test_the_best_hour_is_always_one_that_is_allowed(hours, shop):
    assert best(hours, shop, DAYTIME) in DAYTIME
