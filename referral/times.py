"""Time as an argument: the clock's type, and the one zone the product lives in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the time now: always aware, always UTC."""

DAY = timedelta(days=1)

_MIDNIGHT = datetime(1991, 12, 31, 16, tzinfo=UTC)
"""One in Shanghai; since then its clocks have never been changed."""

SHANGHAI = ZoneInfo("Asia/Shanghai")


@lru_cache(maxsize=256)
def days(count: float) -> timedelta:
    """A span of `count` times 24 hours; remembered, since every event asks for the same few."""
    return timedelta(days=count)


def chinese_date(at: datetime) -> str:
    """The day as people write it, e.g. `11月22日`."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日"


def chinese_day(at: datetime, now: datetime) -> str:
    """The day, with its year where that is not the year it is now: `2月21日`, `2027年2月21日`."""
    year, this_year = (each.astimezone(SHANGHAI).year for each in (at, now))
    return chinese_date(at) if year == this_year else f"{year}年{chinese_date(at)}"


def midnight(at: datetime) -> datetime:
    """When the day in Shanghai began that `at` falls in."""
    return at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)


def tonight(at: datetime) -> datetime:
    """The midnight in Shanghai that is next after `at`, in UTC; reckoned, since every event asks for it."""
    return at + DAY - (at - _MIDNIGHT) % DAY


def next_daily(after: datetime, hour: time) -> datetime:
    """When it is next that time of day in Shanghai."""
    at = datetime.combine(after.astimezone(SHANGHAI).date(), hour, tzinfo=SHANGHAI)
    return at if at > after else at + timedelta(days=1)


def month_start(at: datetime) -> datetime:
    """The midnight in Beijing with which the month of `at` begins."""
    return midnight(at).replace(day=1)


def year_start(at: datetime) -> datetime:
    """Midnight of 1 January in Shanghai of the year that `at` falls in."""
    return at.astimezone(SHANGHAI).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)


def whole_months(start: date, end: date) -> int:
    """How many whole months lie between two days; the last day of a short month ends any that began later in theirs."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (1 if end.day < start.day and (end + timedelta(days=1)).day != 1 else 0)
