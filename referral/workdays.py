"""Which days are worked in mainland China: weekdays, less the holidays, plus the weekends that make up for them (调休).

Each year's adjusted days are announced by the State Council late in the year before; until then they are not certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

AHEAD = timedelta(days=60)
"""How far ahead the days should be certain (libraries.md, working days)."""

_DAY = timedelta(days=1)
_SATURDAY = 5


class Workdays(Protocol):
    """A calendar. Days are days in Beijing."""

    def is_holiday(self, day: date) -> bool:
        """Whether the day is in a holiday break: statutory, taken in lieu, or a weekend that joins on to such days."""
        ...

    def is_working_day(self, day: date) -> bool:
        """Whether it is worked: from Monday to Friday but for holidays, and on make-up weekends."""
        ...

    def is_certain(self, day: date) -> bool:
        """Whether the official days of that day's year are known."""
        ...


@dataclass(frozen=True, slots=True)
class Weekdays:
    """The plain calendar: weeks and nothing else, so that no day is certain."""

    def is_holiday(self, day: date) -> bool:
        """Never."""
        return False

    def is_working_day(self, day: date) -> bool:
        """From Monday to Friday."""
        return day.weekday() < _SATURDAY

    def is_certain(self, day: date) -> bool:
        """Never."""
        return False


WEEKDAYS: Workdays = Weekdays()


def next_working_day(workdays: Workdays, day: date) -> date:
    """The first working day after `day`."""
    day += _DAY
    while not workdays.is_working_day(day):
        day += _DAY
    return day


def uncertain_years(workdays: Workdays, today: date) -> tuple[int, ...]:
    """The years of the next 60 days whose official days are not known."""
    return tuple(sorted({day.year for day in (today, today + AHEAD) if not workdays.is_certain(day)}))
