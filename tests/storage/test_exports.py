"""What leaves as tables: the columns of the contract, in order, the same every time."""

import io
import json

import pytest

from referral.consent import Answer, Consent
from referral.errors import BadInput
from referral.identities import Identity, IdentityKind
from referral.orders import Outcome
from referral.people import Person
from referral.rewards import RewardState, Side
from referral.touches import TouchKind
from storage import tables as t
from storage.exports import COLUMNS, rows, size
from storage.formats import write_rows
from storage.store import Store
from storage.times import ms
from tests.storage.cast import (
    CRM,
    NOON,
    PHONE,
    WECOM,
    a_merge,
    a_reward,
    a_share,
    a_touch,
    after,
    an_entry,
    an_order,
    salt_of,
    settle_with_order,
)

CONTRACT = {
    "people": "id crm_id external_userid unionid openid phone name nickname rep joined_on tier satisfaction activity"
    " last_order_at orders past_referrals tags marketing_consent",
    "shares": "person campaign code channel level first_at evidence",
    "touches": "code friend kind channel at",
    "referrals": "id campaign advocate friend code method status reason at",
    "orders": "source order_no kind amount_fen at refunded_fen outcome reasons",
    "rewards": "id campaign referral person side kind unit amount state held_at due_at granted_at reversed_at order",
    "nudges": "person campaign decision why copy channel planned_at sent_at delivered_at outcome",
    "ledger": "seq at kind debit credit unit amount ref",
}


def export(what: str):
    return lambda tx: list(rows(tx, what))


def test_the_columns_are_those_of_the_contract():
    assert {what: " ".join(columns) for what, columns in COLUMNS.items()} == CONTRACT


async def test_every_export_has_its_columns_in_order_and_nothing_else(store: Store):
    await store.write(everything)

    found = {what: await store.read(export(what)) for what in COLUMNS}

    assert all(found.values())
    assert {what: await store.read(lambda tx, what=what: size(tx, what)) for what in COLUMNS} == {
        what: len(table) for what, table in found.items()
    }
    assert {what: {tuple(row) for row in table} for what, table in found.items()} == {
        what: {columns} for what, columns in COLUMNS.items()
    }


async def test_an_empty_database_exports_nothing(store: Store):
    assert [await store.read(export(what)) for what in COLUMNS] == [[]] * len(COLUMNS)


async def test_people_are_named_by_their_identities_and_never_by_phone(store: Store):
    def story(tx):
        tx.people.create(Person(id="mei", name="李梅", nickname="梅🌸", rep="lin", joined_at=after(hours=13)), NOON)
        names = [
            Identity(CRM, "42"),
            Identity(WECOM, "wm-mei"),
            Identity(IdentityKind.UNIONID, "u1"),
            Identity(IdentityKind.OPENID, "wx1/o1"),
            Identity(PHONE, "ab" * 32),
        ]
        for name in names:
            tx.people.attach("mei", name, NOON)
        tx.people.attach("mei", Identity(WECOM, "wm-later"), after(days=1))
        tx.people.create(Person(id="jun"), after(seconds=1))
        for answer in (Answer.GRANTED, Answer.REFUSED):
            tx.consent.record(
                Consent(person="mei", purpose="nudges", answer=answer, evidence="", channel="kf", at=NOON)
            )

    await store.write(story)

    mei, jun = await store.read(export("people"))
    assert {name: value for name, value in mei.items() if value is not None} == {
        "id": "mei",
        "crm_id": "42",
        "external_userid": "wm-mei",
        "unionid": "u1",
        "openid": "wx1/o1",
        "name": "李梅",
        "nickname": "梅🌸",
        "rep": "lin",
        "joined_on": "2026-11-22",
        "marketing_consent": 0,
    }
    assert {name for name, value in jun.items() if value is not None} == {"id"}


async def test_what_a_customer_file_told_stands_under_its_own_headers(store: Store):
    def story(tx):
        tx.people.create(Person(id="mei"), NOON)
        tx.connection.execute(t.people.update().values(tier="金卡", tags='["老客户", "爱喝茶"]'))
        known = {"satisfaction": 9.0, "activity": 3.5, "last_order_at": ms(NOON), "orders": 0, "past_referrals": 2}
        tx.connection.execute(t.moments.insert().values(person="mei", **known))

    await store.write(story)

    (mei,) = await store.read(export("people"))
    assert {name: value for name, value in mei.items() if value is not None} == {
        "id": "mei",
        "tier": "金卡",
        "satisfaction": 9,
        "activity": 3.5,
        "last_order_at": "2026-11-21T12:00:00.000+08:00",
        "orders": 0,
        "past_referrals": 2,
        "tags": ["老客户", "爱喝茶"],
    }
    assert isinstance(mei["satisfaction"], int)


