"""Learning: what asks come to moves the weights as Bayes would have it, and shrinks what tells little."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral import copies, gaussian, learning
from referral.learning import ARMS, NAMES, OWN, Example, Model, learn, sight
from referral.moments import DAY, Moment
from referral.scoring import FEATURES, PRIOR, features, reasons, score

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
PRIOR_MEAN = np.array(Model().mean)
PRIOR_PRECISION = np.diag([row[-1] for row in Model().precision])


def share(odds: np.ndarray | float) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-odds)))


def example(took: bool, arm: str = "plain", person: str = "", *, profile: float = 0.0, **known: float) -> Example:
    seen = known | ({"profile": profile} if profile else {})
    return Example(person=person or f"p{random.getrandbits(60)}", sight=seen, arm=arm, took=took)


def company(count: int, rng: random.Random, odds: Callable[[dict[str, float]], float]) -> list[Example]:
    """So many asks in a company whose customers differ in four things and take by these odds."""
    names = ("tenure", "satisfaction", "active", "fresh")
    asks = []
    for number in range(count):
        known = {name: round(rng.uniform(-0.5, 0.5), 3) for name in names}
        took = rng.random() < share(odds(known))
        asks.append(Example(person=f"p{number}", sight=known, arm="plain", took=bool(took)))
    return asks


def design(examples: Sequence[Example]) -> np.ndarray:
    """The same asks as rows of numbers, made here on their own."""
    rows = np.zeros((len(examples), len(NAMES)))
    for row, each in zip(rows, examples, strict=True):
        row[0] = 1
        row[NAMES.index(each.arm)] = 1
        for name, value in each.sight.items():
            if name in FEATURES:
                row[NAMES.index(name)] = value
        for pair in ("both:coupon", "early:valued", "thanks:came"):
            arm, what = pair.split(":")
            if arm == each.arm:
                row[NAMES.index(pair)] = each.sight.get(what, 0.0)
    return rows


def test_nothing_learned_is_the_profile_rule():
    assert Model().weights == replace(PRIOR)
    assert Model().version == Model().examples == 0


def test_one_batch_comes_to_the_mode_that_newton_finds_with_numpy():
    """Without numbers of their own (all has been said of everybody) it is a plain Bayesian logistic regression."""
    rng = random.Random(4)
    asks = [
        replace(each, arm=rng.choice(ARMS), own_seen=1e12, sight=each.sight | {"coupon": rng.uniform(-1, 2)})
        for each in company(400, rng, lambda known: -1 + 3 * known["active"])
    ]
    at_once = replace(Model(), learned_at=NOW)  # nothing is forgotten in no time

    learned, _ = learn(at_once, asks, NOW)

    rows, took = design(asks), np.array([each.took for each in asks])
    mode = PRIOR_MEAN.copy()
    for _ in range(50):
        p = share(rows @ mode)
        gradient = rows.T @ (took - p) - PRIOR_PRECISION @ (mode - PRIOR_MEAN)
        curved = PRIOR_PRECISION + (rows * (p * (1 - p))[:, None]).T @ rows
        mode = mode + np.linalg.solve(curved, gradient)
    assert np.allclose(learned.mean, mode, atol=0.01)
    kept = np.array([[learned.precision[max(i, j)][min(i, j)] for j in range(len(NAMES))] for i in range(len(NAMES))])
    assert np.allclose(kept, curved, rtol=0.01, atol=0.05)
    assert (learned.version, learned.examples, learned.took) == (1, 400, int(took.sum()))


def test_where_only_activity_matters_the_profile_rule_is_left_behind():
    rng, model = random.Random(11), Model()
    for night in range(40):
        asks = company(60, rng, lambda known: -2 + 4 * known["active"])
        model, _ = learn(model, asks, NOW + night * DAY)

    said = dict(zip(NAMES, model.mean, strict=True))
    assert said["active"] > 2.5
    assert abs(said["satisfaction"]) < 0.5 < PRIOR.each[FEATURES.index("satisfaction")]
    busy = Moment(person="mei", customer_since=NOW - 60 * DAY, satisfaction=7.0, rank=0.95)
    profile = Moment(person="jun", customer_since=NOW - 300 * DAY, satisfaction=9.5, rank=0.5)
    assert score(busy, NOW, model.weights) > score(profile, NOW, model.weights)
    assert reasons(busy, NOW, model.weights)[0][0].code == "active"
    assert score(busy, NOW) < score(profile, NOW)  # as the profile rule had it


def test_what_was_never_seen_stays_as_sure_as_it_was_and_what_was_often_seen_gets_surer():
    rng = random.Random(2)
    learned, _ = learn(Model(), company(500, rng, lambda _: -1.0), NOW)

    def deviation(model: Model, name: str) -> float:
        unit = [float(name == each) for each in NAMES]
        return float(np.sqrt(gaussian.solve(model.factor, unit)[NAMES.index(name)]))

    assert deviation(learned, "came") == pytest.approx(deviation(Model(), "came"), rel=0.01)
    assert deviation(learned, "active") < 0.6 * deviation(Model(), "active")


@given(times=st.integers(1, 12))
def test_an_own_number_moves_with_what_is_answered_and_is_shrunk(times):
    model = Model()
    own, seen = 0.0, 0.0
    for _ in range(times):
        asked = Example(person="mei", sight={}, arm="plain", took=True, own=own, own_seen=seen)
        _, numbers = learn(model, [asked], NOW)
        grown, told = numbers["mei"]
        assert own < grown  # further with every yes
        assert told > seen
        own, seen = grown, told
    assert own < 4 * OWN  # and never far: that is how much people differ


def test_a_no_where_a_no_was_likely_says_less_of_somebody_than_a_yes():
    _, numbers = learn(Model(), [example(True, person="mei"), example(False, person="jun")], NOW)

    yes, no = numbers["mei"][0], numbers["jun"][0]
    assert yes > 0 > no
    assert yes > 3 * -no


def test_what_the_history_says_of_somebody_is_no_news_when_it_comes_true():
    plain, _ = learn(Model(), [example(True, person=f"p{n}") for n in range(30)], NOW)
    expected, _ = learn(Model(), [example(True, person=f"p{n}", profile=4.0) for n in range(30)], NOW)

    assert expected.mean[0] - PRIOR.intercept < (plain.mean[0] - PRIOR.intercept) / 2


def test_when_another_framing_begins_to_work_it_is_said_most_within_weeks():
    rng, model = random.Random(8), Model()

    def night(number: int, best: str) -> list[str]:
        nonlocal model
        arms = [copies.choose(model, {}, ("help", "both", "thanks"), rng) for _ in range(60)]
        asks = [
            Example(person=f"p{n}", sight={}, arm=arm, took=rng.random() < (0.24 if arm == best else 0.12))
            for n, arm in enumerate(arms)
        ]
        model, _ = learn(model, asks, NOW + number * DAY)
        return arms

    before = [night(number, "help") for number in range(60)][-1]
    after = [night(number, "both") for number in range(60, 60 + 56)][-1]

    assert before.count("help") > 40
    assert after.count("both") > max(after.count("help"), after.count("thanks"))


def test_years_without_news_bring_the_prior_back():
    rng = random.Random(3)
    learned, _ = learn(Model(), company(500, rng, lambda known: -1 + 4 * known["active"]), NOW)
    long_after, _ = learn(learned, [], NOW + 20_000 * DAY)

    kept = np.diag([row[-1] for row in long_after.precision])
    assert np.allclose(kept, PRIOR_PRECISION, rtol=0.01)


def test_the_same_asks_in_one_night_or_in_two_teach_the_same():
    rng = random.Random(6)
    asks = company(300, rng, lambda known: -1 + 2 * known["active"])
    begun = replace(Model(), learned_at=NOW)

    at_once, own = learn(begun, asks, NOW)
    first, some = learn(begun, asks[:150], NOW)
    in_two, rest = learn(first, asks[150:], NOW)

    assert np.allclose(at_once.mean, in_two.mean, atol=0.15)  # each normal anew: not quite the same
    assert all(own[who][0] == pytest.approx(number[0], abs=0.1) for who, number in (some | rest).items())
    assert (in_two.examples, in_two.version) == (300, 2)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(ARMS), st.floats(-3, 3)), min_size=1, max_size=60))
def test_whatever_is_answered_the_model_stays_one(answers):
    asks = [example(took, arm, person=f"p{n}", fatigue=value) for n, (took, arm, value) in enumerate(answers)]

    learned, own = learn(Model(), asks, NOW)

    assert np.isfinite(learned.mean).all()
    gaussian.factor(learned.precision)  # a precision still
    assert all(abs(number) < 3 and seen >= 0 for number, seen in own.values())


def test_no_framing_and_an_unknown_one_bear_on_none():
    assert learning.arm_odds(Model().mean, "", {"coupon": 1.0}) == 0
    assert learning.arm_odds(Model().mean, "haiku", {"coupon": 1.0}) == 0


def test_what_both_gain_moves_those_who_use_coupons():
    mean = Model().mean

    assert learning.arm_odds(mean, "both", {"coupon": 1.0}) > learning.arm_odds(mean, "help", {"coupon": 1.0})
    assert learning.arm_odds(mean, "both", {"coupon": -1.0}) < learning.arm_odds(mean, "help", {"coupon": -1.0})


DELAYS = {
    (): 2,  # a typical shop
    ((0, 500),): 1,  # at least a day, so that the evening's asks are not judged the same night
    ((0, 100), (3, 100)): 3,
    ((7, 1000),): 7,
}


@pytest.mark.parametrize("waited", DELAYS)
def test_an_ask_is_ripe_when_nine_in_ten_of_those_who_take_have_taken(waited):
    counts = [0] * 8
    for day, count in waited:
        counts[day] = count

    assert Model(delays=tuple(counts)).ripe_days == DELAYS[waited]


def test_a_model_survives_being_written_and_read():
    rng = random.Random(1)
    learned, _ = learn(Model(since=NOW), company(40, rng, lambda _: 0.0), NOW + timedelta(milliseconds=1))

    again = msgspec.json.decode(msgspec.json.encode(learned), type=Model, strict=False)

    assert again == learned
    assert again.weights == learned.weights
    assert learning.drawn(again, random.Random(5)) == learning.drawn(learned, random.Random(5))


def test_what_a_decision_saw_is_kept_without_what_is_average_and_nothing_of_whom_nothing_may_be_weighed():
    mei = Moment(person="mei", customer_since=NOW - 200 * DAY, satisfaction=8.5, rank=0.9, coupon=0.66, profile=0.3)

    seen = sight(mei, features(mei, NOW))

    assert seen == {"satisfaction": 0.4, "active": 0.4, "top": 0.8, "profile": 0.3, "coupon": 0.99, "valued": 0.7}
    assert sight(mei.but(personal=False), features(mei.but(personal=False), NOW)) == {}


@pytest.mark.parametrize("count", [5, 50, 400])
def test_a_night_in_which_everybody_takes_carries_the_model_no_further_than_it_should(count):
    """The mode of `count` yeses beside the prior of the general inclination, found by halving."""
    asks = [replace(example(True, arm="", person=f"p{n}"), own_seen=1e12) for n in range(count)]

    learned, _ = learn(replace(Model(), learned_at=NOW), asks, NOW)

    low, high = PRIOR.intercept, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        rises = count * (1 - share(middle)) > middle - PRIOR.intercept
        low, high = (middle, high) if rises else (low, middle)
    assert learned.mean[0] == pytest.approx(low, abs=0.02)
