"""Opt-outs and complaints after asks: counted as they come, judged at once, on both databases."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from referral import campaigns, guardrails, nudges, silence, tolls
from referral.broadcasts import FOLLOW, Broadcast, BroadcastState, Target
from referral.campaigns import CampaignState
from referral.decisions import Route
from referral.due_rows import outlook
from referral.floor import Policy
from referral.moments import Moment
from referral.news import take_in
from referral.nudges import Nudge, NudgeState, Stop
from referral.people import Person
from referral.signals import Signal, SignalKind
from referral.tolls import Toll, Upset
from storage.store import Store
from storage.transaction import Transaction
from tests.hooks.house import facts
from tests.storage.cast import NOON, TERMS, a_campaign, after

FACTS = facts()
RNG = random.Random(6)
CROWD = tuple(f"p{number}" for number in range(12))


def an_ask(person: str, sent_at: datetime = NOON, **changes: Any) -> Nudge:
    nudge = Nudge(
        id=f"g-{person}",
        person=person,
        campaign="c1",
        decision="send",
        why="eligible",
        state=NudgeState.SENT,
        created_at=sent_at,
        planned_at=sent_at,
        sent_at=sent_at,
        route=Route.KF,
        copy="help.1",
    )
    return replace(nudge, **changes)


def say(tx: Transaction, nudge: Nudge) -> None:
    """An ask that was said, counted as one."""
    tx.nudges.add(nudge)
    tolls.said(tx, nudge)


@pytest.fixture
async def told(store: Store) -> Store:
    """A campaign, and twelve customers who were asked at noon."""

    def cast(tx: Transaction) -> None:
        tx.campaigns.add(a_campaign(), TERMS, NOON)
        tx.reps.see("lin", "林")
        for person in CROWD:
            tx.people.create(Person(id=person), NOON)
            say(tx, an_ask(person))

    await store.write(cast)
    return store


def opt_out(tx: Transaction, people: Sequence[str], at: datetime) -> None:
    for person in people:
        silence.keep(tx, FACTS, person, evidence="不再提醒", channel="kf", now=at)


def complain(tx: Transaction, person: str, at: datetime) -> None:
    take_in(tx, FACTS, Signal(person=person, kind=SignalKind.COMPLAINT, at=at, source="hook"), now=at, rng=RNG)


async def standing(store: Store) -> tuple[str, str]:
    campaign = await store.read(lambda tx: tx.campaigns.get("c1"))
    assert campaign
    return campaign.state.value, campaign.pause


async def test_a_wave_of_opt_outs_pauses_the_campaign_at_once_and_the_audit_says_who(told: Store):
    await told.write(lambda tx: opt_out(tx, CROWD[:2], after(hours=1)))
    before = await standing(told)

    await told.write(lambda tx: opt_out(tx, CROWD[2:6], after(hours=2)))

    assert before == ("running", "")
    assert await standing(told) == ("paused", "guardrail")
    assert await told.read(lambda tx: tx.audit.details("campaign.pause", "c1")) == ["optout 4/12"]
    assert await told.read(lambda tx: tx.audit.did("house", "campaign.pause", "c1"))
    due = await told.write(lambda tx: tx.jobs.claim(after(hours=3), limit=9, lease=timedelta(minutes=1)))
    assert [(job.kind, job.key) for job in due if job.kind == guardrails.TELL] == [(guardrails.TELL, "c1")]


async def test_each_ask_counts_once_however_often_it_is_said(told: Store):
    def unit(tx: Transaction) -> tuple[Toll, Toll]:
        for hour in range(1, 9):
            opt_out(tx, ["p1"], after(hours=hour))
            complain(tx, "p2", after(hours=hour))
        return tolls.of_week(tx, "c1", after(hours=9)), tolls.of_week(tx, "c1", after(days=9))

    now, later = await told.write(unit)

    assert now == Toll(asked=12, optout=1, complaint=1)
    assert later == Toll()
    assert await standing(told) == ("running", "")


async def test_what_comes_long_after_an_ask_or_before_it_is_not_held_against_it(told: Store):
    def unit(tx: Transaction) -> Toll:
        opt_out(tx, ["p1"], after(days=7, seconds=1))
        complain(tx, "p2", after(seconds=-1))
        complain(tx, "p3", after(days=6, hours=23))
        return tolls.of_week(tx, "c1", after(days=7))

    assert await told.write(unit) == Toll(asked=12, complaint=1)


async def test_complaints_pause_it_too(told: Store):
    def unit(tx: Transaction) -> None:
        for person in CROWD[:8]:
            complain(tx, person, after(hours=1))

    await told.write(unit)

    assert await standing(told) == ("paused", "guardrail")
    trip = await told.read(lambda tx: tx.guards.trip_of("c1"))
    assert trip
    assert (trip.why, trip.asked) == (Upset.COMPLAINT, 12)


async def test_after_a_pause_only_new_asks_count(told: Store):
    await told.write(lambda tx: opt_out(tx, CROWD[:6], after(hours=1)))
    assert await standing(told) == ("paused", "guardrail")

    def unit(tx: Transaction) -> Toll:
        campaigns.move(tx, "c1", CampaignState.RUNNING, now=after(hours=2))
        opt_out(tx, CROWD[6:], after(hours=3))  # asked before the pause
        tx.people.create(Person(id="new"), NOON)
        say(tx, an_ask("new", after(hours=3)))
        return tolls.of_week(tx, "c1", after(hours=4))

    assert await told.write(unit) == Toll(asked=1)
    assert await standing(told) == ("running", "")


async def test_a_campaign_that_a_person_has_paused_stays_theirs_and_one_without_budget_does_not_go_on_by_itself(
    told: Store,
):
    def by_a_person(tx: Transaction) -> None:
        campaigns.move(tx, "c1", CampaignState.PAUSED, now=after(minutes=5))
        opt_out(tx, CROWD[:6], after(hours=1))

    await told.write(by_a_person)
    theirs = await standing(told)

    def for_budget(tx: Transaction) -> None:
        tx.campaigns.set_state("c1", CampaignState.PAUSED, pause="budget")
        opt_out(tx, CROWD[6:8], after(hours=2))
        campaigns.resume(tx, "c1", now=after(hours=2))

    await told.write(for_budget)

    assert theirs == ("paused", "operator")
    assert await standing(told) == ("paused", "guardrail")


async def test_asks_that_were_not_said_after_all_or_later_are_counted_as_they_were(told: Store):
    def unit(tx: Transaction) -> tuple[Toll, Toll]:
        nudges.failed(tx, "g-p1", "failed:40003")
        nudges.heard_at(tx, "g-p2", after(days=2))
        return tolls.of_week(tx, "c1", after(days=2)), tolls.of_week(tx, "c1", after(days=8, hours=12))

    assert await told.write(unit) == (Toll(asked=11), Toll(asked=1))


async def test_nothing_that_is_queued_goes_out_any_more(told: Store):
    def unit(tx: Transaction) -> object:
        tx.people.create(Person(id="late"), NOON)
        tx.moments.save(*settled("late"))
        queued = {"state": NudgeState.QUEUED, "sent_at": None, "expires_at": after(days=1)}
        tx.nudges.add(replace(an_ask("late"), **queued))
        opt_out(tx, CROWD[:6], after(hours=1))
        return nudges.release(tx, FACTS, "g-late", now=after(hours=2))

    assert await told.write(unit) == Stop("dropped:campaign.none")


async def test_what_waits_for_a_rep_to_send_is_taken_back(told: Store):
    def unit(tx: Transaction) -> list[str]:
        made = Broadcast(id="b1", rep="lin", text="您好", state=BroadcastState.QUEUED, created_at=NOON)
        tx.broadcasts.add(made, [Target(person=who, handle=f"wm-{who}", nudge=f"g-{who}") for who in CROWD[8:10]])
        tx.broadcasts.made("b1", "task")
        opt_out(tx, CROWD[:6], after(hours=1))
        due = tx.jobs.claim(after(hours=1), limit=9, lease=timedelta(minutes=1))
        return [job.key for job in due if job.kind == FOLLOW]

    assert await told.write(unit) == ["b1"]


async def test_the_limits_of_the_house_are_what_is_judged(told: Store):
    lenient = replace(FACTS, policy=Policy(optout_limit=0.9))

    def unit(tx: Transaction) -> None:
        for person in CROWD[:6]:
            silence.keep(tx, lenient, person, evidence="不再提醒", channel="kf", now=after(hours=1))

    await told.write(unit)

    assert await standing(told) == ("running", "")


def settled(person: str) -> tuple[Moment, Any]:
    moment = Moment(person=person, customer_since=NOON - timedelta(days=400))
    return moment, outlook(moment, FACTS.policy, NOON)
