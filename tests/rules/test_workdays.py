"""Working days and holidays of mainland China, against another library and the State Council's notices."""

import json
import textwrap
from datetime import date, timedelta

import chinese_calendar
import pytest
import time_machine
from click.testing import CliRunner

from bot.app import house
from bot.calendar import ChineseCalendar, calendar_of, is_announced
from bot.cli import taoli
from bot.config import load, with_sandbox_secrets
from bot.keys import load_keys
from bot.pages.tokens import Tokens
from referral.workdays import WEEKDAYS, next_working_day, uncertain_years

CHINA = ChineseCalendar()

# first and last day of each break, and the days worked for it, by the notices of the State Council's office
NOTICES = {
    2024: [
        ("02-10", "02-17", ["02-04", "02-18"]),
        ("04-04", "04-06", ["04-07"]),
        ("05-01", "05-05", ["04-28", "05-11"]),
        ("06-08", "06-10", []),  # "joined with the weekend"
        ("09-15", "09-17", ["09-14"]),
        ("10-01", "10-07", ["09-29", "10-12"]),
    ],
    2025: [
        ("01-01", "01-01", []),
        ("01-28", "02-04", ["01-26", "02-08"]),
        ("04-04", "04-06", []),
        ("05-01", "05-05", ["04-27"]),
        ("05-31", "06-02", []),
        ("10-01", "10-08", ["09-28", "10-11"]),
    ],
    2026: [
        ("01-01", "01-03", ["01-04"]),
        ("02-15", "02-23", ["02-14", "02-28"]),
        ("04-04", "04-06", []),
        ("05-01", "05-05", ["05-09"]),
        ("06-19", "06-21", []),
        ("09-25", "09-27", []),
        ("10-01", "10-07", ["09-20", "10-10"]),
    ],
}


def day(text: str) -> date:
    return date.fromisoformat(text)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def of_year(year: int) -> list[date]:
    return days(date(year, 1, 1), date(year, 12, 31))


# --- what was announced -----------------------------------------------------------------------------------------------


def test_every_day_of_three_years_is_worked_or_not_as_another_library_has_it():
    wrong = [
        at for year in NOTICES for at in of_year(year) if CHINA.is_working_day(at) != chinese_calendar.is_workday(at)
    ]

    assert wrong == []


@pytest.mark.parametrize("year", NOTICES)
def test_the_holidays_of_a_year_are_those_of_its_notice(year):
    noted = {at for first, last, _ in NOTICES[year] for at in days(day(f"{year}-{first}"), day(f"{year}-{last}"))}
    if year == 2024:
        noted.add(day("2024-01-01"))  # a Monday, whose weekend was in 2023

    assert {at for at in of_year(year) if CHINA.is_holiday(at)} == noted
    assert not any(CHINA.is_working_day(at) for at in noted)


@pytest.mark.parametrize("year", NOTICES)
def test_make_up_weekends_are_worked_and_no_others(year):
    noted = {day(f"{year}-{at}") for _, _, worked in NOTICES[year] for at in worked}

    assert {at for at in of_year(year) if at.weekday() > 4 and CHINA.is_working_day(at)} == noted


@pytest.mark.parametrize(
    ("year", "new_year"), [(2024, "2024-02-10"), (2025, "2025-01-29"), (2026, "2026-02-17"), (2027, "2027-02-06")]
)
def test_spring_festival_is_a_holiday_every_year(year, new_year):
    first = day(new_year)

    assert all(CHINA.is_holiday(at) for at in days(first, first + timedelta(days=2)))
    assert CHINA.is_holiday(first - timedelta(days=1)) is (year >= 2025)  # the eve is off since the rules of 2024
    assert not CHINA.is_holiday(first + timedelta(days=10))


def test_a_break_runs_over_the_end_of_a_year():
    assert [CHINA.is_holiday(at) for at in days(day("2023-12-29"), day("2024-01-02"))] == [
        *(False, True, True),
        *(True, False),
    ]


def test_the_next_working_day_passes_over_holidays_and_takes_make_up_weekends():
    assert next_working_day(CHINA, day("2026-09-30")) == day("2026-10-08")
    assert next_working_day(CHINA, day("2026-10-09")) == day("2026-10-10")
    assert next_working_day(CHINA, day("2026-12-31")) == day("2027-01-04")


def test_the_plain_calendar_knows_weeks_only():
    assert WEEKDAYS.is_working_day(day("2026-10-01"))
    assert not WEEKDAYS.is_working_day(day("2026-10-10"))
    assert not WEEKDAYS.is_holiday(day("2026-10-01"))
    assert next_working_day(WEEKDAYS, day("2026-10-09")) == day("2026-10-12")


# --- what is not announced yet ----------------------------------------------------------------------------------------


def test_announced_years_are_certain_and_others_are_not():
    assert all(is_announced(year) for year in range(2001, 2027))
    assert all(CHINA.is_certain(date(year, 6, 1)) for year in NOTICES)
    assert not CHINA.is_certain(day("2099-01-01"))


def test_a_year_that_is_not_announced_still_has_the_holidays_of_the_law():
    far = ["2099-01-01", "2099-05-01", "2099-05-02", "2099-10-01", "2099-10-02", "2099-10-03"]

    assert all(CHINA.is_holiday(day(at)) for at in far)
    assert not any(CHINA.is_working_day(at) for at in of_year(2099) if at.weekday() > 4)


def test_the_next_sixty_days_tell_which_year_is_missing():
    known = ChineseCalendar(off=[day("2098-01-01")])

    assert uncertain_years(known, day("2098-11-01")) == ()
    assert uncertain_years(known, day("2098-11-02")) == (2099,)
    assert uncertain_years(known, day("2099-11-30")) == (2099, 2100)


