"""Suspicions are kept with their evidence, and acts are read with what speaks for and against them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.nightwatch import watch
from referral.fraud import PRIOR, SUSPECT, Act, Conversion, Sign, Suspect, suspect
from referral.orders import Outcome
from referral.referrals import ReferralStatus
from referral.suspicions import Suspicion, SuspicionState, note
from referral.touches import TouchKind
from storage.merges import MergesTable
from tests.storage.cast import NOON, a_merge, a_referral, a_share, a_touch, after, an_order, settle

FOUND = Suspicion(
    referral="r1",
    advocate="mei",
    friend="jun",
    code="CODE",
    chance=0.75,
    evidence=(Sign.WITHIN_HOUR, Sign.SAME_DEVICE),
    state=SuspicionState.OPEN,
    at=NOON,
    weighed_at=NOON,
)


def credited(tx, *, minutes=30, kind=TouchKind.ADD, **order):
    """Jun met Mei's code at noon, and what he bought is credited to it."""
    settle(tx)
    tx.touches.add(a_touch(kind=kind))
    tx.referrals.save(a_referral())
    tx.orders.add(
        an_order(person="jun", outcome=Outcome.HELD, referral="r1", paid_at=after(minutes=minutes), **order), []
    )
    tx.referrals.save(a_referral(status=ReferralStatus.CREDITED, decided_at=after(minutes=minutes), order="o1"))


def one_act(tx):
    (act,) = tx.suspicions.acts_of("mei")
    return act


async def test_a_suspicion_is_read_as_it_was_kept(store):
    def unit(tx):
        credited(tx)
        tx.suspicions.save(FOUND)
        return tx.suspicions.get("r1"), tx.suspicions.of_advocate("mei"), tx.suspicions.waiting()

    assert await store.write(unit) == (FOUND, [FOUND], [FOUND])


async def test_what_somebody_decided_waits_no_more(store):
    decided = replace(
        FOUND, state=SuspicionState.CLEARED, decided_by="周经理", decided_at=after(hours=1), note="到店核实过"
    )

    def unit(tx):
        credited(tx)
        tx.suspicions.save(FOUND)
        before = tx.suspicions.is_open("r1"), tx.suspicions.count_open()
        tx.suspicions.save(decided)
        return before, tx.suspicions.is_open("r1"), tx.suspicions.count_open(), tx.suspicions.all()

    assert await store.write(unit) == ((True, 1), False, 0, [decided])


async def test_the_rates_are_kept_to_the_last_digit(store):
    learned = suspect([]).rates

    def unit(tx):
        before = tx.suspicions.rates()
        tx.suspicions.keep_rates(replace(learned, cheats=0.1 / 3, busiest=4))
        return before, tx.suspicions.rates()

    before, kept = await store.write(unit)

    assert before == PRIOR
    assert kept == replace(learned, cheats=0.1 / 3, busiest=4)


async def test_an_act_tells_when_the_friend_met_the_code_and_what_was_given_back(store):
    def unit(tx):
        credited(tx, refunded_fen=15_000)
        tx.shares.reach(a_share(first_at=after(days=-2)))
        return one_act(tx)

    act = await store.write(unit)

    assert (act.referral, act.advocate, act.friend, act.code) == ("r1", "mei", "jun", "CODE")
    assert (act.met_at, act.prepared_at, act.paid_at) == (NOON, after(days=-2), after(minutes=30))
    assert (act.hours, act.refunded, act.shared_device, act.own_code, act.decided) == (0.5, True, None, False, None)


async def test_whoever_bought_with_the_code_itself_is_timed_from_the_poster(store):
    def unit(tx):
        credited(tx, kind=TouchKind.ORDER, minutes=0)
        tx.shares.reach(a_share(first_at=after(days=-2)))
        return one_act(tx)

    assert (await store.write(unit)).hours == 48


@pytest.mark.parametrize(
    ("devices", "shared"),
    [
        ([], None),
        ([("d1", "mei")], None),
        ([("d1", "mei"), ("d2", "jun")], False),
        ([("d1", "mei"), ("d2", "jun"), ("d1", "jun")], True),
        ([("d1", "mei"), ("d1", "bo"), ("d2", "jun"), ("d2", "bo")], False),
    ],
)
async def test_a_device_in_common_is_known_only_where_both_have_shown_theirs(store, devices, shared):
    def unit(tx):
        credited(tx)
        for device, person in devices:
            tx.people.own_device(device, person, NOON)
        return one_act(tx).shared_device, tx.suspicions.looks_odd("mei", "jun")

    assert await store.write(unit) == (shared, bool(shared))


