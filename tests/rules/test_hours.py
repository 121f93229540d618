"""When people may be written to unasked, and when reps get their list."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar import ChineseCalendar
from referral.hours import are_open, next_opening, next_working_morning
from referral.times import SHANGHAI
from referral.workdays import WEEKDAYS

ROOT = Path(__file__).parents[2]
HOURS = (time(9), time(20, 30))
MORNINGS_ONLY = (time(9), time(11))
CHINA = ChineseCalendar()


def beijing(text: str) -> datetime:
    """A moment of 2026, or of the year that is given, in Beijing."""
    return datetime.fromisoformat(f"{text if len(text) > 14 else f'2026-{text}'}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("11-22T08:59:59", False),
        ("11-22T09:00:00", True),
        ("11-22T20:29:59", True),
        ("11-22T20:30:00", False),
        ("11-22T03:00:00", False),
    ],
)
def test_the_hours_begin_on_the_minute_and_their_end_is_not_included(at, open_):
    assert are_open(HOURS, beijing(at), WEEKDAYS) is open_


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("11-22T03:00:00", "11-22T09:00:00"),
        ("11-22T21:00:00", "11-23T09:00:00"),
        ("11-22T20:30:00", "11-23T09:00:00"),
        ("11-22T12:00:00", "11-22T12:00:00"),
        ("2026-12-31T22:00", "2027-01-01T09:00"),
    ],
)
def test_what_comes_at_night_waits_for_the_next_morning(at, opening):
    assert next_opening(HOURS, beijing(at), WEEKDAYS) == beijing(opening)


@pytest.mark.parametrize(
    "day",
    [
        "2026-10-01",  # National Day
        "2026-10-04",  # the Sunday within
        "2026-10-07",  # the last day, in lieu of a Saturday that is worked
        "2026-02-16",  # the eve of Spring Festival
        "2027-01-01",
    ],
)
def test_nobody_is_written_to_on_a_holiday_morning(day):
    assert not are_open(HOURS, beijing(f"{day}T09:00"), CHINA)
    assert not are_open(HOURS, beijing(f"{day}T11:59"), CHINA)
    assert are_open(HOURS, beijing(f"{day}T12:00"), CHINA)
    assert not are_open(HOURS, beijing(f"{day}T20:30"), CHINA)


@pytest.mark.parametrize("day", ["2026-09-30", "2026-10-08", "2026-10-10", "2026-10-11", "2026-11-22"])
def test_other_mornings_are_open_weekends_too(day):
    assert are_open(HOURS, beijing(f"{day}T09:00"), CHINA)


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("09-30T21:00", "10-01T12:00"),
        ("10-01T09:30", "10-01T12:00"),
        ("10-01T13:00", "10-01T13:00"),
        ("10-07T20:30", "10-08T09:00"),
        ("2026-12-31T21:00", "2027-01-01T12:00"),
    ],
)
def test_what_comes_before_a_holiday_waits_for_its_noon(at, opening):
    assert next_opening(HOURS, beijing(at), CHINA) == beijing(opening)


def test_hours_that_end_before_noon_have_no_time_on_holidays():
    assert not are_open(MORNINGS_ONLY, beijing("10-01T10:00"), CHINA)
    assert next_opening(MORNINGS_ONLY, beijing("09-30T11:00"), CHINA) == beijing("10-08T09:00")


def test_hours_narrower_than_the_afternoon_stay_as_they_are_on_a_holiday():
    afternoon = (time(14), time(18))

    assert next_opening(afternoon, beijing("10-01T12:00"), CHINA) == beijing("10-01T14:00")
    assert not are_open(afternoon, beijing("10-01T13:59"), CHINA)


@given(
    minutes=st.integers(0, 5 * 366 * 24 * 60),
    opens=st.integers(8 * 60, 20 * 60),
    length=st.integers(1, 60),
    part=st.floats(0, 1, exclude_max=True),
)
def test_the_next_opening_is_open_and_nothing_before_it_is(minutes, opens, length, part):
    now = beijing("2023-12-01T00:00") + timedelta(minutes=minutes)
    hours = (time(opens // 60, opens % 60), time((opens + length) // 60, (opens + length) % 60))

    opening = next_opening(hours, now, CHINA)

    assert opening >= now
    assert are_open(hours, opening, CHINA)
    between = now + (opening - now) * part
    assert between == opening or not are_open(hours, between, CHINA)


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("11-23T08:00", "11-23T09:30"),  # a Monday
        ("11-23T09:29:59", "11-23T09:30:00"),
        ("11-23T09:30", "11-23T09:30"),
        ("11-23T15:07", "11-23T15:07"),
        ("11-23T20:30", "11-24T09:30"),
        ("11-21T10:00", "11-23T09:30"),  # a Saturday
        ("10-10T08:00", "10-10T09:30"),  # a Saturday that makes up for the holidays
        ("10-10T12:00", "10-10T12:00"),
        ("10-10T21:00", "10-12T09:30"),
        ("09-30T20:45", "10-08T09:30"),
        ("10-03T13:00", "10-08T09:30"),
        ("2026-12-31T20:30", "2027-01-04T09:30"),
    ],
)
def test_reps_get_their_list_on_working_mornings(now, morning):
    assert next_working_morning(HOURS, beijing(now), CHINA) == beijing(morning)


@pytest.mark.parametrize(
    ("hours", "morning"), [((time(10), time(18)), "11-23T10:00"), ((time(8), time(9)), "11-23T08:00")]
)
def test_reps_get_no_list_when_nobody_may_be_written_to(hours, morning):
    assert next_working_morning(hours, beijing("11-22T12:00"), CHINA) == beijing(morning)


@pytest.mark.parametrize(("day", "summer"), [("1986-05-04", True), ("1990-07-01", True), ("1991-09-15", False)])
def test_the_years_in_which_clocks_were_changed_have_hours_too(day, summer):
    noon = datetime.combine(date.fromisoformat(day), time(12), tzinfo=SHANGHAI)

    assert bool(noon.dst()) is summer
    assert are_open(HOURS, noon, CHINA)
    assert next_opening(HOURS, noon - timedelta(hours=8), CHINA).astimezone(SHANGHAI).time() == time(9)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "UTC"])
def test_the_machine_may_stand_anywhere(zone):
    said = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        cwd=ROOT,
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.split() == ["False", "2026-10-01T12:00:00+08:00", "2026-10-08T09:30:00+08:00"]


ELSEWHERE = """
import time
from datetime import UTC, datetime
from bot.calendar import ChineseCalendar
from referral.hours import DEFAULT, are_open, next_opening, next_working_morning
time.tzset()
now = datetime(2026, 10, 1, 3, 59, tzinfo=UTC)
for rule in (are_open, next_opening, next_working_morning):
    said = rule(DEFAULT, now, ChineseCalendar())
    print(said if isinstance(said, bool) else said.isoformat())
"""