# --- the company's own file -------------------------------------------------------------------------------------------

ANNOUNCED_LATER = """
off = [2099-01-21, "2099-01-22", 2099-01-23, 2099-01-24, 2099-01-25, 2099-01-26, 2099-01-27]
work = [2099-01-17, 2099-02-08]
"""


def sending(folder, calendar: str, more: str = ""):
    (folder / "calendar.toml").write_text(calendar, "utf-8")
    file = folder / "taoli.toml"
    text = f'[company]\nname = "晴川茶舍"\n[sandbox]\nenabled = true\n[sending]\ncalendar = "calendar.toml"\n{more}'
    file.write_text(textwrap.dedent(text), "utf-8")
    return file


def test_a_year_that_the_file_names_is_certain_and_follows_it(tmp_path):
    found = calendar_of(load(sending(tmp_path, ANNOUNCED_LATER), {}).sending)

    assert found.is_certain(day("2099-07-01"))
    assert all(found.is_holiday(at) for at in days(day("2099-01-21"), day("2099-01-27")))
    assert found.is_working_day(day("2099-01-17"))  # a Saturday
    assert found.is_working_day(day("2099-02-08"))  # a Sunday
    assert found.is_holiday(day("2099-10-01"))
    assert not CHINA.is_working_day(day("2099-01-17"))


def test_days_in_lieu_that_were_only_guessed_give_way_to_the_file():
    named = ChineseCalendar(work=[day("2099-05-09")])

    assert not CHINA.is_working_day(day("2099-05-04"))  # guessed: 1 and 2 May are a weekend
    assert named.is_working_day(day("2099-05-04"))
    assert named.is_holiday(day("2099-05-01"))


def test_the_file_changes_an_announced_year_both_ways():
    ours = ChineseCalendar(off=[day("2026-11-23")], work=[day("2026-10-07")])

    assert ours.is_holiday(day("2026-11-22"))  # the Sunday before joins on
    assert ours.is_holiday(day("2026-11-23"))
    assert not ours.is_working_day(day("2026-11-23"))
    assert ours.is_working_day(day("2026-10-07"))
    assert not ours.is_holiday(day("2026-10-07"))
    assert ours.is_holiday(day("2026-10-06"))
    assert ours.is_working_day(day("2026-10-10"))


def test_the_house_works_by_the_file(tmp_path):
    config = with_sandbox_secrets(load(sending(tmp_path, "off = [2026-11-23]"), {}), bytes)
    keys = load_keys(config, bytes, {})

    facts, _ = house(config, keys, Tokens(keys.tokens), desk=None)

    assert facts.workdays.is_holiday(day("2026-11-23"))
    assert facts.workdays.is_holiday(day("2026-10-01"))


# --- the check of the file --------------------------------------------------------------------------------------------


def checked(file):
    return CliRunner().invoke(taoli, ["check", "--config", str(file)])


def test_the_check_says_which_year_is_missing_and_still_passes(tmp_path):
    with time_machine.travel("2098-11-20T04:00:00Z", tick=False):
        missing = checked(sending(tmp_path, ""))
        named = checked(sending(tmp_path, "off = [2098-10-01, 2099-01-01]"))

    assert (missing.exit_code, named.exit_code) == (0, 0)
    assert "2098 年" in missing.stderr
    assert "2099 年" in missing.stderr
    assert named.stderr.startswith("配置没有问题\n")
    assert "年的放假" not in named.stderr
    assert (missing.stdout, named.stdout) == ("", "")


@pytest.mark.parametrize(
    ("calendar", "problem"),
    [
        ('off = ["2027-02-30"]', "sending.calendar.off[0]: expected a day like 2027-02-05"),
        ("off = [2027-02-05, 20270206]", "sending.calendar.off[1]: expected a day like 2027-02-05"),
        ("work = [2027-02-05T00:00:00]", "sending.calendar.work[0]: expected a day like 2027-02-05"),
        ("work = 2027-02-05", "sending.calendar.work: expected a list"),
        ("of = [2027-02-05]", "sending.calendar.of: unknown key, did you mean off?"),
        (
            "off = [2027-02-05]\nwork = [2027-02-20, 2027-02-05]",
            "sending.calendar.work[1]: 2027-02-05 stands in off too: keep one of them",
        ),
        ("off = [", "calendar.toml is not TOML"),
        ("off = [2027-02-30]", "calendar.toml is not TOML"),
    ],
)
def test_a_bad_day_is_told_with_its_place(tmp_path, calendar, problem):
    result = checked(sending(tmp_path, calendar))

    assert result.exit_code == 1
    assert problem in result.stderr


def test_a_file_that_is_not_there_is_told_beside_all_other_problems(tmp_path):
    file = sending(tmp_path, "", 'hours = ["07:00", "20:30"]\nholdout = 2\n')
    (tmp_path / "calendar.toml").unlink()

    result = checked(file)

    assert "calendar.toml cannot be read: No such file or directory" in result.stderr
    assert "sending.holdout" in result.stderr


@pytest.mark.parametrize("hours", [("07:59", "20:30"), ("09:00", "21:01"), ("00:00", "23:59")])
def test_hours_cannot_be_wider_than_from_8_to_21(tmp_path, hours):
    result = checked(sending(tmp_path, "", f"hours = {json.dumps(hours)}"))

    assert result.exit_code == 1
    assert "sending.hours: must lie between 08:00 and 21:00" in result.stderr


def test_the_widest_hours_are_allowed(tmp_path):
    assert checked(sending(tmp_path, "", 'hours = ["08:00", "21:00"]')).exit_code == 0
