"""The score: what is known weighs, what is unknown does not, and every part of it can be told."""

from datetime import UTC, datetime, timedelta
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.moments import DAY, FATIGUE_HALF, Moment
from referral.scoring import (
    COMPLAINT_HALF,
    FEATURES,
    PRIOR,
    SETTLED,
    TAKEN_FOR,
    Reason,
    Weights,
    ago_words,
    alone,
    features,
    reach,
    reasons,
    score,
    shown,
    span_words,
    stale_at,
    tenure_words,
)
from referral.signals import SignalKind

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
STRANGER = Moment(person="mei")
AVERAGE = log(1 / (1 + exp(-PRIOR.intercept)))


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


PROFILE = Moment(person="mei", customer_since=ago(300), satisfaction=8.5, rank=0.9)
"""The brief's: among the busiest 20 %, above 7.5, more than six months."""

times = st.floats(0, 800).map(ago)
kinds = st.sampled_from(
    [SignalKind.PRAISE, SignalKind.PURCHASE, SignalKind.DELIVERY, SignalKind.ANNIVERSARY, SignalKind.RESOLVED]
)


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    """Anybody of whom anything may be known."""
    good, nudged = draw(st.none() | kinds), draw(st.none() | times)
    return Moment(
        person="mei",
        customer_since=draw(st.none() | times),
        satisfaction=draw(st.none() | st.floats(0, 10)),
        rank=draw(st.none() | st.floats(0, 1)),
        past_referrals=draw(st.none() | st.integers(0, 9)),
        came_by=draw(st.booleans()),
        brought=draw(st.integers(0, 5)),
        posters=draw(st.integers(0, 5)),
        visitors=draw(st.integers(0, 30)),
        unprompted=draw(st.integers(0, 5)),
        took_at=draw(st.none() | times),
        profile=draw(st.floats(-2, 2)),
        own=draw(st.floats(-1, 1)),
        good=good,
        good_at=draw(times) if good else None,
        complaint_at=draw(st.none() | times),
        refund_at=draw(st.none() | times),
        refunded=draw(st.floats(0, 1)),
        nudged_at=nudged,
        fatigue=draw(st.floats(0, 4)) if nudged else 0.0,
    )


weights = st.builds(
    Weights,
    st.floats(-4, -1),
    st.tuples(*(st.floats(-2, 2) for _ in FEATURES)),
    st.floats(0.2, 5),
    st.none() | times,
)


def test_of_whom_nothing_is_known_is_worth_the_average():
    assert score(STRANGER, NOW) == pytest.approx(AVERAGE)
    assert shown(score(STRANGER, NOW)) == pytest.approx(0.067, abs=0.001)
    assert reasons(STRANGER, NOW) == ([], [])


@pytest.mark.parametrize("unknown", ["rank", "satisfaction", "customer_since"])
def test_what_is_unknown_is_better_than_bad_and_worse_than_good(unknown):
    bad = {"rank": 0.2, "satisfaction": 4.0, "customer_since": ago(10)}[unknown]

    assert score(PROFILE.but(**{unknown: bad}), NOW) < score(PROFILE.but(**{unknown: None}), NOW)
    assert score(PROFILE.but(**{unknown: None}), NOW) < score(PROFILE, NOW)


@pytest.mark.parametrize(
    "lesser",
    [
        {"rank": 0.5},
        {"rank": 0.1},
        {"rank": None},
        {"satisfaction": 7.5},
        {"satisfaction": 5},
        {"satisfaction": None},
        {"customer_since": ago(90)},
        {"customer_since": None},
    ],
)
def test_the_briefs_profile_comes_before_whoever_falls_short_of_it(lesser):
    assert score(PROFILE, NOW) > score(PROFILE.but(**lesser), NOW)


def test_whoever_came_half_a_year_ago_is_the_average_and_trust_settles_around_that_day():
    at = [score(Moment(person="mei", customer_since=ago(days)), NOW) for days in (30, 120, SETTLED, 280, 400)]

    assert at == sorted(at)
    assert at[2] == pytest.approx(AVERAGE)
    assert at[4] - at[0] == pytest.approx(0.5 * 0.9, abs=0.1)  # its weight, nearly all of it


@given(moments(), weights)
def test_without_a_leave_to_weigh_it_nothing_of_the_row_counts(moment, learned):
    for unweighed in (moment.but(personal=False), moment.but(minor=True)):
        assert features(unweighed, NOW) == (0.0,) * len(FEATURES)
        assert score(unweighed, NOW, learned) == pytest.approx(-log(1 + exp(-learned.intercept)))
        told = [] if unweighed.personal else [Reason("rotation")]
        assert reasons(unweighed, NOW, learned) == (told, [])
        assert stale_at(unweighed, NOW) is None


