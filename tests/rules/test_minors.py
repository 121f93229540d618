"""Minors: never asked, never asked for a yes; where children are taught, neither is an unknown age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from referral.floor import Barrier, Policy, barriers, may_ask_permission
from referral.identities import Identity, IdentityKind
from referral.intake import Told, moment_news
from referral.minors import may_be_told
from referral.moments import Moment, Permission, Thresholds

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
MEI = Moment(person="mei", consent=Permission.GRANTED, customer_since=NOW - timedelta(days=400), satisfaction=10.0)
SCHOOL = Policy(known_adults=True)


@pytest.mark.parametrize(
    ("minor", "policy", "bars"),
    [
        (None, Policy(), []),
        (False, Policy(), []),
        (True, Policy(), [Barrier("minor")]),
        (None, SCHOOL, [Barrier("minor.unknown")]),
        (False, SCHOOL, []),
        (True, SCHOOL, [Barrier("minor")]),
    ],
)
def test_a_minor_is_never_asked_and_a_school_asks_only_known_adults(minor: bool | None, policy: Policy, bars) -> None:
    assert barriers(MEI.but(minor=minor), policy, NOW) == bars
    unasked = MEI.but(minor=minor, consent=Permission.UNKNOWN)
    assert may_ask_permission(unasked, NOW, policy) is (bars == [])


def test_a_longer_list_of_bars_names_the_age_behind_the_persons_own_no() -> None:
    silent = MEI.but(minor=True, consent=Permission.WITHDRAWN, complaints=1)

    assert [each.code for each in barriers(silent, SCHOOL, NOW)] == ["opted_out", "minor", "complaint.open"]


@pytest.mark.parametrize(
    ("known", "said", "by_staff", "counts"),
    [
        (None, True, False, True),
        (None, False, False, True),
        (False, True, False, True),
        (True, False, False, False),
        (True, False, True, True),
        (True, True, True, False),
        (False, False, True, False),
    ],
)
def test_only_staff_make_an_adult_of_a_known_minor(
    known: bool | None, said: bool, by_staff: bool, counts: bool
) -> None:
    assert may_be_told(known, said, by_staff=by_staff) is counts


@pytest.mark.parametrize(
    ("known", "row", "minor"),
    [
        (None, {"minor": True}, True),
        (None, {"minor": False}, False),
        (None, {"tags": ("VIP", "未成年")}, True),
        (None, {"tags": ("Minor ",)}, True),
        (None, {"tags": ("VIP",)}, None),
        (False, {"minor": True}, True),
        (True, {"minor": False}, None),
        (None, {"minor": False, "tags": ("未成年",)}, False),  # the column is plainer than a tag
        (True, {"minor": True}, None),
        (None, {}, None),
    ],
)
def test_a_customer_file_tells_of_minors_by_a_column_or_a_tag(known: bool | None, row, minor: bool | None) -> None:
    told = Told(line=2, identities=(Identity(IdentityKind.CRM, "42"),), **row)

    assert moment_news(MEI.but(minor=known), told, Thresholds()).get("minor") is minor
