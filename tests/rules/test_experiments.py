"""Who gets what in an experiment, and when it may end."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from referral.copies import framing_of
from referral.errors import BadInput
from referral.experiment_words import result
from referral.experimenting import shared_out
from referral.experiments import Arm, Experiment, Kind, Metric, State, after_lots, arm_of
from referral.intervals import Sums
from referral.stopping import Standing, judge, verdict_on

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
PEOPLE = [f"p{number}" for number in range(4000)]


def an_experiment(*arms: Arm, **changes: object) -> Experiment:
    halves = (Arm(name="help", share=0.5), Arm(name="plain", share=0.5))
    made = Experiment(
        id="x1",
        kind=Kind.COPY,
        campaign="c1",
        name="话术",
        metric=Metric.TOOK,
        arms=arms or halves,
        state=State.RUNNING,
        started_at=NOON,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


# --- the lot ---------------------------------------------------------------------------------------------------------


def test_everybody_keeps_one_arm_and_each_arm_gets_its_share():
    experiment = an_experiment(Arm(name="a", share=0.2), Arm(name="b", share=0.3), Arm(name="c", share=0.5))

    drawn = [arm_of(experiment, person) for person in PEOPLE]

    assert drawn == [arm_of(replace(experiment, name="renamed"), person) for person in PEOPLE]
    shares = {arm: count / len(PEOPLE) for arm, count in Counter(drawn).items()}
    assert shares == pytest.approx({"a": 0.2, "b": 0.3, "c": 0.5}, abs=0.03)


def test_another_experiment_draws_anew():
    one, other = an_experiment(), an_experiment(id="x2")

    together = Counter((arm_of(one, person), arm_of(other, person)) for person in PEOPLE)

    assert all(count / len(PEOPLE) == pytest.approx(0.25, abs=0.03) for count in together.values())


@pytest.mark.parametrize("state", [State.DECIDED, State.STOPPED])
def test_one_that_is_over_gives_nobody_an_arm(state: State):
    assert arm_of(an_experiment(state=state), "p1") is None


def test_a_lot_between_campaigns_is_drawn_only_among_those_who_might_have_all_of_them():
    lot = an_experiment(Arm(name="c1", share=0.5), Arm(name="c2", share=0.5), kind=Kind.OFFER)

    left = Counter(tuple(after_lots([lot], person, ["c3", "c2", "c1"])) for person in PEOPLE)

    assert set(left) == {("c3", "c1"), ("c3", "c2")}
    assert after_lots([lot], "p1", ["c3", "c2"]) == ["c3", "c2"]
    assert after_lots([replace(lot, state=State.STOPPED)], "p1", ["c1", "c2"]) == ["c1", "c2"]
    assert after_lots([], "p1", ["c1", "c2"]) == ["c1", "c2"]


@pytest.mark.parametrize(("copy", "framing"), [("help.2", "help"), ("plain", "plain"), (None, "")])
def test_a_copy_belongs_to_the_framing_before_its_dot(copy: str | None, framing: str):
    assert framing_of(copy) == framing


# --- shares ----------------------------------------------------------------------------------------------------------


def test_arms_without_a_share_get_an_equal_part_of_what_is_left():
    assert [arm.share for arm in shared_out([("a", None), ("b", None)])] == [0.5, 0.5]
    assert [arm.share for arm in shared_out([("a", 0.5), ("b", None), ("c", None)])] == [0.5, 0.25, 0.25]


@pytest.mark.parametrize(
    ("arms", "says"),
    [
        ([("a", None)], "要有 2 到 5 组，这里是 1 组"),
        ([(name, None) for name in "abcdef"], "要有 2 到 5 组，这里是 6 组"),
        ([("a", None), ("a", None)], "a 写了两次"),
        ([("a", 0.5), ("b", 0.6)], "加起来要等于 1，这里是 1.1"),
        ([("a", 0.7), ("b", 0.2)], "加起来要等于 1，这里是 0.9"),
        ([("a", 0.98), ("b", None)], "b 的比例太小"),
        ([("a", 1.5), ("b", -0.5)], "b 的比例太小"),
        ([("a", float("nan")), ("b", 0.5)], "加起来要等于 1"),
    ],
)
def test_shares_that_cannot_be_are_refused_by_their_field(arms: list[tuple[str, float | None]], says: str):
    with pytest.raises(BadInput, match="--arm") as refused:
        shared_out(arms)

    assert says in refused.value.problem


# --- the stopping rule -----------------------------------------------------------------------------------------------


def test_an_arm_that_is_certainly_best_is_decided_and_one_that_may_be_leads():
    assert judge({"help": Sums.counted(60, 400), "plain": Sums.counted(12, 400)}).standing is Standing.DECIDED
    assert judge({"help": Sums.counted(30, 400), "plain": Sums.counted(12, 400)}).standing is Standing.LEADING
    assert judge({"help": Sums.counted(14, 400), "plain": Sums.counted(12, 400)}).standing is Standing.RUNNING


def test_while_an_arm_is_empty_nothing_is_said():
    found = judge({"help": Sums.counted(60, 400), "plain": Sums()})

    assert (found.standing, found.best, found.difference.known) == (Standing.RUNNING, None, False)


def test_a_winner_must_beat_every_arm_and_the_closest_one_is_named():
    arms = {"help": Sums.counted(60, 400), "both": Sums.counted(55, 400), "plain": Sums.counted(12, 400)}

    found = judge(arms)

    assert (found.standing, found.best, found.rival) == (Standing.RUNNING, "help", "both")


def test_the_more_arms_the_more_it_takes():
    two = {"a": Sums.counted(48, 400), "b": Sums.counted(17, 400)}
    five = two | {name: Sums.counted(17, 400) for name in "cde"}

    assert judge(two).difference.lo > judge(five).difference.lo


def test_posters_are_not_paid_for_in_people():
    took = {"help": Sums.counted(200, 1000), "plain": Sums.counted(100, 1000)}

    found = judge(took, {"help": Sums.counted(90, 1000), "plain": Sums.counted(10, 1000)})

    assert judge(took, {"help": Sums.counted(3, 1000), "plain": Sums.counted(2, 1000)}).standing is Standing.DECIDED
    assert (found.standing, found.spared) == (Standing.LEADING, "plain")


def test_equal_arms_are_hardly_ever_decided_although_they_are_looked_at_every_day():
    rng = random.Random(7)

    def is_fooled() -> bool:
        arms = {name: [0, 0] for name in "abc"}
        for _ in range(60):
            for seen in arms.values():
                asked = 15
                seen[0] += sum(rng.random() < 0.08 for _ in range(asked))
                seen[1] += asked
            sums = {name: Sums.counted(took, asked) for name, (took, asked) in arms.items()}
            if judge(sums).standing is Standing.DECIDED:
                return True
        return False

    assert sum(is_fooled() for _ in range(200)) <= 200 * 0.05


def test_one_that_has_ended_keeps_its_standing():
    arms = (Arm(name="help", share=0.5, n=400, took=60), Arm(name="plain", share=0.5, n=400, took=12))

    assert verdict_on(an_experiment(*arms, state=State.STOPPED)).standing is Standing.STOPPED
    assert verdict_on(an_experiment(*arms, state=State.DECIDED, winner="help")).standing is Standing.DECIDED


# --- in words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("took", "says"),
    [
        ((60, 12), "每百位问过的客户里取海报的相差 +12.0 位（区间 +"),
        ((60, 12), "可以下结论：「帮朋友」更好。"),
        ((30, 12), "「帮朋友」领先，但还不能下结论。"),
        ((14, 12), "还看不出高下。"),
    ],
)
def test_staff_read_how_it_stands(took: tuple[int, int], says: str):
    arms = [Arm(name=name, share=0.5, n=400, took=n) for name, n in zip(("help", "plain"), took, strict=True)]
    experiment = an_experiment(*arms)

    said = result(experiment, verdict_on(experiment), {"help": "帮朋友", "plain": "平实"}.__getitem__)

    assert said.startswith("「帮朋友」对「平实」：")
    assert says in said


def test_before_anybody_is_in_it_staff_read_that_there_is_nothing_to_compare():
    experiment = an_experiment()

    assert result(experiment, verdict_on(experiment), str) == "还有一组没有客户，暂时没有可比的。"
