"""When the asks of a campaign have cost too much: chance does not pause it, a wave does."""

import random

import pytest

from referral.floor import Policy
from referral.guardrails import passed, percent
from referral.tolls import Toll, Upset


@pytest.mark.parametrize(("asked", "optout"), [(1, 1), (3, 1), (10, 1), (50, 2), (1000, 10), (1000, 16)])
def test_what_may_be_chance_pauses_nothing(asked: int, optout: int):
    assert passed(Toll(asked=asked, optout=optout), Policy()) is None


@pytest.mark.parametrize(("asked", "optout"), [(5, 4), (12, 5), (100, 8), (1000, 30)])
def test_a_wave_of_opt_outs_passes_the_limit(asked: int, optout: int):
    assert passed(Toll(asked=asked, optout=optout), Policy()) is Upset.OPTOUT


def test_complaints_have_a_limit_of_their_own():
    toll = Toll(asked=1000, complaint=30)

    assert passed(toll, Policy()) is None
    assert passed(toll, Policy(complaint_limit=0.01)) is Upset.COMPLAINT


def test_a_limit_of_all_is_never_passed():
    assert passed(Toll(asked=40, optout=40, complaint=40), Policy(optout_limit=1.0, complaint_limit=1.0)) is None


def test_asks_that_were_taken_back_after_an_opt_out_leave_no_impossible_share():
    assert Toll(asked=1, optout=2).rate(Upset.OPTOUT).point == 1.0
    assert Toll(asked=0, optout=1).rate(Upset.OPTOUT).lo == 0.0


def test_shops_that_keep_to_the_limit_are_hardly_ever_paused_although_each_opt_out_is_judged():
    rng = random.Random(6)

    def is_paused() -> bool:
        toll = Toll()
        for _ in range(400):
            out = rng.random() < 0.01
            toll = Toll(asked=toll.asked + 1, optout=toll.optout + out)
            if out and passed(toll, Policy()):
                return True
        return False

    assert sum(is_paused() for _ in range(300)) <= 300 * 0.05


@pytest.mark.parametrize(("share", "says"), [(0.01, "1%"), (0.005, "0.5%"), (0.0125, "1.25%"), (1.0, "100%")])
def test_limits_are_said_as_people_say_them(share: float, says: str):
    assert percent(share) == says
