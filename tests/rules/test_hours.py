"""When people may be written to unasked."""

from datetime import UTC, datetime, time

import pytest

from referral.hours import are_open, next_opening

HOURS = (time(9), time(20, 30))


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("22T08:59:59", False),
        ("22T09:00:00", True),
        ("22T20:29:59", True),
        ("22T20:30:00", False),
        ("22T03:00:00", False),
    ],
)
def test_the_hours_begin_on_the_minute_and_their_end_is_not_included(at, open_):
    assert are_open(HOURS, beijing(at)) is open_


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("22T03:00:00", "22T09:00:00"),
        ("22T21:00:00", "23T09:00:00"),
        ("22T12:00:00", "22T12:00:00"),
    ],
)
def test_what_comes_at_night_waits_for_the_next_morning(at, opening):
    assert next_opening(HOURS, beijing(at)) == beijing(opening)
