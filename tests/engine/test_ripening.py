"""What asks come to is learned once from each, and what was learned survives restarts, merges and erasures."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.planning import turn_rows
from bot.ripening import learn_from_asks
from referral import due_rows, erasure, learning, merges, nudges, ripening, scoring
from referral.decisions import Route
from referral.facts import Facts
from referral.learning import OWN, Model
from referral.moments import DAY, Moment, Permission
from referral.nudges import Nudge, NudgeState
from referral.people import Person
from storage import tables as t
from storage import tombstones
from storage.open import open_store
from storage.store import Store
from storage.transaction import Transaction
from tests.cli.desk import CONFIG, Desk

NOW = datetime.fromisoformat("2026-11-24T10:00+08:00")  # a Tuesday
HOUR = timedelta(hours=1)
FACTS = Facts(company="春和家居", public_url="https://x.invalid", code_key=bytes(32), words=None, own_page=str)  # type: ignore[arg-type]
MARK = tombstones.mark_with(b"k" * 32)
CHANCE = random.Random(7)


@pytest_asyncio.fixture
async def store(ready_url: str) -> AsyncIterator[Store]:
    opened = await open_store(ready_url)
    yield opened
    await opened.close()


def meet(tx: Transaction, *people: str, **known: Any) -> None:
    """Customers of more than a year who do not mind being asked."""
    for person in people:
        tx.people.create(Person(id=person, nickname=person), NOW - 400 * DAY)
        row: dict[str, Any] = {"consent": Permission.GRANTED, "customer_since": NOW - 400 * DAY, "rank": 0.9}
        due_rows.keep(tx, FACTS, Moment(person=person, **row | known), now=NOW)


def ask(tx: Transaction, person: str, at: datetime, copy: str = "help.1") -> str:
    """An ask that was said, with what its decision saw."""
    moment = tx.moments.get(person)
    nudge = Nudge(
        id=f"n{person}{at:%m%d%H}",
        person=person,
        decision="send",
        why="active",
        state=NudgeState.SENT,
        created_at=at,
        planned_at=at,
        sent_at=at,
        copy=copy,
        route=Route.KF,
        features=learning.sight(moment, scoring.features(moment, at)),
    )
    assert tx.nudges.add(nudge)
    return nudge.id


async def asked(store: Store, *people: str, at: datetime = NOW, took: Sequence[str] = ()) -> None:
    """These are customers and were asked; some of them took a poster an hour later."""

    def unit(tx: Transaction) -> None:
        meet(tx, *people)
        for person in people:
            ask(tx, person, at)
        for person in took:
            nudges.took(tx, person, now=at + HOUR)

    await store.write(unit)


async def night(store: Store, at: datetime) -> int:
    """The night's job; from how many asks it learned."""
    return await learn_from_asks(store, clock=lambda: at)


async def model_of(store: Store) -> Model:
    return await store.read(lambda tx: tx.models.current())


async def moment_of(store: Store, person: str) -> Moment:
    return await store.read(lambda tx: tx.moments.get(person))


async def test_an_ask_is_learned_from_once_it_is_ripe_and_never_again(store):
    await asked(store, "mei", "jun", "bo", took=["mei"])

    assert await night(store, NOW + 1 * DAY) == 0  # whoever takes one may still do so
    assert (await model_of(store)).version == 0
    assert await night(store, NOW + 2 * DAY) == 3
    model = await model_of(store)
    assert (model.version, model.examples, model.took, model.delays[0]) == (1, 3, 1, 1)
    assert (await moment_of(store, "mei")).own > 0 > (await moment_of(store, "jun")).own

    assert await night(store, NOW + 3 * DAY) == 0
    assert await model_of(store) == model


async def test_a_poster_that_is_taken_late_counts_if_it_is_taken_before_the_ask_is_ripe(store):
    await asked(store, "mei", "jun")
    await store.write(lambda tx: nudges.took(tx, "mei", now=NOW + 1.5 * DAY))

    await night(store, NOW + 2 * DAY)

    model = await model_of(store)
    assert (model.took, model.delays[1]) == (1, 1)


async def test_those_who_took_one_are_not_heard_of_before_the_others_of_their_day(store):
    """Else the first nights would tell of a company where everybody takes a poster."""
    people = [f"p{n}" for n in range(40)]
    await asked(store, *people, took=people[:10])

    await night(store, NOW + 1 * DAY)
    assert scoring.shown(scoring.score(Moment(person="x"), NOW, (await model_of(store)).weights)) < 0.1
    await night(store, NOW + 2 * DAY)

    share = scoring.shown(scoring.score(await moment_of(store, "p39"), NOW, (await model_of(store)).weights))
    assert 0.1 < share < 0.3


