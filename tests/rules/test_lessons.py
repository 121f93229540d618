"""What a company's own history teaches: it ranks the customers better whose history nobody told."""

from __future__ import annotations

import random
import time

import msgspec
import pytest

from referral.lessons import Lesson, Profile
from referral.studying import ENOUGH, share, study
from tests.rules.tables_of_customers import KINDS, outcome, profiles, table

SEEDS = 4
SIZE = 2_000


def outcomes(name: str, size: int = SIZE, seeds: int = SEEDS):
    return [outcome(KINDS[name], size, seed) for seed in range(seeds)]


def mean(values) -> float:
    told = list(values)
    return sum(told) / len(told)


def half_told(name: str, size: int, seed: int = 0) -> tuple[list[Profile], list[Profile]]:
    """Those whose history is told, and the whole company."""
    rows = table(KINDS[name], size, seed)
    company = profiles(rows, [place % 2 == 0 for place in range(size)])
    return company[::2], company


@pytest.mark.parametrize("name", [name for name in KINDS if name != "nothing"])
def test_the_untold_half_is_ranked_better_than_by_the_profile_rule_and_than_by_tenure(name: str):
    found = outcomes(name)

    assert mean(each.after for each in found) > mean(each.before for each in found)
    assert mean(each.after for each in found) > mean(each.tenure for each in found)
    assert sum(each.after >= each.before for each in found) >= SEEDS - 1


@pytest.mark.parametrize("name", ["tier alone", "young gold, old silver", "the busiest refer least", "two columns"])
def test_what_the_profile_rule_cannot_know_is_nearly_all_learned(name: str):
    found = outcomes(name)

    gained = mean(each.after - each.before for each in found)
    assert gained > 0.75 * mean(each.hindsight - each.before for each in found)


def test_chance_teaches_nothing_that_makes_it_worse():
    found = outcomes("nothing", seeds=8)

    assert abs(mean(each.after for each in found) - 0.2) < 0.02
    assert mean(each.after - each.before for each in found) > -0.02


def test_few_customers_teach_little_and_hardly_ever_mislead():
    found = [each for name in KINDS if name != "nothing" for each in outcomes(name, 300, 3)]

    assert mean(each.after - each.before for each in found) > 0.05
    assert mean(each.after - each.tenure for each in found) > 0.1


def test_too_little_history_teaches_nothing():
    taught, company = half_told("tier alone", 400)

    assert study(taught[: ENOUGH - 1], company) is None
    assert study([msgspec.structs.replace(each, referred=0) for each in taught], company) is None
    assert study([], company) is None


@pytest.mark.parametrize(
    "plain",
    [
        {"tenure": 100.0, "tier": "普通"},
        {"tenure": 100.0, "satisfaction": 9.0, "activity": 1.0, "orders": 1.0, "idle": 3.0},
        {},
    ],
    ids=["two columns", "columns that never vary", "no column at all"],
)
def test_columns_that_say_nothing_change_nobodys_place(plain: dict):
    company = [Profile(referred=number % 3, **plain) for number in range(200)]

    found = study(company, company)

    assert found
    assert {found.lesson.effect(each) for each in company} == {0.0}


def test_an_average_customer_gets_nothing_and_no_history_makes_more_of_anybody_than_twenty_times():
    taught, company = half_told("married with a contract", 2_000)

    found = study(taught, company)

    assert found
    effects = [found.lesson.effect(each) for each in company]
    assert abs(mean(effects)) < 0.01
    assert max(map(abs, effects)) <= 3.0


def test_one_customer_with_three_hundred_friends_does_not_decide():
    taught, company = half_told("tier alone", 2_000)
    loud = msgspec.structs.replace(taught[0], tier="普通", tags=("怪",), referred=300)

    quiet, with_loud = study(taught, company), study([loud, *taught[1:]], company)

    assert quiet and with_loud
    gold, plain = (msgspec.structs.replace(taught[1], tier=tier) for tier in ("金卡", "普通"))
    for found in (quiet, with_loud):
        assert found.lesson.effect(gold) - found.lesson.effect(plain) > 1.0


def test_a_tag_and_a_rep_that_brought_more_friends_lift_whoever_has_them():
    taught, company = half_told("tags and reps", 2_000)

    found = study(taught, company)

    assert found
    somebody = next(each for each in company if "已婚" in each.tags and each.rep == "rep9")
    without = tuple(tag for tag in somebody.tags if tag != "已婚")
    effect = found.lesson.effect
    assert effect(somebody) - effect(msgspec.structs.replace(somebody, tags=without)) > 0.5
    assert effect(somebody) - effect(msgspec.structs.replace(somebody, rep="nobody of that name")) > 0.1


def test_a_lesson_is_the_same_after_being_kept_and_whenever_it_is_learned():
    taught, company = half_told("young gold, old silver", 2_000)

    found = study(taught, company)

    assert found
    assert found.lesson.pairs
    kept = msgspec.json.decode(msgspec.json.encode(found.lesson), type=Lesson)
    assert kept == found.lesson
    assert study(taught, company) == found
    assert [kept.effect(each) for each in company] == [found.lesson.effect(each) for each in company]


def test_what_strikes_the_eye_is_told_in_true_numbers():
    taught, company = half_told("tier alone", 4_000)

    found = study(taught, company)

    assert found
    first = found.findings[0]
    assert (first.trait, first.word) in {("tier", "金卡"), ("tier", "普通")}
    theirs = [each.referred for each in taught if each.tier == first.word]
    everybodys = [each.referred for each in taught]
    assert first.times == pytest.approx((sum(theirs) / len(theirs)) / (sum(everybodys) / len(everybodys)))
    assert found.skill.lesson > found.skill.profile


def test_chance_strikes_the_eye_seldom():
    said = [
        len(found.findings) for seed in range(10) if (found := study(*half_told("nothing", 1_000, seed))) is not None
    ]

    assert mean(said) <= 1.0


def test_equals_on_the_border_of_the_top_count_as_an_average_of_them():
    assert share([1.0] * 10, [5.0] + [0.0] * 9) == pytest.approx(0.2)
    assert share([float(k) for k in range(10)], [0.0] * 8 + [1.0, 1.0]) == 1.0


def test_twenty_thousand_customers_are_studied_in_seconds():
    rng = random.Random(1)
    taught = [
        Profile(
            tenure=rng.expovariate(1 / 600),
            satisfaction=float(rng.randrange(11)),
            activity=rng.paretovariate(1.1),
            orders=float(rng.randrange(9)),
            idle=rng.expovariate(1 / 90),
            tier=f"T{rng.randrange(5)}",
            rep=f"rep{rng.randrange(40)}",
            tags=tuple(f"tag{rng.randrange(50)}" for _ in range(3)),
            referred=rng.randrange(3),
        )
        for _ in range(20_000)
    ]

    began = time.process_time()
    assert study(taught, taught)
    assert time.process_time() - began < 15
