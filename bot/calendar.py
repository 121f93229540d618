"""The working days of mainland China, by the `holidays` library and what the company's own calendar file adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from holidays import country_holidays

from bot.config.sections import Sending

_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    """One year's statutory days and days in lieu, and its make-up weekends."""

    off: frozenset[date]
    made_up: frozenset[date]


@cache
def _year(year: int, *, in_lieu: bool = True) -> _Year:
    """The library's days of one year; its notice may be that of the next. Without `in_lieu`, only the law's own."""
    found = country_holidays("CN", years=(year, year + 1), observed=in_lieu)
    return _Year(
        off=frozenset(day for day in found if day.year == year),
        made_up=frozenset(day for day in found.weekend_workdays if day.year == year),
    )


def is_announced(year: int) -> bool:
    """Whether the library has the year's notice: each since 2001 names make-up weekends, its estimates name none."""
    return bool(_year(year).made_up)


class ChineseCalendar:
    """`referral.workdays.Workdays` of mainland China.

    Days `off` are holidays, days to `work` are worked, whatever the library says. A year that they name is certain;
    there the library's estimates of days in lieu give way to them.
    """

    def __init__(self, *, off: Iterable[date] = (), work: Iterable[date] = ()) -> None:
        self._off = frozenset(off)
        self._work = frozenset(work)
        self._named = {day.year for day in self._off | self._work}

    def is_holiday(self, day: date) -> bool:
        """Whether the days off in a row around `day` hold one that is no mere weekend."""
        return not self.is_working_day(day) and any(self._is_given(near) for near in self._break(day))

    def is_working_day(self, day: date) -> bool:
        """What the company's file says, then the notice, then the week."""
        if day in self._work or day in self._off:
            return day in self._work
        year = self._year(day.year)
        return day in year.made_up or (day.weekday() < _SATURDAY and day not in year.off)

    def is_certain(self, day: date) -> bool:
        """Whether the year's notice is known, or the company's file speaks for that year."""
        return day.year in self._named or is_announced(day.year)

    def _is_given(self, day: date) -> bool:
        return day in self._off or day in self._year(day.year).off

    def _break(self, day: date) -> Iterator[date]:
        for step in (timedelta(days=-1), timedelta(days=1)):
            near = day
            while not self.is_working_day(near):
                yield near
                near += step

    def _year(self, year: int) -> _Year:
        return _year(year, in_lieu=is_announced(year) or year not in self._named)


def calendar_of(sending: Sending) -> ChineseCalendar:
    """The calendar that a configuration asks for."""
    return ChineseCalendar(off=sending.calendar.off, work=sending.calendar.work)
