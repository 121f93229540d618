"""When people may be written to unasked: Beijing time, the end not included, not on holiday mornings.

No statute sets hours; these are the house's own (reliability.md R10, design §3.3).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from referral.times import SHANGHAI, midnight
from referral.workdays import Workdays

Hours = tuple[time, time]
DEFAULT: Hours = (time(9), time(20, 30))
WIDEST: Hours = (time(8), time(21))
HOLIDAYS_FROM = time(12)
REPS_FROM = time(9, 30)
"""When reps get the day's list."""


def are_open(hours: Hours, now: datetime, workdays: Workdays) -> bool:
    """Whether this moment lies within the hours; those of a holiday begin at noon."""
    local = now.astimezone(SHANGHAI)
    return _opening(hours, local.date(), workdays) <= local.time() < hours[1]


def next_opening(hours: Hours, now: datetime, workdays: Workdays) -> datetime:
    """When the hours next begin; `now` itself while they are open. Hours that end by noon skip holidays."""
    if are_open(hours, now, workdays):
        return now
    local = now.astimezone(SHANGHAI)
    day, opening = local.date(), _opening(hours, local.date(), workdays)
    while opening >= hours[1] or _at(day, opening) <= local:
        day += timedelta(days=1)
        opening = _opening(hours, day, workdays)
    return _at(day, opening)


def next_working_morning(hours: Hours, now: datetime, workdays: Workdays, at: time = REPS_FROM) -> datetime:
    """When reps next get their list: `at` on a working day; `now` itself from then on until the hours end.

    Where the hours leave `at` out, it is when they begin.
    """
    starts = at if hours[0] <= at < hours[1] else hours[0]
    local = now.astimezone(SHANGHAI)
    if workdays.is_working_day(local.date()) and starts <= local.time() < hours[1]:
        return now
    day = local.date()
    while not workdays.is_working_day(day) or _at(day, starts) <= local:
        day += timedelta(days=1)
    return _at(day, starts)


def _opening(hours: Hours, day: date, workdays: Workdays) -> time:
    return max(hours[0], HOLIDAYS_FROM) if workdays.is_holiday(day) else hours[0]


def coming_working_morning(hours: Hours, now: datetime, workdays: Workdays) -> datetime:
    """The next working morning that has not begun yet."""
    morning = next_working_morning(hours, now, workdays)
    if morning > now:
        return morning
    return next_working_morning(hours, midnight(now) + timedelta(days=1), workdays)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=SHANGHAI)
