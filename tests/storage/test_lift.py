"""The lift's nights: everybody seen as they stand, in slices of any size, and kept; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.lifting import measure, measure_tonight, measured_at_once
from referral.decisions import Route
from referral.lift import Ask, Measured
from referral.moments import Due, Moment, Permission, State
from referral.nudges import Nudge, NudgeState, Purpose
from referral.own_asks import OWN
from referral.people import Person
from referral.referrals import ReferralStatus
from storage import tables as t
from storage.store import Store
from tests.storage.cast import NOON, TERMS, a_campaign, a_referral

DAY = timedelta(days=1)
BEGAN = NOON - 60 * DAY
IDLE = Due(state=State.IDLE, reason="", score=0.0, due_at=None)


def a_customer(tx, person, *, rep=None, holdout=False, staff=False, **known):
    """Somebody who has been a customer for a year."""
    tx.people.create(Person(id=person, rep=rep, holdout=holdout, staff=staff), NOON)
    usual = {"customer_since": NOON - 365 * DAY, "consent": Permission.GRANTED}
    tx.moments.save(Moment(person=person, holdout=holdout, **(usual | known)), IDLE)


def an_ask(tx, person, at, *, nudge=None, **known):
    """One that was planned and said at a time."""
    usual = {"decision": "send", "why": "good", "state": NudgeState.SENT, "route": Route.KF, "sent_at": at}
    ask = Nudge(id=nudge or f"g-{person}-{at:%d%H}", person=person, created_at=at, planned_at=at, **(usual | known))
    assert tx.nudges.add(ask)


def a_friend(tx, advocate, friend, at, status=ReferralStatus.CREDITED, **known):
    """Somebody who came through them at a time, and became a customer a day later."""
    tx.people.create(Person(id=friend), NOON)
    came = a_referral(id=f"r-{friend}", advocate=advocate, friend=friend, status=status, at=at, decided_at=at + DAY)
    tx.referrals.save(came)
    if known:
        tx.connection.execute(update(t.referrals).where(t.referrals.c.id == came.id).values(**known))


def settle(tx):
    """Mei was asked and brought two, Hua is held out and was asked by her rep, Tao nobody has asked."""
    tx.campaigns.add(a_campaign(), TERMS, NOON)
    a_customer(tx, "mei", rep="lin", past_referrals=2, came_by=True)
    a_customer(tx, "hua", rep="lin", holdout=True, last_order_at=NOON - 200 * DAY)
    a_customer(tx, "tao", rep="wang", consent=Permission.WITHDRAWN, consent_at=NOON - DAY)
    an_ask(tx, "mei", BEGAN)
    an_ask(tx, "hua", NOON - 50 * DAY, why=OWN, route=Route.REP, rep="lin")
    for number, days in enumerate((59, 5), start=1):
        a_friend(tx, "mei", f"f{number}", NOON - days * DAY)


async def all_of(store: Store, size: int) -> Measured:
    """Everybody as of noon, so many at a time."""

    def unit(tx):
        found, last, more = Measured(at=NOON, since=tx.lift.began()), "", True
        while more:
            some, last = tx.lift.observed(last, BEGAN, size)
            found.add(some)
            more = last != ""
        return found

    return await store.read(unit)


async def test_customers_are_seen_as_they_stand(store: Store):
    await store.write(settle)

    seen, last = await store.read(lambda tx: tx.lift.observed("", BEGAN, 10))

    hua, mei, tao = seen
    assert last == ""
    assert (mei.held, mei.rep, mei.past, mei.came_by, len(mei.friends)) == (False, "lin", 2, True, 2)
    assert (mei.asks, mei.opted_out, mei.left) == ([Ask(at=BEGAN)], False, False)
    assert (hua.held, hua.asks) == (True, [Ask(at=NOON - 50 * DAY, own=True)])
    assert hua.bought_at == NOON - 200 * DAY
    assert (tao.held, tao.asks, tao.friends, tao.opted_out) == (False, [], [], True)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
async def test_slices_of_any_size_come_to_the_same(store: Store, size: int):
    await store.write(settle)

    assert await all_of(store, size) == await all_of(store, 100)


async def test_what_does_not_count_is_left_out(store: Store):
    # given friends who came to nothing, came before, were taken back or folded, asks that were not said, and strangers
    def unit(tx):
        settle(tx)
        a_friend(tx, "tao", "f3", NOON, ReferralStatus.PENDING)
        a_friend(tx, "tao", "f4", NOON, ReferralStatus.REVERSED)
        a_friend(tx, "tao", "f5", BEGAN - 5 * DAY)
        a_friend(tx, "tao", "f6", NOON, folded="r-f1")
        an_ask(tx, "tao", NOON, state=NudgeState.LISTED, sent_at=None)
        an_ask(tx, "tao", NOON - DAY, purpose=Purpose.CONSENT)
        an_ask(tx, "tao", BEGAN - DAY, nudge="g-old", state=NudgeState.ENDED, decision="drop", sent_at=None)
        a_customer(tx, "boss", staff=True)
        a_customer(tx, "new", customer_since=None)
        a_customer(tx, "gone")
        tx.connection.execute(update(t.people).where(t.people.c.id == "gone").values(merged_into="mei"))

    await store.write(unit)

    seen, _ = await store.read(lambda tx: tx.lift.observed("", BEGAN, 100))

    assert len(seen) == 3
    assert (seen[-1].friends, seen[-1].asks) == ([], [])


async def test_who_left_every_rep_has_left(store: Store):
    def unit(tx):
        settle(tx)
        for person, rep in (("mei", "lin"), ("mei", "wang"), ("hua", "lin"), ("tao", "wang")):
            tx.reps.add_contact(person, rep, BEGAN - 100 * DAY)
        tx.reps.end_contact("mei", "lin", NOON)
        tx.reps.end_contact("hua", "lin", NOON)
        tx.reps.end_contact("tao", "wang", BEGAN - DAY)

    await store.write(unit)

    seen, _ = await store.read(lambda tx: tx.lift.observed("", BEGAN, 100))

    assert [one.left for one in seen] == [True, False, False]  # Hua; Mei has another rep, Tao had left before


async def test_it_begins_with_the_first_plan_and_a_rep_asking_by_herself_is_none(store: Store):
    def unit(tx):
        settle(tx)
        an_ask(tx, "tao", BEGAN - 9 * DAY, why=OWN, route=Route.REP)

    before = await store.read(lambda tx: tx.lift.began())
    await store.write(unit)

    assert before is None
    assert await store.read(lambda tx: tx.lift.began()) == BEGAN


async def test_a_night_comes_back_as_it_was_kept(store: Store):
    await store.write(settle)
    assert await store.read(lambda tx: tx.lift.latest()) is None

    await measure_tonight(store, clock=lambda: NOON)

    expected = await all_of(store, 100)
    assert await store.read(lambda tx: tx.lift.latest()) == expected
    assert set(expected.reps) == {"lin", "wang"}
    assert expected.treated.brought.outcome.total == 2


async def test_a_second_night_of_one_day_takes_the_place_of_the_first(store: Store):
    await store.write(settle)
    await measure_tonight(store, clock=lambda: NOON - DAY)
    await measure_tonight(store, clock=lambda: NOON)
    await store.write(lambda tx: a_customer(tx, "yan"))

    await measure_tonight(store, clock=lambda: NOON + timedelta(hours=1))

    nights = await store.read(lambda tx: tx.lift.days(9))
    assert [night.at for night in nights] == [NOON + timedelta(hours=1), NOON - DAY]
    assert [night.treated.customers for night in nights] == [3, 2]
    assert await store.read(lambda tx: len(tx.lift.days(1))) == 1


async def test_what_was_forgotten_does_not_move_the_beginning(store: Store):
    await store.write(settle)
    await measure_tonight(store, clock=lambda: NOON)
    await store.write(lambda tx: tx.connection.execute(t.nudges.delete()))

    assert (await measure(store, clock=lambda: NOON)).since == BEGAN


async def test_before_the_first_plan_no_night_is_kept(store: Store):
    await store.write(lambda tx: a_customer(tx, "mei"))

    await measure_tonight(store, clock=lambda: NOON)

    assert await store.read(lambda tx: tx.lift.days(9)) == []
    assert await store.read(lambda tx: measured_at_once(tx, NOON)) == Measured(at=NOON, since=None)


async def test_before_the_first_night_everybody_is_seen_at_once(store: Store):
    await store.write(settle)

    assert await store.read(lambda tx: measured_at_once(tx, NOON)) == await all_of(store, 100)
