"""What bears on the right moment: how much each thing weighs, how it fades, and what news changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral import due_rows
from referral.floor import Policy
from referral.moments import (
    DAY,
    FATIGUE_HALF,
    WORTH,
    Moment,
    Permission,
    Thresholds,
    fatigue,
    heard,
    nudged,
    read,
    taken,
)
from referral.scoring import FEATURES, Reason, features, reasons, score
from referral.signals import Signal, SignalKind

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
STRANGER = Moment(person="mei")
PROFILE = Moment(person="mei", customer_since=NOW - timedelta(days=200), satisfaction=8.5, rank=0.9)
"""The brief's: among the busiest 20 %, above 7.5, more than six months."""


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def signal(kind: SignalKind, days_ago: float = 0, **more: float) -> Signal:
    return Signal(person="mei", kind=kind, at=ago(days_ago), source="hook", **more)


def survey(score: float, days_ago: float = 0) -> Signal:
    return signal(SignalKind.SURVEY, days_ago, score=score)


def test_each_ask_tires_and_tiredness_adds_up():
    once = nudged(STRANGER, NOW)
    twice = nudged(once, NOW + timedelta(days=FATIGUE_HALF))

    assert (once.fatigue, once.nudged_at) == (1, NOW)
    assert twice.fatigue == pytest.approx(1.5)
    assert fatigue(STRANGER, NOW) == 0
    assert score(twice, twice.nudged_at) < score(once, NOW) < score(STRANGER, NOW)


def test_an_ask_that_may_lie_unread_tires_half_as_much_until_it_is_read():
    sent = nudged(STRANGER, NOW, heard=False)

    assert fatigue(sent, NOW) == 0.5
    assert fatigue(read(sent), NOW) == fatigue(nudged(STRANGER, NOW), NOW) == 1
    assert read(STRANGER) == STRANGER


def test_a_poster_that_is_taken_is_counted_and_whether_it_was_her_own_idea():
    asked = taken(STRANGER, NOW, unprompted=False)
    own_idea = taken(asked, NOW + DAY, unprompted=True)

    assert (asked.posters, asked.unprompted, asked.took_at) == (1, 0, NOW)
    assert (own_idea.posters, own_idea.unprompted, own_idea.took_at) == (2, 1, NOW + DAY)


def test_a_refund_is_remembered_with_the_part_of_the_order_that_went_back():
    moment = heard(heard(STRANGER, signal(SignalKind.REFUND, 1, count=0.5)), signal(SignalKind.REFUND, 9, count=1.0))

    assert (moment.refund_at, moment.refunded) == (ago(1), 0.5)


@pytest.mark.parametrize("kind", WORTH)
def test_every_good_moment_makes_it_better_to_ask_and_is_told_as_the_reason(kind):
    news = survey(10) if kind is SignalKind.SURVEY else signal(kind)
    moment = heard(STRANGER, news)

    assert (moment.good, moment.good_at) == (kind, NOW)
    assert moment.seen_at == (None if kind is SignalKind.ANNIVERSARY else NOW)  # the calendar meets nobody
    assert features(moment, NOW)[FEATURES.index("fresh")] == WORTH[kind]
    assert Reason(f"good.{kind.value}", "今天") in reasons(moment, NOW)[0]


