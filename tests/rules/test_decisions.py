"""The decision about one customer: what sends, defers and drops, each reason from both of its sides."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.calendar import ChineseCalendar
from referral.care import Action, action_of
from referral.changes import changes_of
from referral.decisions import Customer, Day, Defer, Drop, Gate, Route, Send, gate_of, judge, judge_in_turn
from referral.floor import Policy
from referral.hours import are_open
from referral.moments import Moment, Permission
from referral.notices import Window
from referral.offers import Audience
from referral.scoring import Reason
from referral.signals import SignalKind
from referral.times import SHANGHAI, chinese_date

CHINA = ChineseCalendar()
EVERYBODY = Audience(min_tenure_days=0, min_satisfaction=0)


def beijing(text: str) -> datetime:
    """A moment of 2026 in Beijing."""
    return datetime.fromisoformat(f"2026-{text}+08:00").astimezone(UTC)


NOW = beijing("11-24T10:00")  # a Tuesday
SECOND = timedelta(seconds=1)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)


def window(hours_ago: float, now: datetime = NOW, sent: int = 0) -> Window:
    return Window(desk="wk1", person="mei", handle="wm-mei", said_at=now - timedelta(hours=hours_ago), sent=sent)


MOMENT = Moment(person="mei", consent=Permission.GRANTED, consent_at=ago(300), customer_since=ago(400))
MEI = Customer(moment=MOMENT, rep="lin")
DAY = Day(
    policy=Policy(gap_days=14, per_year=8, monthly_cap=2, min_tenure_days=30),
    workdays=CHINA,
    campaigns=[("c1", EVERYBODY)],
    rep_left={"lin": 10},
    budget_left=200,
)


def test_a_customer_against_whom_nothing_stands_is_asked_through_her_rep():
    verdict = judge(MEI, DAY, NOW)

    assert verdict.decision == Send(Route.REP, NOW, "c1")
    assert (verdict.kind, verdict.route, verdict.not_before, verdict.gate) == ("send", Route.REP, None, None)
    assert (verdict.why, verdict.against) == ((Reason("tenure", "13 个月"),), ())


def test_of_whom_nothing_in_particular_is_known_it_is_only_said_that_she_may_be_asked():
    settled = replace(MEI, moment=MOMENT.but(customer_since=ago(40), satisfaction=9.0))
    plain = replace(MEI, moment=MOMENT.but(customer_since=ago(40)))

    assert judge(settled, DAY, NOW).why == (Reason("satisfaction", "9"),)
    assert judge(plain, DAY, NOW).why == (Reason("eligible"),)


def asked(*days_ago: float) -> dict[str, object]:
    return {"asked": tuple(ago(each) for each in sorted(days_ago, reverse=True))}


YEARS_EIGHT = (364, 320, 280, 240, 200, 160, 120, 80)

WAITS = {
    "a refusal half over": (
        {"moment": {"consent": Permission.REFUSED, "consent_at": ago(90)}},
        "consent.refused",
        None,
    ),
    "never asked": ({"moment": {"consent": Permission.UNKNOWN}}, "consent.unknown", None),
    "opted out": ({"moment": {"consent": Permission.WITHDRAWN}}, "opted_out", None),
    "an open complaint": ({"moment": {"complaints": 1}}, "complaint.open", None),
    "not content": ({"moment": {"satisfaction": 6.0}}, "survey.low", None),
    "a new customer": ({"moment": {"customer_since": ago(29)}}, "tenure.short", later(1)),
    "perhaps no customer": ({"moment": {"customer_since": None}}, "tenure.unknown", None),
    "held out": ({"moment": {"holdout": True}}, "holdout", None),
    "left in peace": ({"moment": {"rest_until": later(3), "rest_why": "unsuitable"}}, "rest.unsuitable", later(3)),
    "asked lately": ({"moment": {"nudged_at": ago(13)}}, "gap", later(1)),
    "asked lately, by the history": (asked(13), "gap", later(1)),
    "twice in a month": (asked(30, 15), "cap.month", later(1)),
    "thrice in a month, once by hand": (asked(30, 20, 15), "cap.month", later(11)),
    "eight times in a year": (asked(*YEARS_EIGHT), "cap.year", later(1)),
    "an ask on the list": ({"open_until": later(2)}, "asked.open", later(2)),
    "took a poster by herself": ({"took_at": ago(10)}, "took.recently", later(4)),
    "two asks without an answer": (asked(80, 40) | {"unanswered": 2}, "gate.recognition", later(50)),
    "nobody to ask her": ({"rep": None}, "channel.none", None),
    "a window that closed": ({"rep": None, "window": window(48)}, "channel.none", None),
    "a window that is used up": ({"rep": None, "window": window(1, sent=5)}, "channel.none", None),
    "a rep of whom nothing is known": ({"rep": "wu"}, "rep.load", beijing("11-25T09:30")),
}


@pytest.mark.parametrize("case", WAITS)
def test_one_reason_is_enough_not_to_ask_now_and_says_when_to_look_again(case):
    changes, reason, until = WAITS[case]
    verdict = judge(_changed(changes), DAY, NOW)

    assert verdict.why[0].code == reason
    assert verdict.decision == (Defer(until, verdict.why[0]) if until else Drop(verdict.why[0]))
    assert verdict.route is Route.NONE


PASSES = {
    "a refusal long ago, and a yes since": {"moment": {"consent_at": ago(1)}},
    "a complaint that was settled": {"moment": {"complaints": 0, "complaint_at": ago(2)}},
    "just content": {"moment": {"satisfaction": 7.0}},
    "just a customer": {"moment": {"customer_since": ago(30)}},
    "rested": {"moment": {"rest_until": NOW, "rest_why": "not_now"}},
    "the gap is over": {"moment": {"nudged_at": ago(14)}} | asked(14),
    "twice, in a little more than a month": asked(31, 15),
    "eight times, in a little more than a year": asked(365, *YEARS_EIGHT[1:]),
    "the ask has run out": {"open_until": NOW},
    "took a poster that friends have seen": {"took_at": ago(14), "seen": True},
    "took a poster long ago": {"took_at": ago(30)},
    "one ask without an answer": asked(40) | {"unanswered": 1},
    "two without an answer, long ago": asked(130, 90) | {"unanswered": 2},
}


@pytest.mark.parametrize("case", PASSES)
def test_whoever_just_passes_is_asked(case):
    assert judge(_changed(PASSES[case]), DAY, NOW).kind == "send"


def _changed(changes: dict) -> Customer:
    known = dict(changes)
    moment = MOMENT.but(**known.pop("moment", {}))
    return replace(MEI, moment=moment, **known)


@pytest.mark.parametrize("policy", [{"per_year": 0}, {"monthly_cap": 0}])
def test_a_cap_of_none_asks_nobody(policy):
    verdict = judge(MEI, replace(DAY, policy=Policy(**policy)), NOW)

    assert verdict.decision == Drop(Reason("cap.none"))


@settings(deadline=None)  # the first look at a holiday takes its time
@given(history=st.lists(st.floats(0.01, 800), max_size=30))
def test_with_this_ask_no_31_and_no_365_days_hold_more_than_allowed(history):
    customer = _changed(asked(*history))

    verdict = judge(customer, DAY, NOW)

    if verdict.kind == "send":
        assert sum(days < 31 for days in history) < 2
        assert sum(days < 365 for days in history) < 8
        assert all(days >= 14 for days in history)
    else:
        assert isinstance(verdict.decision, Defer)
        again = judge(customer, DAY, verdict.decision.until)
        assert again.kind == "send" or again.why[0] != verdict.why[0] or again.decision.until > verdict.decision.until


def test_without_an_open_campaign_nobody_is_asked():
    assert judge(MEI, replace(DAY, campaigns=[]), NOW).decision == Drop(Reason("campaign.none"))
    assert judge(MEI, replace(DAY, campaigns=None), NOW).decision == Send(Route.REP, NOW, None)


@pytest.mark.parametrize(
    ("known", "audience", "campaign"),
    [
        ({}, Audience(min_tenure_days=400, min_satisfaction=9), "c2"),
        ({}, Audience(min_tenure_days=401, min_satisfaction=0), "c1"),
        ({"satisfaction": 8.0}, Audience(min_tenure_days=0, min_satisfaction=8), "c2"),
        ({"satisfaction": 7.5}, Audience(min_tenure_days=0, min_satisfaction=8), "c1"),
    ],
)
def test_the_newest_campaign_that_is_for_her_is_the_one_she_is_asked_about(known, audience, campaign):
    customer = replace(MEI, moment=MOMENT.but(**known))

    decision = judge(customer, replace(DAY, campaigns=[("c2", audience), ("c1", EVERYBODY)]), NOW).decision

    assert decision == Send(Route.REP, NOW, campaign)


def test_whom_no_campaign_is_for_is_left_out_until_there_is_news():
    demanding = [("c1", Audience(min_tenure_days=500, min_satisfaction=0))]

    assert judge(MEI, replace(DAY, campaigns=demanding), NOW).decision == Drop(Reason("audience"))


@pytest.mark.parametrize(
    ("now", "hours_ago", "route", "at"),
    [
        ("11-24T10:00", 1, Route.KF, "11-24T10:00"),
        ("11-24T10:00", 47.9, Route.KF, "11-24T10:00"),
        ("11-24T10:00", 48, Route.REP, "11-24T10:00"),
        ("11-24T22:00", 1, Route.KF, "11-25T09:00"),  # at night the desk waits for the morning
        ("11-24T22:00", 37.5, Route.REP, "11-25T09:30"),  # by when the window would be closed
        ("11-22T10:00", None, Route.REP, "11-23T09:30"),  # reps do not work on a Sunday
        ("11-22T10:00", 1, Route.KF, "11-22T10:00"),
        ("10-01T09:30", 1, Route.KF, "10-01T12:00"),  # a holiday begins at noon
        ("10-01T13:00", None, Route.REP, "10-08T09:30"),
        ("10-10T10:00", None, Route.REP, "10-10T10:00"),  # a Saturday that is worked
        ("11-24T20:30", None, Route.REP, "11-25T09:30"),
    ],
)
def test_the_desk_asks_in_its_open_window_and_else_the_rep_on_a_working_day(now, hours_ago, route, at):
    moment = beijing(f"{now}:00")
    customer = replace(MEI, window=None if hours_ago is None else window(hours_ago, moment))

    verdict = judge(customer, DAY, moment)

    assert verdict.decision == Send(route, beijing(f"{at}:00"), "c1")
    assert verdict.not_before == (None if at == now else beijing(f"{at}:00"))


@settings(deadline=None)  # the first look at a holiday takes its time
@given(
    hour=st.integers(0, 366 * 24),
    minute=st.integers(0, 59),
    hours_ago=st.none() | st.floats(0, 60),
    opens=st.integers(8, 12),
    closes=st.integers(13, 21),
)
def test_an_ask_never_falls_outside_the_hours_whatever_the_day(hour, minute, hours_ago, opens, closes):
    now = beijing("01-01T00:00:00") + timedelta(hours=hour, minutes=minute)
    long_ago = MOMENT.but(customer_since=now - timedelta(days=400))
    customer = replace(MEI, moment=long_ago, window=None if hours_ago is None else window(hours_ago, now))
    hours = (time(opens), time(closes))

    decision = judge(customer, replace(DAY, hours=hours), now).decision

    assert isinstance(decision, Send)
    assert decision.at >= now
    assert are_open(hours, decision.at, CHINA)
    if decision.route is Route.KF:
        assert decision.at - customer.window.said_at < timedelta(hours=48)


def writes(**hours: int) -> bytes:
    """How often somebody wrote in each hour of the day: `at_17=30`."""
    return bytes(hours.get(f"at_{hour}", 0) for hour in range(24))


AT_FIVE = MOMENT.but(hours=writes(at_17=30))
BUSY = replace(DAY, busy_hours=(5,) * 24)  # customers write at all hours alike

HOURS_OF_HER_OWN = {
    "she writes at five": (AT_FIVE, "11-24T10:00", "11-24T17:00"),
    "by then she has written a minute ago": (AT_FIVE, "11-24T17:01", "11-24T17:01"),
    "it is past five": (AT_FIVE, "11-24T19:10", "11-24T19:10"),
    "at night it waits for the next day's five": (AT_FIVE, "11-24T22:00", "11-25T17:00"),
    "on a holiday at nine it waits for five as well": (AT_FIVE, "10-01T09:30", "10-01T17:00"),
    "she writes at ten at night, when nobody is asked": (MOMENT.but(hours=writes(at_22=30)), "11-24T10:00", "19:00"),
    "she wrote five times only": (MOMENT.but(hours=writes(at_17=5)), "11-24T10:00", "11-24T10:00"),
    "two habits, and one of them is now": (MOMENT.but(hours=writes(at_10=9, at_17=10)), "11-24T10:20", "11-24T10:20"),
    "she has switched personalisation off": (AT_FIVE.but(personal=False), "11-24T10:00", "11-24T10:00"),
}


@pytest.mark.parametrize("case", HOURS_OF_HER_OWN)
def test_the_desk_waits_for_the_hour_at_which_she_writes_where_that_is_plain(case):
    moment, now, at = HOURS_OF_HER_OWN[case]
    at = at if "T" in at else f"{now[:5]}T{at}"
    customer = replace(MEI, moment=moment, window=window(0.1, beijing(f"{now}:00")))

    verdict = judge(customer, BUSY, beijing(f"{now}:00"))

    assert verdict.decision == Send(Route.KF, beijing(f"{at}:00"), "c1")
    assert verdict.not_before == (None if at == now else beijing(f"{at}:00"))


def test_while_nothing_is_known_of_when_all_customers_write_nobody_waits_for_an_hour():
    customer = replace(MEI, moment=AT_FIVE, window=window(0.1))

    assert judge(customer, DAY, NOW).decision == Send(Route.KF, NOW, "c1")


def test_the_desk_does_not_wait_for_an_hour_at_which_its_window_is_closed():
    noon = beijing("11-24T12:00:00")
    closing = window(45, noon)  # at three

    at = judge(replace(MEI, moment=AT_FIVE, window=closing), BUSY, noon).decision.at

    assert noon <= at < beijing("11-24T15:00:00")


def test_a_rep_is_not_kept_waiting_for_an_hour():
    assert judge(replace(MEI, moment=AT_FIVE), BUSY, NOW).decision == Send(Route.REP, NOW, "c1")


@settings(deadline=None)
@given(
    hour=st.integers(0, 366 * 24),
    minute=st.integers(0, 59),
    hours_ago=st.floats(0, 47),
    own=st.binary(min_size=24, max_size=24),
    shop=st.lists(st.integers(0, 500), min_size=24, max_size=24),
    closes=st.sampled_from([time(13), time(18, 30), time(20, 30), time(21)]),
)
def test_an_hour_of_her_own_is_lawful_on_the_same_day_and_while_the_window_is_open(
    hour, minute, hours_ago, own, shop, closes
):
    now = beijing("01-01T00:00:00") + timedelta(hours=hour, minutes=minute)
    moment = MOMENT.but(customer_since=now - timedelta(days=400), hours=own)
    customer, hours = replace(MEI, moment=moment, window=window(hours_ago, now)), (time(9), closes)

    waits = judge(customer, replace(BUSY, hours=hours, busy_hours=shop), now).decision
    at_once = judge(customer, replace(DAY, hours=hours), now).decision

    assert (waits.route, waits.campaign) == (at_once.route, at_once.campaign)
    assert are_open(hours, waits.at, CHINA)
    assert waits.at >= at_once.at
    assert waits.at.astimezone(SHANGHAI).date() == at_once.at.astimezone(SHANGHAI).date()
    if waits.route is Route.KF:
        assert waits.at - customer.window.said_at < timedelta(hours=48)


def test_of_whom_personalisation_is_off_it_is_only_said_that_it_is_her_turn():
    best = MOMENT.but(satisfaction=10.0, rank=0.99, past_referrals=9, good=SignalKind.PRAISE, good_at=NOW, profile=1.5)
    worst = MOMENT.but(satisfaction=7.0, rank=0.01, complaint_at=ago(2), fatigue=2.0, nudged_at=ago(20), own=-1.5)

    verdicts = [judge(replace(MEI, moment=each.but(personal=False)), DAY, NOW) for each in (best, worst)]

    assert [verdict.why for verdict in verdicts] == [(Reason("rotation"),)] * 2
    assert [verdict.against for verdict in verdicts] == [(), ()]
    assert verdicts[0].score == verdicts[1].score
    assert [verdict.kind for verdict in verdicts] == ["send", "send"]


def test_personalisation_switched_off_does_not_lift_what_protects_her():
    protected = MOMENT.but(personal=False, complaints=1)

    assert judge(replace(MEI, moment=protected), DAY, NOW).why == (Reason("complaint.open"),)


def test_a_rep_takes_as_many_as_fit_and_the_rest_waits_for_the_next_list():
    full = replace(DAY, rep_left={"lin": 0})

    assert judge(MEI, full, NOW).decision == Defer(beijing("11-25T09:30:00"), Reason("rep.load"))
    assert judge(replace(MEI, window=window(1)), full, NOW).route is Route.KF
    assert judge(MEI, replace(DAY, rep_left=None), NOW).kind == "send"


def test_beyond_the_days_budget_nobody_is_asked():
    spent = replace(DAY, budget_left=0)

    for customer in (MEI, replace(MEI, window=window(1))):
        assert judge(customer, spent, NOW).decision == Defer(beijing("11-25T09:30:00"), Reason("budget.day"))
    assert judge(MEI, replace(DAY, budget_left=None), NOW).kind == "send"


def test_in_turn_the_best_are_asked_first_and_each_takes_of_the_load_and_the_budget():
    people = [
        replace(MEI, moment=MOMENT.but(person="jun", satisfaction=7.0)),
        replace(MEI, moment=MOMENT.but(person="mei", good=SignalKind.PRAISE, good_at=NOW)),
        replace(MEI, moment=MOMENT.but(person="bo", satisfaction=9.0)),
    ]

    verdicts, left = judge_in_turn(people, replace(DAY, rep_left={"lin": 2}, budget_left=5), NOW)

    assert [(each.customer.moment.person, each.kind) for each in verdicts] == [
        ("mei", "send"),
        ("bo", "send"),
        ("jun", "defer"),
    ]
    assert (left.rep_left, left.budget_left) == ({"lin": 0}, 3)


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({}, None),
        ({"moment": {"complaints": 1}, "unanswered": 2}, Gate.EXPERIENCE),
        ({"moment": {"satisfaction": 6.9}}, Gate.EXPERIENCE),
        ({"moment": {"satisfaction": 7.0}}, None),
        (asked(50, 40) | {"unanswered": 2}, Gate.RECOGNITION),
        (asked(130, 90) | {"unanswered": 2}, None),
        ({"unanswered": 1}, None),
        ({"took_at": ago(14)}, Gate.TOOL),
        ({"took_at": ago(14), "seen": True}, None),
        ({"took_at": ago(13)}, None),
        ({"took_at": ago(30)}, None),
        ({"took_at": ago(14), "moment": {"personal": False}}, None),
        ({"moment": {"seen_at": ago(180), "good_at": ago(200)}}, Gate.INTERACTION),
        ({"moment": {"seen_at": ago(180), "rank": 0.9}}, None),
        ({"moment": {"seen_at": ago(180), "personal": False}}, None),
        ({"moment": {"seen_at": ago(180), "last_order_at": ago(179)}}, None),
    ],
)
def test_the_first_of_the_four_gates_that_is_weak_is_named(changes, gate):
    assert gate_of(_changed(changes), NOW) is gate


@pytest.mark.parametrize(
    ("changes", "decision", "action"),
    [
        ({}, Send(Route.REP, NOW, "c1"), Action.ASK),
        ({"moment": {"complaints": 1}}, Drop(Reason("complaint.open")), Action.REPAIR),
        (asked(50, 40) | {"unanswered": 2}, Defer(later(50), Reason("gate.recognition")), Action.RECOGNISE),
        ({"took_at": ago(20)}, Defer(later(10), Reason("gate.tool")), Action.EASIER),
        ({"moment": {"seen_at": ago(200)}}, Drop(Reason("gate.interaction")), Action.CARE),
        ({"moment": {"seen_at": ago(200), "consent": Permission.WITHDRAWN}}, Drop(Reason("opted_out")), Action.WAIT),
        (asked(1), Defer(later(13), Reason("gap")), Action.WAIT),
    ],
)
def test_the_weakest_gate_decides_what_to_do_and_never_says_otherwise_than_the_decision(changes, decision, action):
    verdict = judge(_changed(changes), DAY, NOW)

    assert (verdict.decision, action_of(verdict)) == (decision, action)
    assert verdict.gate is None or verdict.kind != "send"


def test_with_several_things_in_the_way_all_of_them_have_to_change():
    refused = {"consent": Permission.REFUSED, "consent_at": ago(1), "satisfaction": 5.0}
    unknown = {"consent": Permission.UNKNOWN, "customer_since": None}

    assert _changes(refused) == {"change.time", "change.survey"}
    assert _changes({"complaints": 1, "nudged_at": ago(1)}) == {"change.complaint", "change.time"}
    assert _changes(unknown) == {"change.consent", "change.joined"}
    assert _changes(unknown | {"holdout": True}) == {"change.never"}
    assert _changes({}) == {"change.stop"}


def _changes(known):
    return {each.code for each in changes_of(judge(_changed({"moment": known}), DAY, NOW))}


def test_of_several_times_the_last_one_is_told_beside_whatever_else_is_in_the_way():
    known = {"complaints": 1, "nudged_at": ago(1), "rest_until": later(3), "rest_why": "not_now"}

    told = changes_of(judge(_changed({"moment": known}), DAY, NOW))

    assert {each.code: each.value for each in told} == {"change.complaint": "", "change.time": chinese_date(later(13))}


def test_of_who_is_on_a_list_is_told_what_would_take_them_off_and_of_who_was_asked_what_ends_the_wait():
    listed, asked_ = ({"open_until": later(3), "on_list": on_list} for on_list in (True, False))

    assert [each.code for each in changes_of(judge(_changed(listed), DAY, NOW))] == ["change.stop"]
    assert [each.code for each in changes_of(judge(_changed(asked_), DAY, NOW))] == ["change.answer"]


def test_whoever_is_not_asked_is_told_of_with_what_speaks_for_it_all_the_same():
    verdict = judge(_changed({"moment": {"satisfaction": 9.0, "rank": 0.95, "complaints": 1}}), DAY, NOW)

    assert [each.code for each in verdict.why] == ["complaint.open"]
    assert {each.code for each in verdict.speaks_for} >= {"satisfaction", "active"}
    assert all(each.size > 0 for each in verdict.speaks_for)


def test_all_that_stands_against_asking_is_told_with_the_time_from_which_nothing_does():
    moment = MOMENT.but(
        customer_since=ago(20), rest_until=later(40), rest_why="later", satisfaction=7.0, nudged_at=ago(1)
    )

    verdict = judge(replace(MEI, moment=moment), DAY, NOW)

    assert verdict.decision == Defer(later(10), Reason("tenure.short"))
    assert [each.code for each in verdict.why] == ["tenure.short", "rest.later", "gap"]
    assert "tenure.young" in {each.code for each in verdict.against}
    assert not {each.code for each in verdict.against} & {each.code for each in verdict.why}
    assert verdict.not_before == later(40)


def test_a_no_that_has_an_end_and_one_that_has_none():
    refused = replace(MEI, moment=MOMENT.but(consent=Permission.REFUSED, consent_at=ago(100)))
    gone = replace(MEI, moment=MOMENT.but(consent=Permission.WITHDRAWN, nudged_at=ago(1)))

    assert judge(refused, DAY, NOW).not_before == later(80)
    assert judge(gone, DAY, NOW).not_before is None
