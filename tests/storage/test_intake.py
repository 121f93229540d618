"""Batches of a people file on both databases."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from bot.intake import Intake, PeopleBatch
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.intake import Told

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
JOINED = datetime(2024, 1, 31, tzinfo=UTC)


def crm(number):
    return Identity(IdentityKind.CRM, str(number))


def phone(number):
    return Identity(IdentityKind.PHONE, f"{number:064x}")


def a_batch(*rows, steps=(1.0, 2.0, 3.0)):
    return PeopleBatch(digest="d" * 64, place=0, of=len(rows), steps=steps, rows=rows)


def mei(**said):
    told = {
        "identities": (crm(42), phone(1)),
        "name": "梅姐",
        "joined_at": JOINED,
        "satisfaction": 9.0,
        "activity": 3.0,
    }
    return Told(line=2, **(told | {"tags": ("老客户",), "consent": True} | said))


def jun(**said):
    return Told(line=3, identities=(crm(43),), **said)


@pytest.fixture
def intake(store):
    facts = Facts(company="春和家居", public_url="http://t", code_key=b"k" * 32, words=None, own_page=str, holdout=0)
    return Intake(store=store, facts=facts, clock=lambda: NOW, rng=random.Random(1))


async def found(store, person):
    return await store.read(lambda tx: tx.moments.get(person))


async def whose(store, identity):
    return (await store.read(lambda tx: tx.intake.whose([str(identity)]))).get(str(identity))


async def test_people_are_made_then_the_same_then_changed(store, intake):
    first = await intake.people(a_batch(mei(), jun()))
    second = await intake.people(a_batch(mei(), jun()))
    third = await intake.people(a_batch(mei(satisfaction=8.0, consent=None), jun(name="俊")))

    assert first == [("new", "granted"), ("new", "unknown")]
    assert second == [("same", "granted"), ("same", "unknown")]
    assert third == [("changed", "granted"), ("changed", "unknown")]
    moment = await found(store, await whose(store, phone(1)))
    assert (moment.customer_since, moment.satisfaction, moment.activity) == (JOINED, 8.0, 3.0)


async def test_a_ready_customer_stands_in_the_plans_order_at_once(store, intake):
    await intake.people(a_batch(mei(), jun()))

    assert await store.read(lambda tx: tx.moments.best(10)) == [await whose(store, crm(42))]


async def test_a_trial_says_the_same_and_writes_nothing(store, intake):
    assert [found for found, _ in await intake.foreseen(a_batch(mei()))] == [("new", "granted")]
    assert await whose(store, crm(42)) is None


async def test_an_identity_that_is_new_is_attached(store, intake):
    await intake.people(a_batch(jun()))

    said = await intake.people(a_batch(Told(line=2, identities=(crm(43), phone(2)))))

    assert said == [("changed", "unknown")]
    assert await whose(store, phone(2)) == await whose(store, crm(43))


async def test_two_people_without_history_are_joined_by_one_row(store, intake):
    await intake.people(a_batch(jun(), Told(line=4, identities=(phone(3),))))

    said = await intake.people(a_batch(Told(line=2, identities=(phone(3), crm(43)))))

    assert said[0][0] == "changed"
    assert await whose(store, phone(3)) == await whose(store, crm(43))


async def test_a_thousand_people_take_one_batch(store, intake):
    rows = [Told(line=n, identities=(crm(n), phone(n)), consent=bool(n % 2)) for n in range(1000)]

    said = await intake.people(a_batch(*rows))

    assert [verdict for verdict, _ in said] == ["new"] * 1000
    assert len({await whose(store, crm(n)) for n in range(0, 1000, 100)}) == 10