@pytest.mark.parametrize(("answer", "is_good"), [(8.9, False), (9, True), (10, True)])
def test_a_survey_is_a_good_moment_from_nine_on(answer, is_good):
    assert (heard(STRANGER, survey(answer)).good is SignalKind.SURVEY) is is_good


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (("praise", 0), ("delivery", 0), "praise"),
        (("praise", 3), ("delivery", 0), "praise"),  # 1.0 is 0.66 after three days
        (("praise", 6), ("delivery", 0), "delivery"),  # 0.44 after six
        (("delivery", 1), ("praise", 0), "praise"),
        (("delivery", 3), ("delivery", 1), "delivery"),
        (("praise", 0), ("purchase", 0), "praise"),  # worth the same: what was said counts before what was paid
        (("praise", 1), ("purchase", 0), "purchase"),
    ],
)
def test_of_two_good_moments_the_one_that_is_worth_more_stays_in_whatever_order_they_are_told(first, second, kept):
    kinds = {"praise": SignalKind.PRAISE, "purchase": SignalKind.PURCHASE, "delivery": SignalKind.DELIVERY}
    told = [signal(kinds[name], days) for name, days in (first, second)]

    for order in permutations(told):
        moment = STRANGER
        for news in order:
            moment = heard(moment, news)
        best = max((n for n in told if n.kind is kinds[kept]), key=lambda n: n.at)
        assert (moment.good, moment.good_at) == (best.kind, best.at)


def test_the_latest_survey_counts_and_not_the_one_that_is_told_last():
    moment = heard(heard(STRANGER, survey(6, days_ago=1)), survey(9, days_ago=30))

    assert (moment.satisfaction, moment.surveyed_at) == (6, ago(1))
    assert heard(moment, survey(8)).satisfaction == 8


def test_a_survey_without_a_score_says_nothing():
    assert heard(PROFILE, signal(SignalKind.SURVEY)).satisfaction == PROFILE.satisfaction


def test_a_complaint_weighs_for_weeks_and_longer_than_it_is_open():
    moment = heard(STRANGER, signal(SignalKind.COMPLAINT), open_complaints=1)
    closed = heard(moment, replace(signal(SignalKind.RESOLVED), at=NOW + DAY), open_complaints=0)

    assert (moment.complaints, moment.complaint_at) == (1, NOW)
    assert (closed.complaints, closed.complaint_at) == (0, NOW + DAY)
    assert reasons(closed, NOW + DAY)[1] == [Reason("complaint.recent")]
    assert closed.good is SignalKind.RESOLVED


def test_an_activity_is_kept_with_its_rank_and_is_no_good_moment_by_itself():
    moment = heard(STRANGER, signal(SignalKind.ACTIVITY, count=12), rank=0.9)

    assert (moment.activity, moment.rank, moment.good) == (12, 0.9, None)
    assert reasons(moment, NOW)[0] == [Reason("active", "10%")]


def test_a_purchase_of_long_ago_does_not_become_the_last_one():
    moment = heard(heard(STRANGER, signal(SignalKind.PURCHASE, 2)), signal(SignalKind.PURCHASE, 40))

    assert (moment.last_order_at, moment.seen_at) == (ago(2), ago(2))


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


@given(values=numbers, pair=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)))
def test_whoever_is_more_active_never_ranks_lower(values, pair):
    scale, (less, more) = Thresholds.of(values), sorted(pair)

    assert 0 <= scale.rank(less) <= scale.rank(more) <= 1
    assert len(scale.steps) <= 200


@given(size=st.integers(1, 3000), place=st.floats(0, 1))
def test_the_kept_scale_ranks_as_the_whole_company_does_within_a_step(size, place):
    number = int(place * (size - 1))

    assert Thresholds.of(range(size)).rank(number) == pytest.approx((number + 0.5) / size, abs=0.012)


def test_equals_share_their_rank_and_an_empty_scale_knows_nothing():
    assert Thresholds.of([3, 3, 3, 3]).rank(3) == 0.5
    assert Thresholds.of([1, 2, 3, 4]).rank(0) == 0
    assert Thresholds.of([1, 2, 3, 4]).rank(9) == 1
    assert Thresholds().rank(7) == 0.5


@given(
    worst=st.integers(1, 40).map(lambda days: Moment(person="mei", good=SignalKind.PRAISE, good_at=ago(days))),
    since=st.integers(0, 400),
)
def test_a_row_that_is_ready_is_never_due_at_the_time_at_which_it_was_made(worst, since):
    moment = worst.but(consent=Permission.GRANTED, customer_since=ago(since))

    due = due_rows.outlook(moment, Policy(), NOW)

    assert due.due_at is None or due.due_at > NOW
