"""Claims and the queue of orders without a buyer, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from referral.claims import Claim, ClaimState
from referral.identities import Identity
from referral.jobs import Job
from referral.orders import CLOSE, Outcome
from referral.people import Person
from storage.errors import StorageError
from storage.store import Store
from storage.transaction import Transaction
from tests.storage.cast import (
    CRM,
    KEY,
    NOON,
    PHONE,
    TERMS,
    WECOM,
    a_campaign,
    after,
    an_order,
    settle,
    settle_with_order,
)


def a_claim(**changes: Any) -> Claim:
    known: dict[str, Any] = {
        "id": "k1",
        "handle": "AB12",
        "person": "jun",
        "name": "李姐",
        "words": "是李姐介绍的",
        "source": "desk",
        "said_at": NOON,
        "expires_at": after(days=7),
        "rep": "lin",
    }
    return Claim(**known | changes)


async def test_a_claim_is_found_again_as_it_was_said_and_as_it_was_decided(store: Store):
    said = a_claim()
    decided = replace(
        said, state=ClaimState.CONFIRMED, advocate="mei", code="CODE", decided_by="rep:lin", decided_at=after(hours=1)
    )

    def say(tx: Transaction) -> None:
        settle(tx)
        tx.claims.add(said)
        tx.claims.add(a_claim(id="k2", handle="CD34", person="bo", said_at=after(minutes=-5)))

    await store.write(say)

    assert await store.read(lambda tx: tx.claims.get("k1")) == said
    assert [claim.id for claim in await store.read(lambda tx: tx.claims.waiting())] == ["k2", "k1"]
    assert await store.read(lambda tx: tx.claims.by_handle("AB12")) == said
    assert await store.read(lambda tx: tx.claims.open_of("jun")) == [said]

    await store.write(lambda tx: tx.claims.save(decided))

    assert await store.read(lambda tx: tx.claims.of_person("jun")) == [decided]
    assert await store.read(lambda tx: tx.claims.by_handle("AB12")) is None
    assert await store.read(lambda tx: tx.claims.open_of("jun")) == []
    assert [claim.id for claim in await store.read(lambda tx: tx.claims.all())] == ["k2", "k1"]


async def test_a_claim_that_is_decided_at_once_is_kept(store: Store):
    await store.write(settle)

    await store.write(lambda tx: tx.claims.save(a_claim(state=ClaimState.REFUSED, reason="不是")))

    found = await store.read(lambda tx: tx.claims.get("k1"))
    assert found
    assert found.reason == "不是"


async def test_a_confirmed_claim_names_its_advocate(store: Store):
    await store.write(settle)

    with pytest.raises((IntegrityError, StorageError)):
        await store.write(lambda tx: tx.claims.save(a_claim(state=ClaimState.CONFIRMED)))


async def test_advocates_are_found_by_name_among_those_with_a_code_the_reps_own_first(store: Store):
    def people(tx: Transaction) -> None:
        settle(tx)
        tx.campaigns.add(a_campaign(id="c2"), TERMS, NOON)
        names = (
            ("a", "c1", "李姐", "", None),
            ("b", "c1", "小李", "", "林"),
            ("c", "c1", "春天", "李梅", None),
            ("d", "c2", "李姐", "", None),
            ("e", "", "李姐", "", "lin"),
            ("f", "c1", "王哥", "", "lin"),
            ("g", "c1", "李姐", "", "lin"),
            ("h", "c1", "100%李姐", "", None),
        )
        for number, (person, campaign, nickname, name, rep) in enumerate(names):
            at = after(seconds=number)
            tx.people.create(Person(id=person, nickname=nickname, name=name, rep=rep), at)
            if campaign:
                tx.codes.issue(KEY, campaign=campaign, advocate=person, channel="", rep=None, now=at)
        tx.people.learn("g", staff=True)
        tx.people.attach("f", Identity(CRM, "77"), NOON)
        tx.reps.add_contact("c", "lin", NOON)

    await store.write(people)

    async def found(said: str, surname: str = "") -> list[tuple[str, bool]]:
        rows = await store.read(lambda tx: tx.claims.advocates(said, surname, ["c1"], "lin", 9))
        return [(row.named.person, row.own) for row in rows]

    assert await found("李姐", "李") == [("b", True), ("c", True), ("a", False), ("h", False)]
    assert await found("李姐") == [("a", False), ("h", False)]
    assert await found("%") == [("h", False)]
    assert await found("77") == [("f", True)]


async def test_the_queue_names_orders_of_nobody_the_soonest_to_be_given_up_first(store: Store):
    def orders(tx: Transaction) -> None:
        settle_with_order(tx)
        early = an_order(id="o2", order_no="A2", paid_at=after(days=-3), received_at=NOON)
        late = an_order(id="o3", order_no="A3", code="X", received_at=NOON)
        tx.orders.add(late, [Identity(PHONE, "f" * 64), Identity(CRM, "42")])
        tx.orders.add(early, [Identity(WECOM, "wm-nobody")])
        tx.orders.add(an_order(id="o4", order_no="A4", outcome=Outcome.NO_REFERRAL, received_at=NOON), [])
        tx.jobs.put(Job(kind=CLOSE, key="o3", due_at=after(days=7)))
        tx.jobs.put(Job(kind=CLOSE, key="o2", due_at=after(days=4)))

    await store.write(orders)

    queue = await store.read(lambda tx: tx.unmatched.queue(10))
    assert [(each.order_no, each.closes_at) for each in queue] == [("A2", after(days=4)), ("A3", after(days=7))]
    assert queue[1].buyer == (("crm", "42"), ("phone", "f" * 64))
    assert await store.read(lambda tx: tx.unmatched.count()) == 2
    assert len(await store.read(lambda tx: tx.unmatched.queue(1))) == 1
    rate = await store.read(lambda tx: tx.unmatched.rate(after(days=-30)))
    assert (rate.orders, rate.matched, rate.percent) == (4, 1, 25.0)
    assert (await store.read(lambda tx: tx.unmatched.rate(after(days=1)))).percent is None
