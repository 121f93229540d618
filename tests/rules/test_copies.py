"""Copies: what works is said most, others are still tried, and nobody reads the same words twice running."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.copies import VARIANTS, choose, framing_of, worded
from referral.learning import ARMS, Example, Model, learn
from referral.moments import DAY

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
FRAMINGS = ("plain", "help", "both", "thanks")


def taught(rates: dict[str, float], nights: int, seen: dict[str, float] | None = None, seed: int = 1) -> Model:
    """A model after so many nights of sixty asks, each framing taken as often as it is here."""
    rng, model = random.Random(seed), Model()
    for night in range(nights):
        arms = rng.choices(tuple(rates), k=60)
        asks = [
            Example(person=f"p{n}", sight=seen or {}, arm=arm, took=rng.random() < rates[arm])
            for n, arm in enumerate(arms)
        ]
        model, _ = learn(model, asks, NOW + night * DAY)
    return model


def draws(model: Model, seen: dict[str, float], count: int = 1000) -> Counter[str]:
    rng = random.Random(2)
    return Counter(choose(model, seen, FRAMINGS, rng) for _ in range(count))


def test_before_anything_is_learned_every_framing_is_tried_and_help_most():
    tried = draws(Model(), {})

    assert set(tried) == set(FRAMINGS)
    assert tried.most_common(1)[0][0] == "help"
    assert max(tried.values()) < 750


@pytest.mark.parametrize("best", FRAMINGS)
def test_after_evidence_the_best_framing_is_said_most_and_the_others_are_still_tried(best):
    rates = dict.fromkeys(FRAMINGS, 0.12) | {best: 0.18}

    tried = draws(taught(rates, 20), {})

    assert tried.most_common(1)[0][0] == best
    assert 300 < tried[best] < 1000


def test_a_framing_that_is_as_good_as_another_is_tried_about_as_often():
    tried = draws(taught(dict.fromkeys(("help", "thanks"), 0.2) | {"both": 0.05, "plain": 0.05}, 40), {})

    assert min(tried["help"], tried["thanks"]) > 100
    assert tried["both"] + tried["plain"] < 200


def test_those_who_use_coupons_are_asked_in_other_words_than_those_who_do_not():
    much, little = draws(Model(), {"coupon": 1.5}), draws(Model(), {"coupon": -0.9})

    assert much["both"] > 2 * little["both"]
    assert little["help"] > much["help"]


def test_what_coupon_users_answer_teaches_about_coupon_users():
    rates = {"both": 0.05, "help": 0.2}

    tried = draws(taught(rates, 40, seen={"coupon": 1.5}), {"coupon": 1.5})

    assert tried["both"] < draws(Model(), {"coupon": 1.5})["both"] / 2


spoken = st.sampled_from([f"{arm}.{number}" for arm in ARMS for number in range(1, VARIANTS + 1)])


@given(last=st.none() | spoken, seed=st.integers())
def test_the_words_are_never_those_that_were_said_last(last, seed):
    rng = random.Random(seed)
    for framing in FRAMINGS:
        copy = worded(framing, last, rng)
        assert copy != last
        assert framing_of(copy) == framing
        assert 1 <= int(copy.partition(".")[2]) <= VARIANTS


def test_all_wordings_of_a_framing_are_used():
    rng = random.Random(9)

    assert {worded("help", None, rng) for _ in range(50)} == {"help.1", "help.2"}


def test_a_copy_of_before_there_were_variants_is_its_framing():
    assert framing_of("help") == "help"
    assert worded("help", "help", random.Random(1)) in {"help.1", "help.2"}


def test_only_framings_that_are_offered_are_chosen():
    loud = replace(taught({"early": 0.9, "help": 0.1}, 10))

    assert {choose(loud, {}, ("help", "thanks"), random.Random(n)) for n in range(40)} <= {"help", "thanks"}
