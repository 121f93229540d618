"""Anniversaries: whose day it is in Beijing, leap days included."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from referral.anniversaries import days_back, years_of

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "years"),
    [
        (datetime(2025, 11, 22, 16, 0, tzinfo=UTC), 1),  # midnight in Beijing
        (datetime(2025, 11, 22, 15, 59, 59, tzinfo=UTC), 0),
        (datetime(2025, 11, 23, 15, 59, 59, tzinfo=UTC), 1),
        (datetime(2025, 11, 23, 16, 0, tzinfo=UTC), 0),
        (datetime(2016, 11, 23, 3, 0, tzinfo=UTC), 10),
        (datetime(2026, 11, 23, 3, 0, tzinfo=UTC), 0),
        (datetime(1990, 11, 23, 3, 0, tzinfo=UTC), 0),  # farther back than is counted
    ],
)
def test_it_is_an_anniversary_on_the_day_in_beijing_and_on_no_other(since: datetime, years: int):
    assert years_of(since, NOON) == years


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (datetime(2027, 2, 28, 4, tzinfo=UTC), 3),  # no 29th in this year
        (datetime(2027, 3, 1, 4, tzinfo=UTC), 0),
        (datetime(2028, 2, 28, 4, tzinfo=UTC), 0),
        (datetime(2028, 2, 29, 4, tzinfo=UTC), 4),
    ],
)
def test_a_leap_day_is_kept_once_a_year(today: datetime, years: int):
    assert years_of(datetime(2024, 2, 29, 4, tzinfo=UTC), today) == years


def test_on_a_leap_day_nobody_of_the_years_between_is_looked_for():
    assert [years for years, _, _ in days_back(datetime(2028, 2, 29, 4, tzinfo=UTC))] == [4, 8, 12, 16, 20, 24, 28]
