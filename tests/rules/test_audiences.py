"""Whom an offer is for: those who are asked, and those who ask for it."""

from datetime import UTC, datetime, timedelta

import pytest

from referral.audiences import is_in, may_have
from referral.moments import Moment
from referral.offers import Audience
from referral.people import Person

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FOR_ALL = Audience(min_tenure_days=30, min_satisfaction=7)
TOP = Audience(min_tenure_days=180, min_satisfaction=8, min_activity_rank=0.8)


def mei(**known) -> Moment:
    return Moment(person="mei", **({"customer_since": NOW - timedelta(days=730), "rank": 0.9} | known))


@pytest.mark.parametrize(
    ("known", "belongs"),
    [
        ({}, True),
        ({"satisfaction": 9.0}, True),
        ({"satisfaction": 7.0}, False),
        ({"rank": 0.79}, False),
        ({"customer_since": NOW - timedelta(days=179)}, False),
        ({"customer_since": None}, False),
    ],
)
def test_only_who_is_known_to_belong_to_a_narrow_audience_is_in_it(known, belongs):
    assert is_in(TOP, mei(**known), NOW) is belongs
    assert may_have(TOP, Person(id="mei"), mei(**known), NOW) is belongs


def test_who_asks_for_a_narrow_offer_may_have_it_unless_they_are_known_not_to_belong():
    unknown = mei(rank=None)

    assert not is_in(TOP, unknown, NOW)
    assert may_have(TOP, Person(id="mei"), unknown, NOW)


def test_an_offer_for_all_is_had_by_whoever_asks_for_it_though_not_everybody_is_asked():
    stranger = Moment(person="jun")

    assert not is_in(FOR_ALL, stranger, NOW)
    assert may_have(FOR_ALL, Person(id="jun"), stranger, NOW)


@pytest.mark.parametrize(("tier", "may"), [("钻石", True), ("普通", False), ("", False)])
def test_an_offer_for_tiers_is_theirs_alone(tier, may):
    audience = Audience(min_tenure_days=0, min_satisfaction=0, tiers=("钻石",))

    assert may_have(audience, Person(id="mei", tier=tier), mei(), NOW) is may
