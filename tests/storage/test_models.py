"""The models as they are kept: the latest is in use at once, and what was undone never was."""

from contextlib import suppress
from dataclasses import replace

import pytest

from bot.ripening import rescore
from referral import due_rows
from referral.facts import Facts
from referral.learning import Model
from referral.moments import Moment, Permission
from referral.people import Person
from referral.signals import Signal, SignalKind
from storage.store import Store
from storage.tables import models
from tests.storage.cast import NOON, after

FACTS = Facts(company="春和家居", public_url="https://x.invalid", code_key=bytes(32), words=None, own_page=str)
FIRST = Model(version=1, mean=(-2.0, *Model().mean[1:]))


class Undone(Exception):
    """Raised at the end of a unit, so that nothing of it is kept."""


def save(tx, model):
    tx.models.current()
    tx.models.save(model, "asks:1", NOON)
    assert tx.models.current() == model


async def current(store):
    """What a reader and a writer take for the latest."""
    read, written = [await side(lambda tx: tx.models.current()) for side in (store.read, store.write)]
    assert read == written
    return read


async def test_the_latest_version_is_in_use_at_once_for_whoever_read_an_older_one(store: Store):
    assert await current(store) == Model()
    for version in (FIRST, replace(FIRST, version=2, examples=40)):
        await store.write(lambda tx, version=version: save(tx, version))
        assert await current(store) == version


async def test_a_version_that_was_undone_never_was_though_another_takes_its_number(store: Store):
    # given a version that is saved, read and undone
    def undone(tx):
        save(tx, FIRST)
        raise Undone

    with pytest.raises(Undone):
        await store.write(undone)
    assert await current(store) == Model()

    # when another is saved by the same number
    other = replace(FIRST, mean=(-3.0, *FIRST.mean[1:]))
    await store.write(lambda tx: save(tx, other))

    # then that one is in use
    assert await current(store) == other


async def test_what_was_undone_within_a_unit_is_not_remembered_by_it(store: Store):
    def story(tx):
        with suppress(Undone), tx.attempt():
            save(tx, FIRST)
            raise Undone
        return tx.models.current()

    assert await store.write(story) == Model()


async def test_a_table_that_was_emptied_begins_anew(store: Store):
    await store.write(lambda tx: save(tx, FIRST))
    assert await current(store) == FIRST

    await store.write(lambda tx: tx.connection.execute(models.delete()))
    assert await current(store) == Model()

    other = replace(FIRST, examples=7)
    await store.write(lambda tx: save(tx, other))
    assert await current(store) == other


async def test_a_model_is_read_once_for_all_units(store: Store):
    await store.write(lambda tx: save(tx, FIRST))
    first, second = [await store.write(lambda tx: tx.models.current()) for _ in range(2)]
    assert first is second


async def test_scores_made_anew_at_night_are_those_that_news_would_make(store: Store):
    # given customers of every kind, whose scores are the prior's, in more than one slice
    def settle(tx):
        for moment in map(customer, range(1200)):
            tx.people.create(Person(id=moment.person, holdout=moment.holdout), NOON)
            due_rows.keep(tx, FACTS, moment, now=NOON)

    await store.write(settle)

    # when the weights move, and everybody's score is made anew
    moved = Model(version=1, mean=tuple(1.4 * value for value in Model().mean))
    await store.write(lambda tx: save(tx, moved))
    changed = await rescore(store, clock=lambda: NOON)

    # then every score is what the due row would be
    def check(tx):
        for moment in tx.moments.after("", 1200):
            kept = tx.moments.due_rows([moment.person])[moment.person]
            fresh = due_rows.outlook(moment, FACTS.policy, NOON, moved.weights)
            assert kept.score == pytest.approx(fresh.score, abs=0.01)
            assert (kept.state, kept.reason, kept.due_at) == (fresh.state, fresh.reason, kept.due_at)

    await store.read(check)
    assert changed > 600  # of the others, whom nobody is to ask, there is none


async def test_news_of_whoever_was_never_asked_moves_their_place_by_night(store: Store):
    # given two who were never asked, the older customer first
    def settle(tx):
        for person, days in (("jun", 60), ("mei", 400)):
            tx.people.create(Person(id=person), NOON)
            due_rows.keep(tx, FACTS, Moment(person=person, customer_since=after(days=-days)), now=NOON)

    def places(tx):
        return [person for _, person in tx.moments.unasked_below(None, 10)]

    await store.write(settle)
    assert await store.read(places) == ["mei", "jun"]

    # when the other is full of praise
    def praise(tx):
        signal = Signal(person="jun", kind=SignalKind.PRAISE, at=NOON, source="hook")
        due_rows.hear(tx, FACTS, signal, now=NOON)
        return tx.moments.get("jun")

    moment = await store.write(praise)

    # then that is kept at once, and the places change in the night, once
    assert moment.good is SignalKind.PRAISE
    assert await store.read(places) == ["mei", "jun"]
    assert [await rescore(store, clock=lambda: NOON, overtaken=True) for _ in range(2)] == [1, 0]
    assert await store.read(places) == ["jun", "mei"]


async def test_what_a_step_undid_is_no_reason_to_write_less(store: Store):
    # given somebody who is ready to be asked
    ready = Moment(person="mei", consent=Permission.GRANTED, customer_since=after(days=-400))

    def settle(tx):
        tx.people.create(Person(id="mei"), NOON)
        due_rows.keep(tx, FACTS, ready, now=NOON)

    await store.write(settle)

    # when a step of a unit puts them off and is undone, and then the unit puts them off all the same
    def unit(tx):
        tx.moments.get("mei")
        with suppress(ValueError), tx.attempt():
            due_rows.put_off(tx, FACTS, ready, "gap", after(days=3), now=NOON)
            raise ValueError
        due_rows.put_off(tx, FACTS, ready, "gap", after(days=3), now=NOON)

    await store.write(unit)

    # then that is kept
    assert (await store.read(lambda tx: tx.moments.due_rows(["mei"])))["mei"].reason == "gap"


def customer(number):
    """One of many kinds: each fact is known of some."""
    return Moment(
        person=f"p{number:05d}",
        holdout=number % 10 == 0,
        consent=Permission.GRANTED if number % 3 else Permission.UNKNOWN,
        customer_since=after(days=-number) if number % 7 else None,
        satisfaction=5.0 + number % 6 if number % 2 else None,
        rank=number % 100 / 100 if number % 5 else None,
        past_referrals=number % 4 or None,
        personal=bool(number % 11),
        minor={0: True, 1: False}.get(number % 13),
        came_by=not number % 4,
        brought=number % 3,
        posters=number % 5,
        visitors=number % 8,
        unprompted=number % 2,
        took_at=after(days=-(number % 50)) if number % 6 == 0 else None,
        profile=0.1 * (number % 3),
        own=-0.2 * (number % 2),
        good=SignalKind.PRAISE if number % 3 == 0 else None,
        good_at=after(days=-(number % 9)) if number % 3 == 0 else None,
        complaint_at=after(days=-20) if number % 17 == 0 else None,
        refund_at=after(days=-9) if number % 19 == 0 else None,
        refunded=0.5 if number % 19 == 0 else 0.0,
        nudged_at=after(days=-15) if number % 4 == 0 else None,
        fatigue=1.0 if number % 4 == 0 else 0.0,
    )
