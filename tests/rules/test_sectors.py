"""The industry switch: which sectors may run campaigns, and what they may give."""

from __future__ import annotations

from typing import get_args

import pytest

from bot.config.sections import Industry
from referral.sectors import KINDS, may_run, unlawful_kinds

FORBIDDEN = {
    "k12": set(KINDS),
    "insurance": set(KINDS),
    "medical": set(KINDS),
    "loans": set(KINDS),
    "securities": set(KINDS),
    "bank": {"cash"},
}


@pytest.mark.parametrize("industry", get_args(Industry))
@pytest.mark.parametrize("kind", KINDS)
def test_each_industry_gives_only_the_kinds_of_thanks_that_its_law_leaves(industry: str, kind: str):
    barred = unlawful_kinds(industry, [kind])

    assert {each.kind for each in barred} == ({kind} & FORBIDDEN.get(industry, set()))
    assert all(each.why and each.source and each.industry == industry for each in barred)


@pytest.mark.parametrize("industry", get_args(Industry))
def test_only_schools_for_children_may_run_no_campaign_at_all(industry: str):
    barred = may_run(industry)

    assert (barred is not None) == (industry == "k12")
    assert barred is None or (barred.kind is None and barred.source)


def test_each_kind_is_named_once_in_the_order_met():
    barred = unlawful_kinds("insurance", ["gift", "cash", "gift"])

    assert [each.kind for each in barred] == ["gift", "cash"]


def test_a_pack_of_words_alone_is_lawful_wherever_campaigns_run():
    assert unlawful_kinds("insurance", []) == []
    assert may_run("insurance") is None