async def test_everybodys_score_is_made_anew_by_what_was_learned(store):
    await store.write(lambda tx: meet(tx, "wu"))
    before = (await store.read(lambda tx: tx.moments.due_rows(["wu"])))["wu"]
    people = [f"p{n}" for n in range(30)]
    await asked(store, *people, took=people)

    await night(store, NOW + 2 * DAY)

    after = (await store.read(lambda tx: tx.moments.due_rows(["wu"])))["wu"]
    weights, wu = (await model_of(store)).weights, await moment_of(store, "wu")
    assert after.score > before.score + 0.5
    assert after.score == pytest.approx(scoring.score(wu, NOW + 2 * DAY, weights))
    assert (after.state, after.due_at) == (before.state, before.due_at)


async def test_of_two_asks_of_one_person_in_a_night_each_teaches_and_the_second_knows_the_first(store):
    def unit(tx: Transaction) -> None:
        meet(tx, "mei", "jun")
        for person in ("mei", "jun"):
            ask(tx, person, NOW)
        ask(tx, "mei", NOW + 20 * DAY)

    await store.write(unit)

    assert await night(store, NOW + 30 * DAY) == 3

    model, mei, jun = await model_of(store), await moment_of(store, "mei"), await moment_of(store, "jun")
    assert model.examples == 3
    assert mei.own < jun.own < 0
    assert mei.own_seen > 1.5 * jun.own_seen


async def test_of_whom_nothing_may_be_weighed_nothing_is_learned(store):
    def unit(tx: Transaction) -> None:
        meet(tx, "mei", personal=False)
        meet(tx, "jun", "bo")
        for person in ("mei", "jun", "bo"):
            ask(tx, person, NOW)
            nudges.took(tx, person, now=NOW + HOUR)
        due_rows.keep(tx, FACTS, tx.moments.get("jun").but(personal=False), now=NOW)  # after the ask

    await store.write(unit)

    assert await night(store, NOW + 2 * DAY) == 3  # none of them is looked at again

    model = await model_of(store)
    assert (model.examples, model.took, sum(model.delays)) == (1, 1, 1)
    assert [(await moment_of(store, person)).own_seen for person in ("mei", "jun")] == [0, 0]


async def test_with_nobody_who_may_be_learned_from_the_model_stays(store):
    def unit(tx: Transaction) -> None:
        meet(tx, "mei", personal=False)
        ask(tx, "mei", NOW)
        nudges.took(tx, "mei", now=NOW + HOUR)

    await store.write(unit)

    assert await night(store, NOW + 2 * DAY) == 1
    assert (await model_of(store)).version == 0
    assert await night(store, NOW + 3 * DAY) == 0


async def test_what_was_worked_out_on_a_model_that_is_gone_is_worked_out_anew(store):
    await asked(store, "mei", "jun", took=["mei"])
    found = await store.read(lambda tx: ripening.lesson(tx, now=NOW + 2 * DAY))
    await store.write(lambda tx: ripening.reset(tx, now=NOW + 2 * DAY))

    assert not await store.write(lambda tx: ripening.take_in(tx, found, now=NOW + 2 * DAY))

    assert (await moment_of(store, "mei")).own == 0
    assert await night(store, NOW + 2 * DAY) == 2
    assert (await model_of(store)).version == 2


async def test_learning_survives_a_restart(ready_url, store):
    await asked(store, "mei", "jun", took=["mei"])
    await night(store, NOW + 2 * DAY)
    model, mei = await model_of(store), await moment_of(store, "mei")
    await store.close()

    again = await open_store(ready_url)
    try:
        assert await model_of(again) == model
        assert await moment_of(again, "mei") == mei
        assert await night(again, NOW + 3 * DAY) == 0
    finally:
        await again.close()


async def test_two_people_who_are_one_have_one_number_and_their_asks_teach_once(store):
    await asked(store, "mei", "jun", took=["mei"])
    await night(store, NOW + 2 * DAY)
    mei, jun = await moment_of(store, "mei"), await moment_of(store, "jun")

    def unit(tx: Transaction) -> None:
        ask(tx, "jun", NOW + 20 * DAY)
        merges.merge(tx, FACTS, "mei", "jun", why="同一位", who="lin", now=NOW + 21 * DAY, rng=CHANCE)

    await store.write(unit)

    one = await moment_of(store, "mei")
    before = 1 / OWN**2
    told = mei.own * (before + mei.own_seen) + jun.own * (before + jun.own_seen)
    assert one.own_seen == pytest.approx(mei.own_seen + jun.own_seen)
    assert one.own == pytest.approx(told / (before + one.own_seen))
    assert await night(store, NOW + 22 * DAY) == 1  # the one that was not learned from before they were one
    model = await model_of(store)
    assert (model.examples, model.took) == (3, 1)
    assert (await moment_of(store, "mei")).own < one.own
    assert await night(store, NOW + 23 * DAY) == 0


