"""Which framing a person gets, and what her words may claim."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.framing import Framing, framing_for, pronoun_for, tenure_words, variant_for

TODAY = date(2026, 11, 22)


def test_each_framing_gets_an_equal_share_of_the_people():
    counts = Counter(framing_for(f"person-{i}", "campaign-1") for i in range(10_000))

    assert set(counts) == set(Framing)
    assert all(abs(count - 2000) < 200 for count in counts.values())


def test_a_framing_that_an_offer_lacks_moves_only_those_who_would_have_had_it():
    fewer = tuple(framing for framing in Framing if framing is not Framing.BOTH)
    people = [f"person-{i}" for i in range(3000)]

    moved = [p for p in people if framing_for(p, "c") is not framing_for(p, "c", fewer)]

    assert moved == [p for p in people if framing_for(p, "c") is Framing.BOTH]
    assert {framing_for(p, "c", fewer) for p in moved} == set(fewer)


def test_a_person_keeps_her_framing_in_a_campaign_and_may_get_another_in_the_next():
    mine = {framing_for("mei", "c1") for _ in range(5)}
    elsewhere = {framing_for("mei", f"c{i}") for i in range(30)}

    assert len(mine) == 1
    assert elsewhere == set(Framing)


def test_framing_and_variant_are_drawn_apart():
    pairs = Counter((framing_for(f"p{i}", "c"), variant_for(f"p{i}", "c", 2)) for i in range(6000))

    assert len(pairs) == 10
    assert min(pairs.values()) > 500


@pytest.mark.parametrize(
    ("joined_on", "words"),
    [
        (None, ""),
        (TODAY, ""),
        (TODAY + timedelta(days=9), ""),
        (date(2026, 10, 23), ""),
        (date(2026, 10, 22), "一个月"),
        (date(2026, 5, 22), "半年"),
        (date(2026, 4, 22), "七个月"),
        (date(2025, 11, 23), "11个月"),
        (date(2025, 11, 22), "一年"),
        (date(2024, 11, 22), "两年"),
        (date(2024, 3, 1), "两年多"),
        (date(2010, 11, 22), "16年"),
    ],
)
def test_tenure_is_told_in_whole_years_or_months_and_not_at_all_when_unknown(joined_on, words: str):
    assert tenure_words(joined_on, TODAY) == words


@given(st.dates(min_value=date(1980, 1, 1), max_value=TODAY))
def test_tenure_never_claims_more_than_is_true(joined_on: date):
    words = tenure_words(joined_on, TODAY)

    if words == "半年":
        assert (TODAY - joined_on).days >= 181
    elif words.endswith(("年", "年多")):
        assert (TODAY - joined_on).days >= 365
    elif words:
        assert (TODAY - joined_on).days >= 28


def test_a_customer_of_the_last_day_of_a_long_month_counts_by_the_last_day_of_a_short_one():
    assert tenure_words(date(2026, 1, 31), date(2026, 2, 28)) == "一个月"


@pytest.mark.parametrize(
    ("name", "pronoun"), [("李姐", "她"), ("王哥", "他"), ("小陈", "对方"), ("张女士", "她"), ("周先生", "他")]
)
def test_a_pronoun_follows_the_form_of_address_and_is_never_guessed(name: str, pronoun: str):
    assert pronoun_for(name) == pronoun