async def test_those_folded_into_another_are_left_out(store: Store):
    def story(tx):
        for person in ("mei", "mei2"):
            tx.people.create(Person(id=person), NOON)
        tx.people.attach("mei2", Identity(CRM, "42"), NOON)
        tx.merges.fold(a_merge("mei", "mei2"), [])

    await store.write(story)

    assert [(row["id"], row["crm_id"]) for row in await store.read(export("people"))] == [("mei", "42")]


async def test_times_are_told_in_beijing_and_the_unknown_is_empty(store: Store):
    await store.write(everything)

    reward = (await store.read(export("rewards")))[0]
    touches = await store.read(export("touches"))

    assert reward["held_at"] == "2026-11-21T12:00:00.000+08:00"
    assert reward["granted_at"] is None
    assert [(row["friend"], row["kind"]) for row in touches] == [("jun", "add"), (None, "view")]


async def test_a_reward_names_its_order_by_source_and_number(store: Store):
    await store.write(everything)

    found = await store.read(export("rewards"))

    assert [(row["person"], row["side"], row["order"]) for row in found] == [
        ("mei", "advocate", "shop/A1"),
        ("jun", "friend", "shop/A1"),
    ]


async def test_an_orders_reasons_are_a_list_of_codes(store: Store):
    await store.write(everything)

    first, second = await store.read(export("orders"))

    assert (first["order_no"], first["at"], first["outcome"], first["reasons"]) == (
        "A1",
        "2026-11-21T12:00:00.000+08:00",
        "held",
        ["buyer.unknown"],
    )
    assert second["order_no"] == "A2"


async def test_the_ledger_is_exported_by_its_places(store: Store):
    await store.write(lambda tx: book(tx, 600))

    found = await store.read(export("ledger"))

    assert [row["seq"] for row in found] == list(range(600))
    assert found[7] == {
        "seq": 7,
        "at": "2026-11-21T12:00:07.000+08:00",
        "kind": "held",
        "debit": "mei:held",
        "credit": "campaign:c1",
        "unit": "days",
        "amount": 37,
        "ref": "w7",
    }


async def test_an_export_is_the_same_every_time(store: Store):
    await store.write(everything)

    first = [await store.read(export(what)) for what in COLUMNS]
    second = [await store.read(export(what)) for what in COLUMNS]

    assert first == second


async def test_a_reader_may_stop_anywhere(store: Store):
    await store.write(lambda tx: book(tx, 600))

    first = await store.read(lambda tx: next(rows(tx, "ledger")))

    assert first["seq"] == 0
    assert len(await store.read(export("ledger"))) == 600


async def test_as_jsonl_every_row_is_one_line_and_chinese_stays_readable():
    found = [{"id": "mei", "nickname": "梅\n\u2028🌸\x85", "extra": 1}, {"id": "jun", "nickname": None}]

    file = io.BytesIO()
    write_rows(iter(found), ("nickname", "id"), "jsonl", file)
    text = file.getvalue().decode()

    assert "梅" in text
    assert [json.loads(line) for line in text.splitlines()] == [
        {"nickname": "梅\n\u2028🌸\x85", "id": "mei"},
        {"nickname": None, "id": "jun"},
    ]
    assert list(json.loads(text.splitlines()[0])) == ["nickname", "id"]


async def test_what_cannot_be_exported_is_said_before_anything_is_read(store: Store):
    with pytest.raises(BadInput, match="people"):
        await store.read(lambda tx: rows(tx, "inbox"))
    with pytest.raises(BadInput, match="jsonl"):
        write_rows([], (), "pdf", io.BytesIO())


def everything(tx) -> None:
    """At least one row of each kind."""
    settle_with_order(tx)
    tx.shares.reach(a_share())
    tx.touches.add(a_touch(id="t2", friend=None, kind=TouchKind.VIEW, device="phone-1"))
    tx.orders.add(an_order(id="o2", order_no="A2", paid_at=after(days=1), outcome=Outcome.NO_REFERRAL), [])
    tx.rewards.add(a_reward())
    refused = a_reward(id="w2", person="jun", side=Side.FRIEND, state=RewardState.REJECTED, held_at=None, due_at=None)
    tx.rewards.add(refused)
    nudge = {"id": "g1", "person": "mei", "campaign": "c1", "decision": "send", "why": "moment", "planned_at": ms(NOON)}
    tx.connection.execute(t.nudges.insert().values(purpose="ask", state="listed", created_at=ms(NOON), **nudge))
    book(tx, 3)


def book(tx, count: int) -> None:
    for number in range(count):
        tx.ledger.append(an_entry(number), salt_of(number))
    tx.ledger.sequence(limit=count)
