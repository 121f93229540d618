"""Cares on both databases: each once, found by their day, kept through merges, and gone with whoever is erased."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from referral import caring, due_rows, erasure, silence
from referral.care import CARED, TO_CARE, Care, CareKind, CareState, Life
from referral.decisions import Route
from referral.facts import Facts
from referral.moments import Moment, Permission
from referral.people import Person
from referral.referrals import ReferralStatus
from storage import tables as t
from storage import tombstones
from storage.merges import MergesTable
from storage.store import Store
from storage.transaction import Transaction
from tests.storage.cast import NOON, a_letter, a_merge, a_notice, a_referral, a_reward, after, settle, settle_with_order

MORNING = datetime.fromisoformat("2026-11-24T10:00+08:00")  # a Tuesday
NOVEMBER_24 = "11-24"
MARK = tombstones.mark_with(b"k" * 32)
CHANCE = random.Random(7)


class Keys:
    """Words that are their keys."""

    def say(self, key: str, stock: Mapping[str, object] | None = None, /, **values: object) -> str:
        return key

    def early(self, pack: str) -> str:
        return "新课"

    def audience(self, pack: str) -> Any:
        raise AssertionError("nobody is asked whom an offer is for, as its gate is weak")


FACTS = Facts(company="春和家居", public_url="https://x.invalid", code_key=bytes(32), words=Keys(), own_page=str)  # type: ignore[arg-type]


def a_care(care: str = "v1", **known: Any) -> Care:
    row: dict[str, Any] = {
        "id": care,
        "person": "mei",
        "kind": CareKind.BIRTHDAY,
        "ref": "2026",
        "day": MORNING.date(),
        "state": CareState.LISTED,
        "route": Route.REP,
        "rep": "lin",
        "created_at": NOON,
        "planned_at": NOON,
    }
    return Care(**row | known)


def know(tx: Transaction, *people: str, birthday: str | None = NOVEMBER_24, **known: Any) -> None:
    """Customers of a bit more than a year with a rep, a birthday and a yes."""
    tx.reps.see("lin", "林")
    for person in people:
        tx.people.create(Person(id=person, nickname=person.title(), rep="lin"), NOON)
        tx.people.learn(person, birthday=birthday)
        row: dict[str, Any] = {"consent": Permission.GRANTED, "customer_since": MORNING - timedelta(days=400)}
        due_rows.keep(tx, FACTS, Moment(person=person, **row | {"seen_at": NOON} | known), now=MORNING)


def plan(tx: Transaction, *people: str, now: datetime = MORNING) -> int:
    return caring.plan_slice(tx, FACTS, people, now=now, rng=CHANCE)


# --- keeping --------------------------------------------------------------------------------------------------------


async def test_an_occasion_is_met_once_and_nobody_has_two_open_cares_besides_a_task(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "mei")
        assert tx.cares.add(a_care())
        assert not tx.cares.add(a_care("v2"))
        assert not tx.cares.add(a_care("v3", ref="2027"))
        assert tx.cares.add(a_care("v4", kind=CareKind.REPAIR, ref="complaint:2026-11-20"))
        tx.cares.save(replace(a_care(), state=CareState.SENT, sent_at=NOON, outcome="done"))
        assert tx.cares.add(a_care("v5", ref="2027"))
        assert tx.cares.get("v1") == a_care(state=CareState.SENT, sent_at=NOON, outcome="done")

    await store.write(story)


async def test_who_was_born_on_a_day_is_found_slice_by_slice(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "bo", "jun", "mei")
        know(tx, "wu", birthday="02-29")
        assert tx.cares.born_on([NOVEMBER_24], "", 2) == ["bo", "jun"]
        assert tx.cares.born_on([NOVEMBER_24], "jun", 2) == ["mei"]
        assert tx.cares.born_on(["02-28", "02-29"], "", 9) == ["wu"]

    await store.write(story)


async def test_everybody_new_is_looked_at_and_news_only_makes_it_earlier(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "mei")
        assert tx.cares.due(NOON, 9) == ["mei"]
        tx.cares.looked("mei", after(days=30))
        assert tx.cares.due(after(days=1), 9) == []
        tx.cares.look_at("mei", after(days=40))
        assert tx.cares.due(after(days=30), 9) == ["mei"]
        tx.cares.look_at("mei", NOON)
        assert tx.cares.due(NOON, 9) == ["mei"]
        due_rows.keep(tx, FACTS, tx.moments.get("mei").but(satisfaction=9.0), now=NOON)
        assert tx.cares.due(NOON, 9) == ["mei"]  # what moves the moment leaves it alone

    await store.write(story)


async def test_what_an_advocate_was_told_of_another_friend_is_no_news_of_this_one(store: Store) -> None:
    def story(tx: Transaction) -> None:
        code = settle(tx)
        tx.referrals.save(a_referral(code=code.code, status=ReferralStatus.CREDITED, decided_at=NOON))
        tx.rewards.add(a_reward(order=None))
        tx.notices.add(a_notice())
        another = a_referral(id="r2", friend="bo", code=code.code, status=ReferralStatus.CREDITED)
        tx.referrals.save(replace(another, decided_at=after(days=1)))
        assert tx.cares.lives(["mei"], after(days=-1))["mei"].credited == (("r2", after(days=1)),)

    await store.write(story)


async def test_a_friends_purchase_counts_until_its_advocate_has_been_told_anything_of_it(store: Store) -> None:
    def story(tx: Transaction) -> None:
        code = settle(tx)
        bought = a_referral(code=code.code, status=ReferralStatus.CREDITED, decided_at=NOON)
        tx.referrals.save(bought)
        assert tx.cares.lives(["mei"], after(days=-1))["mei"].credited == (("r1", NOON),)
        assert tx.cares.lives(["mei"], after(days=1))["mei"].credited == ()
        tx.rewards.add(a_reward(order=None))
        assert tx.cares.lives(["mei"], after(days=-1))["mei"].credited == (("r1", NOON),)
        tx.notices.add(a_notice())
        assert tx.cares.lives(["mei"], after(days=-1))["mei"].credited == ()

    await store.write(story)


# --- planning -------------------------------------------------------------------------------------------------------


async def test_a_birthday_goes_on_the_reps_list_once_and_keeps_asks_away(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "mei")
        assert caring.born_now(tx, FACTS, "", 9, now=MORNING) == ["mei"]
        assert plan(tx, "mei") == 1
        assert plan(tx, "mei") == 0  # a second run
        (care,) = tx.cares.on_list("lin", MORNING)
        assert (care.kind, care.words, care.outcome) == (CareKind.BIRTHDAY, "care.rep_birthday", None)
        moment = tx.moments.get("mei")
        assert (moment.rest_why, moment.rest_until) == (TO_CARE, care.expires_at)
        assert tx.cares.reps_waiting(MORNING) == ["lin"]

        assert caring.done(tx, FACTS, care, now=MORNING)
        kept = tx.cares.get(care.id)
        assert kept
        assert caring.done(tx, FACTS, kept, now=MORNING + timedelta(hours=1))  # twice is once
        kept = tx.cares.get(care.id)
        assert kept
        assert (kept.state, kept.sent_at) == (CareState.SENT, MORNING)
        moment = tx.moments.get("mei")
        assert (moment.rest_why, moment.rest_until) == (CARED, MORNING + timedelta(days=FACTS.policy.gap_days))

    await store.write(story)


async def test_what_is_left_alone_lets_asks_come_again_but_a_task_comes_back(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "mei")
        plan(tx, "mei")
        (care,) = tx.cares.on_list("lin", MORNING)
        caring.not_now(tx, FACTS, care, now=MORNING)
        assert tx.moments.get("mei").rest_until is None
        assert plan(tx, "mei") == 0  # not this year any more

        know(tx, "jun", birthday=None, complaints=1, complaint_at=MORNING - timedelta(days=2))
        assert plan(tx, "jun") == 1
        (task,) = tx.cares.on_list("lin", MORNING)
        caring.not_now(tx, FACTS, task, now=MORNING)
        assert tx.cares.on_list("lin", MORNING) == []
        assert [each.id for each in tx.cares.on_list("lin", MORNING + timedelta(days=1))] == [task.id]

    await store.write(story)


async def test_what_ran_out_is_over(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "mei")
        plan(tx, "mei")
        late = MORNING + timedelta(days=1)
        assert tx.cares.on_list("lin", late) == []
        assert caring.run_out(tx, now=late) == 1
        assert [care.outcome for care in tx.cares.of_person("mei")] == ["expired"]
        assert tx.moments.get("mei").rest_until is None

    await store.write(story)


async def test_silence_ends_what_is_planned_and_the_holdout_gets_no_greeting(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "mei")
        plan(tx, "mei")
        silence.keep(tx, FACTS, "mei", evidence="不再提醒", channel="kf", now=MORNING)
        assert [care.outcome for care in tx.cares.of_person("mei")] == ["dropped:opted_out"]

        know(tx, "jun")
        tx.people.learn("jun", holdout=True)
        assert plan(tx, "jun") == 0

    await store.write(story)


async def test_a_rep_gets_no_more_in_a_day_than_the_asks_leave_but_some_in_any_case(store: Store) -> None:
    def story(tx: Transaction) -> None:
        people = [f"p{number:02}" for number in range(15)]
        know(tx, *people)
        assert plan(tx, *people) == FACTS.policy.rep_daily
        assert caring.situation(tx, FACTS, now=MORNING).rep_left == {"lin": 0}

    await store.write(story)


async def test_a_task_is_off_the_list_once_the_complaint_is_closed(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "mei", birthday=None, complaints=1, complaint_at=MORNING - timedelta(days=2))
        plan(tx, "mei")
        assert len(caring.waiting(tx, FACTS, "lin", now=MORNING)) == 1
        due_rows.keep(tx, FACTS, tx.moments.get("mei").but(complaints=0), now=MORNING)
        assert caring.waiting(tx, FACTS, "lin", now=MORNING) == []

    await store.write(story)


# --- merges and erasure ---------------------------------------------------------------------------------------------


async def test_two_who_are_one_are_greeted_once(store: Store) -> None:
    def story(tx: Transaction) -> None:
        know(tx, "mei", birthday=None)
        know(tx, "mei2")
        tx.cares.add(a_care("v1"))
        tx.cares.add(a_care("v2", person="mei2", state=CareState.SENT, sent_at=after(hours=1)))
        tx.cares.add(a_care("v3", person="mei2", kind=CareKind.THANKS, ref="r1"))
        merge = a_merge("mei", "mei2")

        MergesTable(tx.connection).fold(merge, [])

        kept = {care.id: (care.state, care.sent_at) for care in tx.cares.of_person("mei")}
        assert kept == {"v1": (CareState.SENT, after(hours=1)), "v3": (CareState.LISTED, None)}
        assert tx.cares.lives(["mei"], NOON)["mei"].birthday == NOVEMBER_24
        assert tx.cares.due(NOON, 9) == ["mei"]

        MergesTable(tx.connection).unfold(merge, "cli", after(days=1))
        assert [care.state for care in tx.cares.of_person("mei")] == [CareState.LISTED]
        assert len(tx.cares.of_person("mei2")) == 2

    await store.write(story)


async def test_who_is_erased_leaves_neither_birthday_nor_care(store: Store) -> None:
    def story(tx: Transaction) -> None:
        settle_with_order(tx)
        tx.people.learn("mei", birthday=NOVEMBER_24)
        due_rows.keep(tx, FACTS, Moment(person="mei", customer_since=NOON), now=NOON)
        tx.cares.add(a_care())
        tx.outbox.post(a_letter(dedupe="care:v1", person="mei"), NOON)

        erasure.erase(tx, "mei", MARK, who="cli", now=after(days=1), rng=random.Random(7))

        assert tx.cares.of_person("mei") == []
        assert tx.cares.lives(["mei"], NOON) == {"mei": Life()}
        assert tx.connection.execute(t.people.select().where(t.people.c.birthday.is_not(None))).all() == []

    await store.write(story)
