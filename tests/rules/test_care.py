"""Care beyond asking: what is due on which day, at most one thing, and what keeps it from being said."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.calendar import ChineseCalendar
from referral.care import CARED, MARKETING, Care, CareKind, CareState, Life
from referral.care_rules import birthdays_on, days_due, due, held_by, look_again, occasions, rest_after
from referral.decisions import Customer, Day, Route
from referral.floor import Policy
from referral.moments import Moment, Permission
from referral.notices import Window
from referral.workdays import WEEKDAYS

POLICY = Policy(gap_days=14, per_year=8, monthly_cap=2)


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


NOW = beijing("2026-11-24T10:00")  # a Tuesday
HOUSE = Day(policy=POLICY, workdays=WEEKDAYS, rep_left={"lin": 10})


def ago(days: float, now: datetime = NOW) -> datetime:
    return now - timedelta(days=days)


def mei(**known: Any) -> Customer:
    """A customer of a bit more than a year who is content and was seen yesterday; `known` of her row, or of her."""
    of_customer = {name: known.pop(name) for name in tuple(known) if name in Customer.__dataclass_fields__}
    row: dict[str, Any] = {
        "consent": Permission.GRANTED,
        "customer_since": ago(400),
        "satisfaction": 9.0,
        "seen_at": ago(1),
    } | known
    return replace(Customer(moment=Moment(person="mei", **row), rep="lin"), **of_customer)


def a_care(kind: CareKind, ref: str = "x", **known: Any) -> Care:
    row: dict[str, Any] = {
        "id": f"v-{kind}-{ref}",
        "person": "mei",
        "day": NOW.date(),
        "state": CareState.SENT,
        "route": Route.REP,
        "created_at": NOW,
        "planned_at": NOW,
    }
    return Care(kind=kind, ref=ref, **row | known)


def kinds(customer: Customer, life: Life | None = None, now: datetime = NOW) -> list[CareKind]:
    return [each.kind for each in occasions(customer, life or Life(), WEEKDAYS, now)]


BORN_TODAY = Life(birthday="11-24")


# --- what calls for care --------------------------------------------------------------------------------------------


def test_an_ordinary_day_calls_for_nothing():
    assert due(mei(), Life(birthday="06-01"), HOUSE, NOW) is None


def test_a_birthday_is_greeted_on_its_day_and_never_names_a_year():
    found = due(mei(), BORN_TODAY, HOUSE, NOW)

    assert found
    assert (found.occasion.kind, found.occasion.value, found.route) == (CareKind.BIRTHDAY, "", Route.REP)
    assert found.until == beijing("2026-11-25T00:00")
    assert due(mei(), Life(birthday="11-25"), HOUSE, NOW) is None


@pytest.mark.parametrize(("year", "kept"), [(2026, ("02-28", "02-29")), (2028, ("02-28",))])
def test_who_was_born_on_29_february_is_greeted_on_the_28th_in_common_years(year: int, kept: tuple[str, ...]):
    assert birthdays_on(date(year, 2, 28)) == kept


def test_on_a_working_day_a_rep_hears_of_the_birthdays_of_the_days_off_behind_it():
    friday, saturday = beijing("2026-11-27T10:00"), beijing("2026-11-28T10:00")
    born = Life(birthday="11-29")

    assert days_due(WEEKDAYS, friday) == [date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)]
    assert days_due(WEEKDAYS, saturday) == [date(2026, 11, 28)]
    found = due(mei(), born, HOUSE, friday)
    assert found
    assert found.until == beijing("2026-11-30T00:00")
    assert due(mei(), born, HOUSE, beijing("2026-11-29T10:00")) is None  # no rep works, and no window is open


@pytest.mark.parametrize(("since", "years"), [("2025-11-24T09:00", "1"), ("2023-11-24T23:00", "3")])
def test_the_day_on_which_somebody_became_a_customer_comes_back_every_year(since: str, years: str):
    found = due(mei(customer_since=beijing(since)), Life(), HOUSE, NOW)

    assert found
    assert (found.occasion.kind, found.occasion.value) == (CareKind.ANNIVERSARY, years)


def test_the_first_day_is_no_anniversary():
    assert kinds(mei(customer_since=ago(0))) == []


def test_a_friends_purchase_of_which_nobody_has_told_her_is_thanked_for():
    found = due(mei(), Life(credited=(("r1", ago(2)),)), HOUSE, NOW)

    assert found
    assert (found.occasion.kind, found.occasion.ref) == (CareKind.THANKS, "r1")


def test_what_was_used_for_a_week_is_asked_about_once():
    bought = mei(last_order_at=ago(8))

    assert kinds(bought) == [CareKind.SURVEY]
    assert kinds(mei(last_order_at=ago(3))) == []
    assert kinds(mei(last_order_at=ago(8), surveyed_at=ago(80))) == []
    asked = a_care(CareKind.SURVEY, "2026-09-20", sent_at=ago(60))
    assert kinds(bought, Life(had=(asked,))) == []


def test_only_where_all_four_gates_are_open_something_is_shown_early():
    early = Life(early="c1")

    assert kinds(mei(), early) == [CareKind.EARLY]
    assert CareKind.EARLY not in kinds(mei(took_at=ago(20)), early)


def test_who_was_not_heard_of_for_half_a_year_gets_one_word_and_then_silence():
    quiet = mei(seen_at=ago(200))
    found = due(quiet, Life(), HOUSE, NOW)

    assert found
    assert (found.occasion.kind, found.route) == (CareKind.SILENCE, Route.REP)
    had = a_care(CareKind.SILENCE, found.occasion.ref, state=CareState.ENDED)
    assert due(quiet, Life(had=(had,)), HOUSE, ago(-100)) is None


def test_a_complaint_is_a_task_after_a_day_even_of_who_wants_to_hear_of_nothing():
    upset = mei(complaints=1, complaint_at=ago(2), consent=Permission.WITHDRAWN)
    found = due(upset, BORN_TODAY, HOUSE, NOW)

    assert found
    assert (found.occasion.kind, found.until) == (CareKind.REPAIR, None)
    assert due(mei(complaints=1, complaint_at=ago(0.5)), Life(), HOUSE, NOW) is None


def test_a_low_score_is_a_task_for_a_month():
    found = due(mei(satisfaction=5.0, surveyed_at=ago(2)), Life(), HOUSE, NOW)

    assert found
    assert (found.occasion.kind, found.occasion.value) == (CareKind.REPAIR, "5")
    assert due(mei(satisfaction=5.0, surveyed_at=ago(40)), Life(), HOUSE, NOW) is None


def test_two_asks_without_an_answer_call_for_thanks_and_a_poster_that_nobody_saw_for_an_easier_one():
    assert kinds(mei(unanswered=2, asked=(ago(60), ago(30)))) == [CareKind.RECOGNISE]
    assert kinds(mei(unanswered=2, asked=(ago(60), ago(3)))) == []
    assert kinds(mei(took_at=ago(20))) == [CareKind.EASIER]
    assert kinds(mei(took_at=ago(20), seen=True)) == []


def test_of_several_things_the_most_important_comes_first_and_only_that():
    customer = mei(customer_since=beijing("2024-11-24T09:00"), last_order_at=ago(9))
    life = replace(BORN_TODAY, credited=(("r1", ago(1)),), early="c1")

    found = due(customer, life, HOUSE, NOW)

    assert found
    assert found.occasion.kind is CareKind.BIRTHDAY
    had = replace(life, had=(a_care(CareKind.BIRTHDAY, "2026", sent_at=ago(0)),))
    assert (later := due(customer, had, HOUSE, NOW)) is not None
    assert later.occasion.kind is CareKind.THANKS  # owed, and no cap stands against it


# --- what keeps care from being said --------------------------------------------------------------------------------

HELD: list[tuple[str, dict[str, Any]]] = [
    ("opted_out", {"consent": Permission.WITHDRAWN}),
    ("complaint.open", {"complaints": 1}),
    ("survey.low", {"satisfaction": 6.0}),
    ("asked.open", {"open_until": ago(-1)}),
    ("gap", {"asked": (ago(0.05),)}),
    ("gap", {"asked": (ago(10),)}),
    ("cap.month", {"asked": (ago(30), ago(20))}),
    ("rest.chatted", {"rest_until": ago(-2), "rest_why": "chatted"}),
    ("consent.unknown", {"consent": Permission.UNKNOWN}),
    ("consent.refused", {"consent": Permission.REFUSED}),
    ("holdout", {"holdout": True}),
    ("minor", {"minor": True}),
    ("personal.off", {"personal": False}),
]


@pytest.mark.parametrize(("why", "known"), HELD)
def test_a_birthday_is_left_alone_for_every_reason_that_holds_an_ask(why: str, known: dict[str, Any]):
    assert held_by(CareKind.BIRTHDAY, mei(**known), BORN_TODAY, POLICY, NOW) == why


def test_service_is_for_the_holdout_too_and_needs_no_consent_and_marketing_is_not():
    held_out = mei(holdout=True, consent=Permission.UNKNOWN, asked=())

    open_ = {kind for kind in CareKind if held_by(kind, held_out, Life(), POLICY, NOW) is None}

    assert open_ == set(CareKind) - MARKETING == {CareKind.REPAIR, CareKind.THANKS, CareKind.SURVEY}


def test_a_thank_you_waits_for_no_gap_but_is_never_said_on_the_day_of_an_ask():
    life = Life(credited=(("r1", ago(1)),))

    assert held_by(CareKind.THANKS, mei(asked=(ago(3),)), life, POLICY, NOW) is None
    assert held_by(CareKind.THANKS, mei(asked=(ago(0.05),)), life, POLICY, NOW) == "gap"


def test_nobody_has_two_open_cares_and_a_care_does_not_stand_in_its_own_way():
    own = a_care(CareKind.BIRTHDAY, "2026", state=CareState.LISTED)
    resting = mei(rest_until=ago(-1), rest_why=CARED)

    assert held_by(CareKind.THANKS, mei(), Life(had=(own,)), POLICY, NOW) == "care.open"
    assert held_by(CareKind.BIRTHDAY, resting, Life(had=(own,)), POLICY, NOW, own=own.id) is None
    assert held_by(CareKind.BIRTHDAY, resting, Life(), POLICY, NOW) == "rest.cared"


def test_asks_and_cares_together_keep_to_the_caps():
    said = a_care(CareKind.ANNIVERSARY, "1", sent_at=ago(20))

    assert held_by(CareKind.BIRTHDAY, mei(asked=(ago(25),)), Life(had=(said,)), POLICY, NOW) == "cap.month"
    assert held_by(CareKind.BIRTHDAY, mei(asked=(ago(40),)), Life(had=(said,)), POLICY, NOW) is None


def test_after_care_nobody_asks_for_the_gap_nor_before_the_months_cap_has_room():
    tomorrow = beijing("2026-11-25T00:00")

    assert rest_after(CareKind.BIRTHDAY, mei(), Life(), POLICY, NOW) == NOW + timedelta(days=14)
    assert rest_after(CareKind.BIRTHDAY, mei(asked=(ago(15),)), Life(), POLICY, NOW) == ago(15) + timedelta(days=31)
    assert rest_after(CareKind.THANKS, mei(), Life(), POLICY, NOW) == tomorrow


# --- how it travels -------------------------------------------------------------------------------------------------


def window(hours: float, now: datetime = NOW) -> Window:
    return Window(desk="wk1", person="mei", handle="wm-mei", said_at=now - timedelta(hours=hours), sent=0)


def test_the_desk_says_it_while_its_window_is_open_at_a_lawful_hour():
    found = due(mei(window=window(2)), BORN_TODAY, HOUSE, NOW)

    assert found
    assert (found.route, found.at) == (Route.KF, NOW)
    early = beijing("2026-11-24T07:00")
    found = due(mei(window=window(2, early)), BORN_TODAY, HOUSE, early)
    assert found
    assert (found.route, found.at) == (Route.KF, beijing("2026-11-24T09:00"))


def test_a_date_that_is_over_before_it_could_be_said_lapses():
    night = beijing("2026-11-24T22:00")

    assert due(mei(window=window(2, night)), BORN_TODAY, HOUSE, night) is None


def test_without_a_window_and_without_a_rep_nothing_is_planned():
    assert due(mei(rep=None), BORN_TODAY, HOUSE, NOW) is None


def test_a_full_day_of_a_rep_holds_greetings_back_but_not_what_is_to_be_put_right():
    full = replace(HOUSE, rep_left={"lin": 0})

    assert due(mei(), BORN_TODAY, full, NOW) is None
    assert due(mei(complaints=1, complaint_at=ago(2)), Life(), full, NOW)


def test_a_customer_is_looked_at_again_in_time_for_the_next_date_and_never_the_same_day():
    at = look_again(mei(customer_since=beijing("2024-12-10T09:00")), Life(), WEEKDAYS, NOW)

    assert at == beijing("2026-12-01T00:00")
    assert look_again(mei(complaints=1, complaint_at=ago(0.2)), Life(), WEEKDAYS, NOW) == ago(0.2) + timedelta(days=1)
    assert look_again(mei(), BORN_TODAY, WEEKDAYS, NOW) == beijing("2026-11-25T00:00")
    assert look_again(mei(customer_since=None), Life(), WEEKDAYS, NOW) == beijing("2026-12-24T00:00")


def test_chinas_long_holidays_are_looked_over():
    before = beijing("2026-09-30T10:00")

    assert days_due(ChineseCalendar(), before)[-1] >= date(2026, 10, 7)
