"""The floor: each bar that keeps a customer from being asked, from both of its sides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from referral.due_rows import outlook
from referral.floor import Barrier, Policy, barrier, barriers, may_ask_permission
from referral.moments import DAY, Moment, Permission, SignalKind, State

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
POLICY = Policy(gap_days=14, min_tenure_days=30)
SECOND = timedelta(seconds=1)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)


MEI = Moment(person="mei", consent=Permission.GRANTED, consent_at=ago(300), customer_since=ago(400))
"""Nothing stands against asking her."""


def test_nothing_stands_against_a_customer_who_said_yes_and_is_content():
    assert barriers(MEI, POLICY, NOW) == []
    assert outlook(MEI, POLICY, NOW).state is State.READY


@pytest.mark.parametrize(
    ("known", "bar"),
    [
        ({"consent": Permission.UNKNOWN, "consent_at": None}, Barrier("consent.unknown")),
        ({"consent": Permission.WITHDRAWN, "consent_at": ago(1)}, Barrier("opted_out")),
        ({"consent": Permission.WITHDRAWN, "consent_at": ago(3000)}, Barrier("opted_out")),
        ({"consent": Permission.REFUSED, "consent_at": NOW}, Barrier("consent.refused", later(180))),
        ({"consent": Permission.REFUSED, "consent_at": ago(180) + SECOND}, Barrier("consent.refused", NOW + SECOND)),
        ({"consent": Permission.REFUSED, "consent_at": ago(180)}, Barrier("consent.unknown")),
        ({"holdout": True}, Barrier("holdout")),
        ({"complaints": 1}, Barrier("complaint.open")),
        ({"satisfaction": 6.9}, Barrier("survey.low")),
        ({"satisfaction": 0.0}, Barrier("survey.low")),
        ({"customer_since": None}, Barrier("tenure.unknown")),
        ({"customer_since": ago(30) + SECOND}, Barrier("tenure.short", NOW + SECOND)),
        ({"customer_since": later(5)}, Barrier("tenure.short", later(35))),
        ({"rest_until": later(2), "rest_why": "not_now"}, Barrier("rest.not_now", later(2))),
        ({"rest_until": NOW + SECOND}, Barrier("rest.later", NOW + SECOND)),
        ({"nudged_at": NOW}, Barrier("gap", later(14))),
        ({"nudged_at": ago(14) + SECOND}, Barrier("gap", NOW + SECOND)),
    ],
)
def test_one_thing_is_enough_against_asking_and_says_until_when(known, bar):
    moment = MEI.but(**known)

    assert barriers(moment, POLICY, NOW) == [bar]
    due = outlook(moment, POLICY, NOW)
    assert (due.reason, due.due_at) == (bar.code, bar.until)
    assert due.state is (State.WAITING if bar.until else State.IDLE)


@pytest.mark.parametrize(
    "known",
    [
        {"consent_at": None},
        {"satisfaction": 7.0},
        {"satisfaction": None},
        {"complaint_at": ago(1)},
        {"customer_since": ago(30)},
        {"rest_until": NOW},
        {"nudged_at": ago(14), "fatigue": 3.0},
    ],
)
def test_the_bar_itself_is_enough(known):
    assert barrier(MEI.but(**known), POLICY, NOW) is None


@pytest.mark.parametrize(
    "known",
    [
        {"consent": Permission.UNKNOWN},
        {"consent": Permission.WITHDRAWN},
        {"complaints": 2},
        {"satisfaction": 5.0},
        {"holdout": True},
    ],
)
def test_no_score_and_no_policy_lifts_the_floor(known):
    best = MEI.but(satisfaction=10.0, rank=1.0, past_referrals=50, good=SignalKind.PRAISE, good_at=NOW)
    lax = Policy(gap_days=0, per_year=1000, monthly_cap=1000, min_tenure_days=0)

    assert outlook(best.but(**known), lax, NOW).state is State.IDLE


def test_a_no_of_the_customers_own_comes_first_and_all_bars_are_told():
    worst = MEI.but(
        consent=Permission.REFUSED,
        consent_at=ago(1),
        complaints=1,
        customer_since=None,
        holdout=True,
        rest_until=later(1),
        nudged_at=ago(1),
    )

    codes = [each.code for each in barriers(worst, POLICY, NOW)]

    assert codes == ["consent.refused", "complaint.open", "tenure.unknown", "holdout", "rest.later", "gap"]


def test_a_longer_gap_and_a_longer_tenure_are_the_companys_own():
    strict = Policy(gap_days=60, min_tenure_days=500)

    assert barrier(MEI.but(nudged_at=ago(59)), replace(strict, min_tenure_days=30), NOW) == Barrier("gap", later(1))
    assert barrier(MEI, strict, NOW) == Barrier("tenure.short", later(100))


@pytest.mark.parametrize(
    ("known", "may"),
    [
        ({}, True),
        ({"consent_asked_at": ago(179)}, False),
        ({"consent_asked_at": ago(180)}, True),
        ({"consent": Permission.REFUSED, "consent_at": ago(179)}, False),
        ({"consent": Permission.REFUSED, "consent_at": ago(180)}, True),
        ({"consent": Permission.REFUSED, "consent_at": ago(400), "consent_asked_at": ago(20)}, False),
        ({"consent": Permission.GRANTED}, False),
        ({"consent": Permission.WITHDRAWN, "consent_at": ago(1000)}, False),
        ({"customer_since": None}, False),
    ],
)
def test_a_customer_is_asked_once_in_half_a_year_whether_they_want_to_hear_of_anything(known, may):
    unasked = MEI.but(consent=Permission.UNKNOWN, consent_at=None)

    assert may_ask_permission(unasked.but(**known), NOW) is may


def test_a_no_ends_in_a_question_and_never_in_an_ask():
    refused = MEI.but(consent=Permission.REFUSED, consent_at=ago(10))

    due = outlook(refused, POLICY, NOW)
    again = outlook(refused, POLICY, due.due_at + 400 * DAY)

    assert due.due_at == later(170)
    assert (again.state, again.reason) == (State.IDLE, "consent.unknown")
