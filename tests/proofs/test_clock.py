"""The clock proof in small: a few days, and a judge with eyes. `make proof-clock` lives through years."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.proofs.clock import prove
from tests.proofs.clock_judge import BEIJING, Judge, Known, is_lawful_hour, is_worked

NOON = datetime(2026, 2, 11, 12, 0, tzinfo=BEIJING)  # the Wednesday before 春节
SHARE = {"sqlite": (400, 10), "postgres": (150, 2)}
"""Customers and days."""

GLAD = Known(consent="granted", since=NOON - timedelta(days=400), survey=9, wrote_at=NOON - timedelta(hours=3))


def told(known=GLAD, at=NOON, route="kf", nudge="g1", **more):
    """What the judge says of one ask."""
    judge = Judge(people={"mei": replace(known, asked=list(known.asked))})
    judge.turn()
    judge.asked("mei", nudge, route, at, **more)
    return " ".join(judge.problems)


def asked(*days_ago):
    return replace(GLAD, asked=[NOON - timedelta(days=ago) for ago in sorted(days_ago, reverse=True)])


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize("begins", ["2026-02-12"])  # over the eve of 春节, a make-up Saturday first
async def test_nobody_is_asked_who_should_not_be_while_senders_die_and_clocks_jump(ready_url, begins):
    # when a small company lives through some days
    how = "sqlite" if ready_url.startswith("sqlite") else "postgres"
    size, days = SHARE[how]
    report = await prove(ready_url, how, begins, seed=random.randrange(10**6), size=size, days=days)

    # then nobody was asked against a rule, and many were asked
    assert report["problems"] == [], report["seed"]
    assert report["counts"]["planned"] > size / 20
    assert sum(count for what, count in report["counts"].items() if what.startswith("asked by")) > size / 40


class TestTheJudge:
    def test_lets_a_good_ask_pass(self):
        assert told() == ""
        assert told(asked(14, 100)) == ""
        assert told(route="rep", planned_at=NOON - timedelta(days=2)) == ""

    @pytest.mark.parametrize(
        ("at", "lawful"),
        [
            ("2026-02-11 08:59:59", False),
            ("2026-02-11 09:00", True),
            ("2026-02-11 20:29:59", True),
            ("2026-02-11 20:30", False),
            ("2026-02-17 11:59", False),  # 春节
            ("2026-02-17 12:00", True),
            ("2026-02-28 09:00", True),  # a make-up Saturday
        ],
    )
    def test_knows_the_hours(self, at, lawful):
        known = replace(GLAD, wrote_at=local(at) - timedelta(hours=1))
        assert ("outside the hours" not in told(known, local(at))) is is_lawful_hour(local(at)) is lawful

    def test_knows_which_saturdays_are_worked(self):
        assert is_worked(local("2026-02-14").date())
        assert not is_worked(local("2026-02-21").date())
        assert not is_worked(local("2026-02-16").date())

    @pytest.mark.parametrize(
        ("known", "words"),
        [
            (asked(13.9), "within 14 days"),
            (asked(16, 30.9), "more than 2 times in 31 days"),
            (asked(*range(40, 360, 40)), "more than 8 times in 365 days"),
            (replace(GLAD, consent="unknown"), "consent unknown"),
            (replace(GLAD, consent="refused"), "consent refused"),
            (replace(GLAD, consent="withdrawn"), "consent withdrawn"),
            (replace(GLAD, survey=6.5), "after survey 6.5"),
            (
                replace(GLAD, complaints={(NOON - timedelta(days=9), True), (NOON - timedelta(days=2), False)}),
                "open complaint",
            ),
            (replace(GLAD, holdout=True), "holdout"),
            (replace(GLAD, since=NOON - timedelta(days=29)), "customer since"),
            (replace(GLAD, since=None), "customer since None"),
            (replace(GLAD, wrote_at=NOON - timedelta(hours=48)), "window closed"),
        ],
    )
    def test_sees_whom_nobody_may_ask(self, known, words):
        assert words in told(known)

    def test_sees_an_ask_that_was_no_longer_on_the_list(self):
        assert "off the list" in told(route="rep", planned_at=NOON - timedelta(days=3))

    def test_sees_the_same_ask_twice(self):
        judge = Judge(people={"mei": replace(GLAD, asked=[])})
        for _ in range(2):
            judge.asked("mei", "g1", "kf", NOON)
        assert any("twice" in problem for problem in judge.problems)

    def test_sees_a_no_that_was_said_before_but_not_one_said_meanwhile(self):
        judge = Judge(people={name: replace(GLAD, asked=[]) for name in ("mei", "jun")})
        judge.consent("mei", "withdrawn", NOON)
        judge.asked("mei", "g1", "kf", NOON)
        judge.consent("jun", "withdrawn", NOON)
        judge.turn()
        judge.asked("jun", "g2", "kf", NOON)
        assert [problem.split()[0] for problem in judge.problems] == ["jun"]
        assert judge.counts["in flight"] == 1

    @pytest.mark.parametrize(
        ("asks", "words"),
        [
            ([(NOON, "kf", None)] * 301, "301 asks were planned"),
            ([(NOON, "rep", "lin")] * 11, "lin was given 11"),
            ([(local("2026-02-11 08:59"), "kf", None)], "planned for"),
            ([(local("2026-02-21 12:30"), "rep", "lin")], "a rep was given"),  # a Saturday in 春节
        ],
    )
    def test_sees_a_plan_that_asks_too_much(self, asks, words):
        judge = Judge()
        judge.planned(iter(asks))
        assert any(words in problem for problem in judge.problems)
