"""Lessons on both databases: kept, told to every row, and anew where people are brought together, parted or erased."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from bot.lessons import apply_some, is_news, learned, relearn
from referral import due_rows, erasure, merging
from referral.facts import Facts
from referral.moments import Moment, Permission
from referral.people import Person
from referral.taught import NONE
from storage import tombstones

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
DAY = timedelta(days=1)
MARK = tombstones.mark_with(b"k" * 32)
FACTS = Facts(company="春和家居", public_url="http://t", code_key=b"k" * 32, words=None, own_page=str, holdout=0)


def clock():
    return NOW


def customer(tx, number, *, tier="普通", friends=None, **known):
    """A customer of half a year, and what they brought before."""
    person = f"p{number:016d}"
    tx.people.create(Person(id=person, tier=tier), NOW)
    usual = {"consent": Permission.GRANTED, "customer_since": NOW - 200 * DAY, "orders": number % 4}
    due_rows.keep(tx, FACTS, Moment(person=person, past_referrals=friends, **(usual | known)), now=NOW)
    return person


def company(tx, size=300):
    """Gold customers brought three friends each, the others one in ten; nobody knows of the second half."""
    for number in range(size):
        gold = number % 5 == 0
        friends = (3 if gold else int(number % 10 == 1)) if number < size // 2 else None
        customer(tx, number, tier="金卡" if gold else "普通", friends=friends)


async def profiles(store):
    def unit(tx):
        return {moment.person: moment.profile for moment in tx.moments.after("", 1_000)}

    return await store.read(unit)


@pytest.fixture
async def taught(store):
    """What such a company teaches, told to everybody."""
    await store.write(company)
    assert await relearn(store, FACTS, clock=clock) > 0
    return await store.read(lambda tx: tx.lessons.latest())


async def test_a_night_teaches_what_the_history_tells_and_every_row_has_it(store, taught):
    effects = await profiles(store)
    due = await store.read(lambda tx: tx.moments.due_rows([f"p{295:016d}", f"p{296:016d}"]))

    assert effects[f"p{295:016d}"] > effects[f"p{296:016d}"] + 1
    assert due[f"p{295:016d}"].score > due[f"p{296:016d}"].score + 1
    assert (taught.tally.company, taught.tally.customers, taught.tally.referrals) == (300, 150, 105)


async def test_the_next_night_has_nothing_to_do_and_a_week_later_looks_again(store, taught):
    assert await relearn(store, FACTS, clock=clock) == 0
    assert await store.read(lambda tx: tx.lessons.latest()) == taught

    later = NOW + 8 * DAY
    await relearn(store, FACTS, clock=lambda: later)

    assert await store.read(lambda tx: tx.lessons.learned_at()) == later


async def test_more_history_is_news_and_a_few_customers_more_are_not(store, taught):
    await store.write(lambda tx: customer(tx, 900))
    without = await store.read(lambda tx: tx.lessons.tally())
    await store.write(lambda tx: customer(tx, 901, friends=4))
    with_history = await store.read(lambda tx: tx.lessons.tally())

    assert not is_news(without, taught)
    assert is_news(with_history, taught)
    assert not is_news(NONE, None)


async def test_with_no_history_nothing_is_learned_and_nothing_written(store):
    await store.write(lambda tx: [customer(tx, number) for number in range(60)])

    assert await learned(store, clock=clock) is None
    assert await relearn(store, FACTS, clock=clock) == 0
    assert set((await profiles(store)).values()) == {0.0}


async def test_staff_and_whoever_switched_personalisation_off_teach_nothing(store):
    def unit(tx):
        company(tx, 100)
        customer(tx, 500, friends=200, personal=False)
        tx.people.learn(customer(tx, 501, friends=200), staff=True)
        return tx.lessons.tally()

    assert (await store.write(unit)).customers == 50


async def test_rows_are_told_in_slices_until_the_end(store, taught):
    def forget(tx):
        for moment in tx.moments.after("", 1_000):
            due_rows.keep(tx, FACTS, moment.but(profile=0.0), now=NOW)

    expected = await profiles(store)
    await store.write(forget)
    after, changed, slices = "", 0, 0
    while slices == 0 or after:
        some, after = await store.write(
            lambda tx, after=after: apply_some(tx, FACTS, taught.lesson, after, now=NOW, limit=70)
        )
        changed, slices = changed + some, slices + 1

    assert slices == 5
    assert changed == 300
    assert await profiles(store) == pytest.approx(expected, abs=0.01)


async def test_two_who_are_one_get_what_their_table_says_and_get_it_back_when_parted(store, taught):
    def unit(tx):
        gold = customer(tx, 700, tier="金卡", friends=1)
        plain = customer(tx, 701, customer_since=None, orders=None)
        tx.people.learn(plain, tier="")
        apply_some(tx, FACTS, taught.lesson, "", now=NOW, limit=1_000)
        return gold, plain, tx.moments.get(gold).profile, tx.moments.get(plain).profile

    gold, plain, its_own, the_others = await store.write(unit)
    assert abs(its_own - the_others) > 0.5
    rng = random.Random(1)

    made = await store.write(
        lambda tx: merging.merge(tx, FACTS, plain, gold, why="同一人", who="lin", now=NOW, rng=rng)
    )
    together = await store.read(lambda tx: tx.moments.get(plain))
    await store.write(lambda tx: merging.part(tx, FACTS, made.id, who="lin", now=NOW, rng=rng))
    parted = await store.read(lambda tx: [tx.moments.get(person).profile for person in (gold, plain)])

    assert together.profile == pytest.approx(its_own, abs=0.02)
    assert parted == pytest.approx([its_own, the_others], abs=0.02)


async def test_an_erased_customer_leaves_the_lesson_as_it_is_and_no_effect_behind(store, taught):
    person = f"p{0:016d}"
    await store.write(lambda tx: erasure.erase(tx, person, MARK, who="cli", now=NOW, rng=random.Random(1)))

    assert (await profiles(store))[person] == 0.0
    assert await store.read(lambda tx: tx.lessons.latest()) == taught
    assert (await store.read(lambda tx: tx.lessons.tally())).customers == 149