@given(moments(), weights)
def test_the_score_is_the_sum_of_its_parts_and_each_part_that_matters_is_told_on_its_side(moment, learned):
    known = features(moment, NOW)
    parts = {name: weight * value for name, weight, value in zip(FEATURES, learned.each, known, strict=True)}
    parts |= {"profile": moment.profile, "own": moment.own}
    odds = learned.intercept + sum(parts.values())
    worth = reach(moment, learned) + alone(moment, NOW, learned)

    assert score(moment, NOW, learned) == pytest.approx(worth - log(1 + exp(-odds)))
    for noun in ("came", "unprompted", "profile", "own"):
        for_, against = ({reason.code for reason in side} for side in reasons(moment, NOW, learned))
        assert (noun in for_) is (parts[noun] > 0.05)
        assert (f"{noun}.less" in against) is (parts[noun] < -0.05)


@given(moments(), weights)
def test_no_reason_stands_on_both_sides_and_each_side_is_ordered_by_strength(moment, learned):
    for_, against = reasons(moment, NOW, learned)

    assert not {each.code for each in for_} & {each.code for each in against}
    assert len(for_) == len(set(for_)) and len(against) == len(set(against))
    assert [each.size for each in for_] == sorted((each.size for each in for_), reverse=True)
    assert [each.size for each in against] == sorted(each.size for each in against)


def test_the_reasons_come_with_the_strongest_first():
    moment = PROFILE.but(good=SignalKind.PRAISE, good_at=ago(1), nudged_at=ago(20), fatigue=1.0)

    for_, against = reasons(moment, NOW)

    assert [reason.code for reason in for_] == ["good.praise.given", "active", "satisfaction", "tenure"]
    assert [reason.code for reason in against] == ["tired"]


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"rank": 0.1}, "quiet"),
        ({"rank": 0.95}, None),
        ({"customer_since": ago(20)}, "tenure.young"),
        ({"customer_since": ago(2500)}, "tenure.long"),
        ({"satisfaction": 6.9}, "satisfaction.plain"),
        ({"complaint_at": ago(1)}, "complaint.recent"),
        ({"refund_at": ago(1), "refunded": 1.0}, "refund.recent"),
        ({"refund_at": ago(1), "refunded": 0.01}, None),
        ({"complaint_at": ago(1), "refund_at": ago(1), "refunded": 0.5}, "complaint.recent"),
        ({"nudged_at": ago(2), "fatigue": 1.0}, "tired"),
        ({"took_at": ago(5)}, "taken"),
        ({"unprompted": 3}, "alone.less"),
        ({"posters": 6, "visitors": 0}, "reach.less"),
        ({"own": -0.4}, "own.less"),
        ({"profile": -0.4}, "profile.less"),
    ],
)
def test_what_speaks_against_asking_is_named(known, code):
    _, against = reasons(STRANGER.but(**known), NOW)

    assert [each.code for each in against] == ([code] if code else [])


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"past_referrals": 2, "brought": 1}, Reason("referred", "3")),
        ({"rank": 0.95}, Reason("active", "5%")),
        ({"posters": 3, "visitors": 20}, Reason("reach")),
        ({"came_by": True}, Reason("came")),
        ({"own": 0.4}, Reason("own")),
        ({"profile": 0.4}, Reason("profile")),
        ({"good": SignalKind.PRAISE, "good_at": ago(3)}, Reason("good.praise.given", "3 天前")),
    ],
)
def test_what_speaks_for_asking_is_named_with_its_number(known, reason):
    assert reasons(STRANGER.but(**known), NOW)[0] == [reason]


def test_a_poster_made_just_now_is_not_blamed_for_having_brought_nobody():
    learned = Weights(PRIOR.intercept, PRIOR.each, visitors=3.0)
    fresh, old = (STRANGER.but(posters=1, took_at=ago(days)) for days in (0, 40))

    assert Reason("reach.less") not in reasons(fresh, NOW, learned)[1]
    assert Reason("reach.less") in reasons(old, NOW, learned)[1]


@given(st.floats(-20, 20), st.floats(-20, 20))
def test_a_score_as_people_see_it_keeps_the_order_and_is_never_certain(one, other):
    assert 0 < shown(min(one, 3.0)) < 1
    assert (shown(one) <= shown(other)) or one > other


@pytest.mark.parametrize("rank", [0.5, 0.52, 0.6])
def test_of_somebody_in_the_middle_nobody_says_that_she_is_very_active(rank):
    quiet_wins = Weights(PRIOR.intercept, tuple(-3.0 if name == "active" else 0.0 for name in FEATURES))

    assert reasons(STRANGER.but(rank=rank), NOW)[1] == []
    assert reasons(STRANGER.but(rank=rank), NOW, quiet_wins)[1] == []
    assert reasons(STRANGER.but(rank=0.9), NOW, quiet_wins)[1] == [Reason("active.much", "10%")]