async def test_whoever_brought_somebody_suspected_looks_odd(store):
    def unit(tx):
        credited(tx)
        before = tx.suspicions.looks_odd("mei", "bo")
        tx.suspicions.save(FOUND)
        return before, tx.suspicions.looks_odd("mei", "bo"), tx.suspicions.looks_odd("jun", "bo")

    assert await store.write(unit) == (False, True, False)


async def test_an_advocate_who_came_with_their_own_code_is_known(store):
    def unit(tx):
        credited(tx)
        tx.touches.add(a_touch(id="t2", friend="mei", kind=TouchKind.CODE))
        return one_act(tx).own_code

    assert await store.write(unit)


async def test_acts_are_read_slice_by_slice_the_recent_ones_only(store):
    def unit(tx):
        credited(tx)
        return (
            [act.referral for act in tx.suspicions.acts_after("", NOON, 10)],
            tx.suspicions.acts_after("r1", NOON, 10),
            tx.suspicions.acts_after("", after(days=1), 10),
        )

    assert await store.write(unit) == (["r1"], [], [])


async def test_the_night_raises_what_only_shows_among_many_and_keeps_the_rates(store):
    def unit(tx):
        credited(tx, refunded_fen=19_900)
        for device, person in (("d1", "mei"), ("d1", "jun")):
            tx.people.own_device(device, person, NOON)

    await store.write(unit)
    raised = await watch(store, clock=lambda: after(days=1))
    again = await watch(store, clock=lambda: after(days=2))

    found = await store.read(lambda tx: tx.suspicions.get("r1"))
    assert (raised, again, found.state, found.chance > SUSPECT) == (1, 0, SuspicionState.OPEN, True)
    assert set(found.evidence) == {Sign.SAME_DEVICE, Sign.WITHIN_HOUR, Sign.REFUNDED}
    assert found.weighed_at == after(days=2)
    assert await store.read(lambda tx: tx.suspicions.rates()) != PRIOR


async def test_the_night_keeps_nothing_of_those_who_show_nothing(store):
    await store.write(lambda tx: credited(tx, minutes=60 * 24 * 5))

    await watch(store, clock=lambda: NOON + timedelta(days=40))

    assert await store.read(lambda tx: tx.suspicions.all()) == []


async def test_what_is_known_of_somebody_goes_with_them_when_two_are_one(store):
    def unit(tx):
        credited(tx)
        tx.suspicions.save(FOUND)
        MergesTable(tx.connection).fold(a_merge("bo", "mei"), [])
        return tx.suspicions.of_advocate("bo"), tx.suspicions.of_advocate("mei")

    mine, former = await store.write(unit)

    assert ([each.referral for each in mine], former) == (["r1"], [])


@pytest.mark.parametrize(
    ("evidence", "raised"),
    [
        ((Sign.SAME_DEVICE,), 0),
        ((Sign.SAME_DEVICE, Sign.WITHIN_HOUR), 0),
        ((Sign.SAME_DEVICE, Sign.REFUNDED), 1),
        ((Sign.RING,), 1),
    ],
)
async def test_an_advocate_who_was_cleared_is_raised_again_only_by_other_evidence(store, evidence, raised):
    cleared = replace(FOUND, state=SuspicionState.CLEARED, decided_by="周经理", decided_at=NOON, note="夫妻")

    def unit(tx):
        credited(tx)
        tx.referrals.save(a_referral(id="r2", friend="bo", status=ReferralStatus.CREDITED, decided_at=NOON))
        tx.suspicions.save(cleared)
        later = Act(referral="r2", code="CODE", advocate="mei", friend="bo", paid_at=NOON)
        case = Conversion(id="r2", link="CODE", advocate="mei")
        return note(tx, [later], [Suspect(conversion=case, chance=0.9, evidence=evidence)], now=NOON)

    assert await store.write(unit) == raised


async def test_what_somebody_decided_is_not_weighed_again(store):
    confirmed = replace(FOUND, state=SuspicionState.CONFIRMED, decided_by="周经理", decided_at=NOON, note="同一位")

    def unit(tx):
        credited(tx)
        tx.suspicions.save(confirmed)

    await store.write(unit)
    await watch(store, clock=lambda: after(days=30))

    assert await store.read(lambda tx: tx.suspicions.all()) == [confirmed]