async def test_of_an_erased_person_nothing_is_left_but_what_all_together_taught(store):
    await asked(store, "mei", "jun", took=["mei"])
    await night(store, NOW + 2 * DAY)
    model = await model_of(store)
    await store.write(lambda tx: ask(tx, "mei", NOW + 20 * DAY))

    await store.write(lambda tx: erasure.erase(tx, "mei", MARK, who="cli", now=NOW + 21 * DAY, rng=CHANCE))

    gone = await moment_of(store, "mei")
    assert (gone.own, gone.own_seen, gone.hours) == (0, 0, None)
    assert await model_of(store) == model
    rows = await store.read(lambda tx: tx.connection.execute(select(t.models)).all())
    assert not any("mei" in str(value) for row in rows for value in row)
    await night(store, NOW + 23 * DAY)  # the ask that was not ripe teaches nothing any more
    assert await model_of(store) == model


@pytest.fixture
def desk(tmp_path: Path, ready_url: str) -> Desk:
    """A company that has not learned anything yet."""
    return Desk(tmp_path, f'{CONFIG}[database]\nurl = "{ready_url}"\n')


class TestTheCommandLine:
    def test_before_anything_is_learned_it_says_so(self, desk):
        assert "第 0 版，从 0 次邀请里学过" in desk.run("model", "show").stdout
        assert desk.run("model", "versions").stdout == "还没有学过，用的是起步的规则\n"
        assert desk.json("model", "versions") == []
        weights = desk.json("model", "show")["weights"]
        assert all(each["weight"] == each["prior"] for each in weights)

    def test_what_was_learned_is_shown_and_can_be_forgotten_with_a_reason(self, desk, ready_url):
        asyncio.run(_learned_in(ready_url))

        shown = desk.json("model", "show")
        assert (shown["version"], shown["asks"], shown["took"]) == (1, 2, 2)
        weight = next(each for each in shown["weights"] if each["name"] == "intercept")
        assert weight["weight"] > weight["prior"] and 0 < weight["sure"] < 1
        assert "第 1 版，从 2 次邀请里学过，其中 2 次取了海报" in desk.run("model", "show").stdout

        done = desk.json("model", "reset", "--reason", "换了一批客户", "--by", "an")

        assert done == {"version": 2}
        assert [(each["version"], each["why"]) for each in desk.json("model", "versions")] == [
            (2, "reset"),
            (1, "asks:2"),
        ]
        said = desk.run("model", "versions").stdout
        assert "从头开始（an：换了一批客户）" in said
        assert "夜里学了 2 次邀请的结果" in said
        weights = desk.json("model", "show")["weights"]
        assert all(each["weight"] == each["prior"] for each in weights)
        asyncio.run(_is_forgotten(ready_url))

    def test_nobody_resets_it_without_a_reason_and_a_name(self, desk):
        for missing in (["--by", "an"], ["--reason", "换了"]):
            assert desk.run("model", "reset", *missing).exit_code == 2
        assert desk.json("model", "versions") == []


async def _learned_in(url: str) -> None:
    store = await open_store(url)
    try:
        await asked(store, "mei", "jun", took=["mei", "jun"])
        await night(store, NOW + 2 * DAY)
    finally:
        await store.close()


async def _is_forgotten(url: str) -> None:
    store = await open_store(url)
    try:
        await turn_rows(store, FACTS, now=NOW + 2 * DAY)
        mei, due = await moment_of(store, "mei"), await store.read(lambda tx: tx.moments.due_rows(["mei"]))
        assert (mei.own, mei.own_seen) == (0, 0)
        assert due["mei"].score < -1.5  # as the profile rule has it
        noted = await store.read(lambda tx: tx.connection.execute(select(t.audit.c.action, t.audit.c.detail)).all())
        assert ("model.reset", "an：换了一批客户") in [tuple(row) for row in noted]
    finally:
        await store.close()


@pytest.mark.parametrize("moves", [(0.4,), (0.015,) * 10], ids=["broken off in between", "a little every night"])
async def test_whatever_weights_have_moved_since_the_last_scores_everybody_is_scored_anew(store, moves):
    await store.write(lambda tx: meet(tx, "mei"))
    for move in moves:  # a version is kept, and the night breaks off before anybody is scored, or sees little to do

        def kept(tx: Transaction, move: float = move) -> None:
            model = tx.models.current()
            mean = (model.mean[0] + move, *model.mean[1:])
            tx.models.save(replace(model, version=model.version + 1, mean=mean, learned_at=NOW), "test", NOW)

        await store.write(kept)
        if len(moves) > 1:
            await night(store, NOW)

    await night(store, NOW)

    weights = (await model_of(store)).weights
    due = await store.read(lambda tx: tx.moments.due_rows(["mei"])["mei"])
    assert due.score == pytest.approx(scoring.score(await moment_of(store, "mei"), NOW, weights), abs=0.03)