@given(moments(), st.floats(0, 100), st.floats(0, 3))
def test_a_complaint_or_an_ask_never_helps_and_praise_never_harms(moment, days, tired):
    now = score(moment, NOW)

    assert score(moment.but(complaint_at=NOW), NOW) <= now
    assert score(moment.but(refund_at=NOW, refunded=1.0), NOW) <= now
    assert score(moment.but(good=SignalKind.PRAISE, good_at=NOW), NOW) >= now
    tireder = moment.but(nudged_at=ago(days), fatigue=tired + 1)
    assert score(tireder, NOW) <= score(tireder.but(fatigue=tired), NOW)


@pytest.mark.parametrize(
    ("known", "half"),
    [({"complaint_at": NOW}, COMPLAINT_HALF), ({"nudged_at": NOW, "fatigue": 1.0}, FATIGUE_HALF)],
)
def test_what_fades_is_half_gone_after_its_time(known, half):
    moment = STRANGER.but(**known)

    def odds(at: datetime) -> float:
        return PRIOR.total(features(moment, at)) - PRIOR.intercept

    assert odds(NOW) < -0.5
    assert odds(NOW + timedelta(days=half)) == pytest.approx(odds(NOW) / 2)


def test_something_that_happens_later_than_now_is_not_worth_more_than_what_happens_now():
    moment = STRANGER.but(good=SignalKind.PRAISE, good_at=NOW + DAY)

    assert score(moment, NOW) == score(moment.but(good_at=NOW), NOW)


@given(moments(), st.floats(0, 1))
def test_until_it_is_made_anew_a_score_moves_by_no_more_than_a_day_takes_off(moment, part):
    """What four fading things lose in a day is 0.45 at the most with the prior; where nothing weighs, nothing moves."""
    again = stale_at(moment, NOW)
    just_before = NOW + ((again or NOW + 60 * DAY) - NOW) * part

    moved = abs(score(moment, just_before) - score(moment, NOW))
    assert moved <= (0.45 if again else 0)


def test_a_poster_that_was_taken_weighs_for_a_month_to_the_day():
    moment = STRANGER.but(took_at=ago(5))

    end = ago(5) + TAKEN_FOR
    assert score(moment, end - timedelta(seconds=1)) < score(moment, end) == pytest.approx(AVERAGE)


def test_whoever_recommends_unasked_is_asked_less_the_more_often_she_does():
    asked_for = [score(STRANGER.but(unprompted=times), NOW) for times in (1, 3, 9)]
    alone_only = [alone(STRANGER.but(unprompted=times), NOW, PRIOR) for times in (0, 1, 3, 9)]

    assert alone_only == sorted(alone_only, reverse=True)
    assert alone_only[0] == 0
    assert asked_for[2] < AVERAGE
    long_watched = Weights(PRIOR.intercept, PRIOR.each, since=ago(1000))
    assert alone(STRANGER.but(unprompted=1), NOW, long_watched) > alone(STRANGER.but(unprompted=1), NOW, PRIOR)


@given(st.integers(0, 50), st.integers(0, 500), st.floats(0, 20))
def test_reach_is_shrunk_to_the_companys_own_and_grows_with_visitors(posters, visitors, usual):
    company = Weights(PRIOR.intercept, PRIOR.each, usual)
    moment = STRANGER.but(posters=posters, visitors=visitors)

    assert reach(moment.but(visitors=visitors + 1), company) >= reach(moment, company)
    if posters == 0:
        assert reach(moment, company) == 0
    elif abs(visitors - posters * max(usual, 0.1)) < 1e-9:
        assert reach(moment, company) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("days", "words"), [(0, "0 天"), (59, "59 天"), (60, "2 个月"), (729, "24 个月"), (730, "2 年")]
)
def test_a_span_is_said_as_people_say_it(days, words):
    assert span_words(timedelta(days=days)) == words


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (datetime(2026, 10, 25, tzinfo=UTC), "29 天"),
        (datetime(2026, 1, 24, tzinfo=UTC), "9 个月"),
        (datetime(2026, 1, 23, tzinfo=UTC), "10 个月"),
        (datetime(2024, 11, 24, tzinfo=UTC), "23 个月"),
        (datetime(2024, 11, 23, tzinfo=UTC), "2 年"),
        (datetime(2026, 12, 1, tzinfo=UTC), "0 天"),
    ],
)
def test_a_tenure_is_told_in_the_whole_months_that_the_poster_tells_too(since: datetime, words: str):
    assert tenure_words(since, datetime(2026, 11, 23, tzinfo=UTC)) == words


@pytest.mark.parametrize(("days", "words"), [(-1, "今天"), (0.9, "今天"), (1, "昨天"), (5, "5 天前")])
def test_how_long_ago_is_said_as_people_say_it(days, words):
    assert ago_words(timedelta(days=days)) == words
