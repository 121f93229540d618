"""Lift: who counts on which side, what counts as brought, and what the report says about it."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from bot.lift_report import as_json, sentences
from referral.intervals import Sums, difference
from referral.lift import Ask, Measured, Observed, before, incremental, report
from tests.storage.cast import NOON

DAY = timedelta(days=1)
BEGAN = NOON - 100 * DAY


def a_customer(**known):
    return Observed(**{"held": False, "customer_since": NOON - 400 * DAY} | known)


def measured(*customers):
    found = Measured(at=NOON, since=BEGAN)
    found.add(customers)
    return found


def told(found, holdout=0.1):
    return report(found, holdout=holdout)


def a_shop(*, brought=0.12, without=0.02, people=6000, share=0.1, **known):
    """Customers of whom each may bring one friend, more of them where they could be asked."""
    draw, found = Random(7), Measured(at=NOON, since=BEGAN)
    for number in range(people):
        held = draw.random() < share
        came = draw.random() < (without if held else brought)
        friends = (NOON - DAY,) if came else ()
        found.add([a_customer(held=held, friends=friends, rep=f"rep{number % 30}", **known)])
    return found


# --- the estimate -----------------------------------------------------------------------------------------------------


def test_what_asking_brought_is_the_difference_of_the_means_for_all_who_could_be_asked():
    treated, held = Sums.of([1.0] * 30 + [0.0] * 270), Sums.of([1.0] * 2 + [0.0] * 38)

    one = incremental(treated, held)

    assert one.point == pytest.approx(300 * (0.1 - 0.05))
    assert one == difference(treated, held).times(300)


def test_what_left_no_trace_is_lifted_to_what_there_was():
    treated, held = Sums.of([1.0, 0.0, 2.0]), Sums.of([0.0, 1.0])

    one, other = incremental(treated, held), incremental(treated, held, scale=1.25)

    assert (other.point, other.lo, other.hi) == pytest.approx((1.25 * one.point, 1.25 * one.lo, 1.25 * one.hi))


def test_surer_is_wider():
    treated, held = Sums.of([1.0, 0.0, 2.0]), Sums.of([0.0, 1.0])

    assert incremental(treated, held, alpha=0.01).width > incremental(treated, held).width


# --- who counts where -------------------------------------------------------------------------------------------------


def test_customers_count_where_the_lot_put_them_whoever_asked_them():
    friend, own = NOON - DAY, Ask(at=NOON - 2 * DAY, own=True)

    found = told(measured(a_customer(held=True, asks=[own], friends=[friend]), a_customer(), a_customer(asks=[own])))

    assert (found.treated.customers, found.held.customers) == (2, 1)
    assert found.held.brought.outcome.total == 1
    assert found.contaminated == 1
    assert (found.treated.asked, found.treated.own, found.held.own) == (1, 1, 1)


def test_what_followed_an_ask_is_told_beside_what_asking_brought():
    ask = Ask(at=NOON - 60 * DAY)
    friends = [ask.at - DAY, ask.at, ask.at + 30 * DAY, ask.at + 31 * DAY]

    found = told(measured(a_customer(asks=[ask], friends=friends), a_customer(friends=[NOON])))

    assert found.brought == 5
    assert found.attributed == 2


def test_only_asks_that_had_their_time_are_judged_by_what_they_brought():
    ripe, young = Ask(at=NOON - 37 * DAY), Ask(at=NOON - 36 * DAY)

    found = measured(
        a_customer(asks=[ripe], friends=[ripe.at + DAY]),
        a_customer(asks=[ripe, young], friends=[young.at + 35 * DAY]),
        a_customer(asks=[young], friends=[young.at + DAY]),
    )

    assert (found.treated.asked, found.treated.ripe, found.treated.fruitful) == (3, 2, 1)


def test_only_settled_customers_can_have_gone():
    long_ago, lately = NOON - 180 * DAY, NOON - 179 * DAY

    found = measured(
        a_customer(bought_at=long_ago),
        a_customer(bought_at=lately),
        a_customer(bought_at=lately, left=True),
        a_customer(),
        a_customer(customer_since=lately, left=True),
    )

    assert (found.treated.settled, found.treated.gone) == (4, 2)


def test_two_slices_make_the_same_as_one():
    customers = [
        a_customer(held=number % 3 == 0, rep=f"r{number % 2}", friends=[NOON] * (number % 4), past=number)
        for number in range(20)
    ]
    whole, slices = measured(*customers), measured(*customers[:7])
    slices.add(customers[7:])

    assert slices == whole


def test_customers_without_a_rep_are_in_no_cluster():
    found = told(measured(a_customer(rep="lin"), a_customer(rep="wang", held=True), a_customer(), a_customer()))

    assert found.clustered.clusters == 2


@pytest.mark.parametrize(
    ("known", "expected"), [({}, 0), ({"past": 3}, 3), ({"past": 90}, 5), ({"past": 1, "came_by": True}, 1.5)]
)
def test_what_was_known_before_is_friends_brought_and_being_brought(known, expected):
    assert before(a_customer(**known)) == expected


# --- what the report says ---------------------------------------------------------------------------------------------


def test_a_clear_lift_is_told_with_its_bounds():
    found = told(a_shop())
    one = found.incremental

    assert one.lo > 0
    assert as_json(found)["verdict"] == "more"
    assert sentences(found)[0].startswith(
        f"开口问，多带来约 {one.point:.0f} 位成了客户的朋友（95% 的把握在 {one.lo:.0f} 到"
    )


def test_what_cannot_be_told_yet_is_said_to_be_so():
    found = told(a_shop(brought=0.03, without=0.03))

    assert as_json(found)["verdict"] == "unclear"
    assert sentences(found)[0].startswith("现在还看不出来")


def test_asking_that_drives_friends_away_says_so():
    found = told(a_shop(brought=0.01, without=0.2))

    assert as_json(found)["verdict"] == "fewer"
    assert "反而少来" in sentences(found)[0]


def test_sides_that_the_lot_did_not_make_are_not_believed():
    found = told(a_shop(share=0.2))

    said = as_json(found)
    assert (said["verdict"], said["sample_ratio"]["alarm"]) == ("unsound", True)
    assert "先别信" in sentences(found)[0]


def test_without_a_holdout_nobody_can_tell():
    found = told(a_shop(share=0.0), holdout=0.0)

    said = as_json(found)
    assert (said["verdict"], said["sample_ratio"]) == ("uncontrolled", None)
    assert said["incremental"] == {"point": None, "lo": None, "hi": None}
    assert "没有留对照" in sentences(found)[0]
    assert [each for each in sentences(found)[1:] if "对照" in each] == []


def test_before_anything_was_planned_there_is_nothing_to_tell():
    said = as_json(told(Measured(at=NOON, since=None)))

    assert (said["verdict"], said["since"]) == ("none", None)
    assert said["says"] == ["还没有问过任何客户。第一次排定之后，从那天起算效果。"]


def test_the_report_speaks_of_contamination_goodwill_and_who_has_gone():
    asked = Ask(at=NOON - 50 * DAY, own=True)
    found = a_shop()
    found.add([a_customer(held=True, asks=[asked]), a_customer(asks=[asked], opted_out=True, left=True)])

    said = "\n".join(sentences(told(found)))

    assert "对照里有 1 位被顾问自己问过" in said
    assert "说不再提醒的：对照以外 1/" in said
    assert "走了的（半年没有下单，或删了顾问）：对照以外 1/" in said
    assert said.count("差别还看不出来") == 2
    assert "按顾问分组看（30 位顾问" in said
    assert "问过满 37 天的 1 位里，0 位带来了朋友" in said


def test_history_narrows_the_report_where_it_tells_something():
    draw, found = Random(5), Measured(at=NOON, since=BEGAN)
    for number in range(6000):
        past = 2 if draw.random() < 0.1 else 0
        came = draw.random() < (0.7 if past else 0.02)
        found.add([a_customer(held=number % 10 == 0, past=past, friends=[NOON] if came else [])])

    one = told(found)

    assert one.adjusted.reduction > 0.3
    assert one.adjusted.interval.width < one.incremental.width
    assert any("按以前的介绍校正后（CUPED" in line for line in sentences(one))
