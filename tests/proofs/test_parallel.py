"""The same thing told many times at once happens once, and many who want the last of something share it out fairly."""

import json
import random
from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import select

from referral.identities import Identity, IdentityKind
from referral.people import find_or_create
from referral.touches import TouchKind, touch_by_code
from storage import tables as t
from tests.proofs.crash import COST_FEN


def wecom(name):
    return Identity(IdentityKind.WECOM, name)


class TestAnAdd:
    async def test_delivered_32_times_at_once_has_one_effect_and_all_are_acknowledged(self, town):
        # given the platform repeats itself, impatiently
        add = town.load.added("wmJun", "lin", town.mark)

        # when all deliveries come together
        answers = await town.send_all(*[add] * 32)
        await town.app.settle()

        # then all are acknowledged
        assert Counter(answers) == {(200, ""): 32}

        # and Jun is one person, one contact, one touch of Mei's code
        jun = await town.look(lambda tx: tx.people.find(wecom("wmJun")))
        assert await town.look(lambda tx: [touch.code for touch in tx.touches.of_friend(jun.id)]) == [town.code]
        assert len(await town.look(lambda tx: tx.reps.contacts_of(jun.id))) == 1
        assert await town.look(_kept(t.inbox.c.key == add.key)) == 1

        # and heard one welcome; Lin heard of him once
        assert [d.kind for d in town.wecom.delivered].count("welcome") == 2  # Mei's and his
        assert [d.kind for d in town.wecom.delivered].count("rep") == 1

    async def test_of_two_customers_in_one_second_counts_for_both(self, town):
        # given two events that differ in nothing but the customer
        jun = town.load.added("wmJun", "lin", town.mark)
        bo = type(jun)(kind="add", plain=jun.plain.replace("wmJun", "wmBo"), who="wmBo", rep="lin")

        # when they come at once
        answers = await town.send_all(jun, bo)

        # then both came
        assert [status for status, _ in answers] == [200, 200]
        for name in ("wmJun", "wmBo"):
            friend = await town.look(lambda tx, name=name: tx.people.find(wecom(name)))
            assert len(await town.look(lambda tx, friend=friend: tx.touches.of_friend(friend.id))) == 1


class TestAnOrder:
    async def test_delivered_32_times_at_once_is_one_order_and_gets_one_answer(self, town):
        # given Jun came with Mei's code, and the shop tells of his order
        await town.send_all(town.load.added("wmJun", "lin", town.mark))
        order = town.load.hook("order", "order.paid", town.load.paid("A1", {"external_userid": "wmJun"}))

        # when the shop's webhook comes 32 times at once
        answers = await town.send_all(*[order] * 32)

        # then it was taken in once, and each time answered alike
        assert {status for status, _ in answers} == {200}
        assert len({text for _, text in answers}) == 1
        assert json.loads(answers[0][1])["outcome"] == "held"
        assert await town.look(_kept(t.orders.c.order_no == "A1")) == 1
        assert await town.look(_used) == COST_FEN

    async def test_told_by_32_webhooks_at_once_is_one_order_and_31_duplicates(self, town):
        # given till, shop and import all tell of the same order, under ids of their own
        await town.send_all(town.load.added("wmJun", "lin", town.mark))
        paid = town.load.paid("A1", {"external_userid": "wmJun"})

        # when they all do so at once
        answers = await town.send_all(*(town.load.hook("order", "order.paid", paid) for _ in range(32)))

        # then one counts
        assert Counter(json.loads(text)["outcome"] for _, text in answers) == {"held": 1, "duplicate": 31}
        assert await town.look(_kept(t.rewards.c.state == "held")) == 2


class TestTheLastOfABudget:
    async def test_goes_to_exactly_one_of_100_who_come_for_it_at_once(self, town):
        # given budget for one pair of thanks, and a hundred friends who came
        friends = [f"wm{number:03d}" for number in range(100)]
        await town.app.store.write(lambda tx: _come(tx, friends, town.code))

        # when they all buy at once
        answers = await town.send_all(
            *(
                town.load.hook("order", "order.paid", town.load.paid(f"A-{who}", {"external_userid": who}))
                for who in friends
            )
        )

        # then every order was taken in
        assert Counter(status for status, _ in answers) == {200: 100}
        told = [json.loads(text) for _, text in answers]
        assert Counter(each["outcome"] for each in told) == {"held": 1, "rejected": 99}
        assert {each["reasons"][0]["code"] for each in told} == {"hold.running", "budget.exhausted"}

        # and exactly one pair is held, at exactly the budget
        assert await town.look(_kept(t.rewards.c.state == "held")) == 2
        assert await town.look(_kept(t.rewards.c.state == "rejected")) == 198
        assert await town.look(_used) == COST_FEN


def _come(tx, friends, code):
    now, rng = datetime.now(UTC), random.Random(8)
    for who in friends:
        friend, _ = find_or_create(tx, wecom(who), now=now, rng=rng)
        touch_by_code(tx, friend.id, code, kind=TouchKind.ADD, at=now, now=now, rng=rng)


def _kept(where):
    """How many rows there are."""
    return lambda tx: len(tx.connection.execute(select(where.left.table).where(where)).all())


def _used(tx):
    return tx.campaigns.all()[0].used_fen
