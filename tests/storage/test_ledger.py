"""The ledger on both databases: append-only, without gaps, and one tree whoever computes it."""

import asyncio
import hashlib
import json
import shutil
import sqlite3
from datetime import timedelta, timezone

import pytest
from pymerkle import InmemoryTree
from sqlalchemy import text

from referral.errors import RuleViolation
from referral.merkle import EMPTY_ROOT
from storage import proofs
from storage.errors import StorageError
from storage.store import Store
from storage.tables import APPEND_ONLY
from tests.storage.cast import NOON, after, an_entry, salt_of

SEED = bytes(range(32))


async def fill(store: Store, count: int) -> None:
    """`count` entries, each with its place in the tree."""

    def unit(tx):
        for number in range(count):
            tx.ledger.append(an_entry(number), salt_of(number))
        tx.ledger.sequence(limit=count)

    await store.write(unit)


async def test_an_entry_comes_back_as_it_was_at_its_place(store: Store):
    await fill(store, 3)

    leaves = await store.read(lambda tx: list(tx.ledger.leaves()))

    assert [(leaf.seq, leaf.entry, leaf.salt) for leaf in leaves] == [(n, an_entry(n), salt_of(n)) for n in range(3)]
    assert await store.read(lambda tx: (tx.ledger.size(), tx.ledger.unsequenced())) == (3, 0)


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_what_was_booked_is_neither_changed_nor_removed(store: Store, table: str):
    await fill(store, 2)
    await store.write(lambda tx: proofs.sign_off(tx, SEED, NOON))
    await store.write(lambda tx: tx.audit.note("lin", "campaign.start", "c1", "", NOON))
    numbers = {"ledger_nodes": "place", "ledger_leaves": "seq", "ledger_heads": "size", "audit": "at"}
    column = numbers.get(table, "amount")

    for statement in (f"update {table} set {column} = {column} + 7", f"delete from {table}"):
        with pytest.raises(StorageError) as refused:
            await store.write(lambda tx, statement=statement: tx.connection.execute(text(statement)))
        assert "append-only" in str(refused.value.__cause__)

    assert (await store.read(proofs.verify))["ok"]
    assert await store.read(lambda tx: tx.connection.execute(text(f"select count(*) from {table}")).scalar())


async def test_balances_are_what_the_entries_add_up_to(store: Store):
    moves = [
        ("campaign:c1", "mei:held", "days", 30),
        ("campaign:c1", "jun:held", "days", 30),
        ("mei:held", "mei:granted", "days", 30),
        ("jun:held", "campaign:c1", "days", 30),
        ("campaign:c1", "mei:held", "fen", 500),
    ]

    def unit(tx):
        for number, (credit, debit, unit_, amount) in enumerate(moves):
            entry = an_entry(number, credit=credit, debit=debit, unit=unit_, amount=amount)
            tx.ledger.append(entry, salt_of(number))
        accounts = ("campaign:c1", "mei:held", "mei:granted", "jun:held", "nobody:held")
        return {account: tx.ledger.balance(account, "days") for account in accounts}

    balances = await store.write(unit)

    assert balances == {"campaign:c1": -30, "mei:held": 0, "mei:granted": 30, "jun:held": 0, "nobody:held": 0}
    assert sum(balances.values()) == 0


@pytest.mark.parametrize("odd", [{"amount": 0}, {"amount": -5}, {"debit": "campaign:c1"}, {"unit": "yuan"}], ids=str)
async def test_an_entry_that_moves_nothing_is_refused(store: Store, odd: dict[str, object]):
    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.ledger.append(an_entry(**odd), salt_of(0)))

    assert await store.read(lambda tx: tx.ledger.root()) == EMPTY_ROOT


async def test_the_same_entry_is_booked_once(store: Store):
    await fill(store, 1)

    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.ledger.append(an_entry(0, amount=99), salt_of(1)))


async def test_the_numbers_have_no_gaps_whoever_writes_and_fails_beside_whom(store: Store):
    def book(number: int):
        def unit(tx):
            tx.ledger.append(an_entry(number), salt_of(number))
            if number % 5 == 0:
                raise RuleViolation("no", "不行")

        return unit

    async def sequencer():
        for _ in range(15):
            await store.write(lambda tx: tx.ledger.sequence(limit=3))

    await asyncio.gather(*(store.write(book(n)) for n in range(60)), sequencer(), return_exceptions=True)
    await store.write(lambda tx: tx.ledger.sequence())

    leaves = await store.read(lambda tx: list(tx.ledger.leaves()))
    assert [leaf.seq for leaf in leaves] == list(range(48))
    assert {leaf.entry for leaf in leaves} == {an_entry(n) for n in range(60) if n % 5}
    assert (await store.read(proofs.verify))["ok"]


async def test_two_sequencers_at_once_give_each_entry_one_place(store: Store):
    def book(tx):
        for number in range(40):
            tx.ledger.append(an_entry(number), salt_of(number))

    await store.write(book)
    placed = await asyncio.gather(*(store.write(lambda tx: tx.ledger.sequence(limit=15)) for _ in range(6)))

    assert sum(placed) in (0, 40)
    assert await store.read(lambda tx: (tx.ledger.size(), tx.ledger.unsequenced())) == (40, 0)
    assert (await store.read(proofs.verify))["ok"]


@pytest.mark.parametrize("count", [0, 1, 7, 64, 100])
async def test_an_independent_tree_over_the_same_entries_has_the_same_root(store: Store, count: int):
    oracle = InmemoryTree(algorithm="sha256")
    for number in range(count):
        oracle.append_entry(salt_of(number) + plain_json(an_entry(number)))

    await fill(store, count)

    expected = oracle.get_root() if count else hashlib.sha256(b"").digest()
    assert await store.read(lambda tx: tx.ledger.root()) == expected
    assert (await store.read(proofs.verify))["root"] == expected.hex()


async def test_entries_of_one_moment_keep_the_order_they_were_written_in(store: Store):
    def book(tx):
        for number in (3, 1, 2):
            tx.ledger.append(an_entry(number, at=NOON), salt_of(number))
        tx.ledger.sequence()

    await store.write(book)

    leaves = await store.read(lambda tx: [leaf.entry.amount for leaf in tx.ledger.leaves()])
    assert leaves == [33, 31, 32]


async def test_a_moment_is_booked_to_the_millisecond_in_utc(store: Store):
    beijing = after(microseconds=123_999).astimezone(timezone(timedelta(hours=8)))

    def book(tx):
        tx.ledger.append(an_entry(0, at=beijing), salt_of(0))
        tx.ledger.sequence()
        return proofs.verify(tx)

    assert (await store.write(book))["ok"]
    leaves = await store.read(lambda tx: list(tx.ledger.leaves()))
    assert leaves[0].entry.as_leaf()["at"] == "2026-11-21T04:00:00.123Z"


async def test_reading_the_ledger_does_not_change_how_later_statements_run(store: Store):
    def unit(tx):
        list(tx.ledger.leaves())
        return tx.connection.get_execution_options().get("yield_per")

    assert await store.read(unit) is None


def plain_json(entry) -> bytes:
    """The entry as design 5.1 spells it, written without our own code."""
    at = entry.at.strftime("%Y-%m-%dT%H:%M:%S") + f".{entry.at.microsecond // 1000:03}Z"
    known = {"id": entry.id, "at": at, "kind": entry.kind, "debit": entry.debit, "credit": entry.credit}
    known |= {"unit": entry.unit, "amount": entry.amount, "ref": entry.ref}
    return json.dumps(known, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


async def test_a_replace_does_not_slip_past_the_guard(migrated_file, tmp_path):
    copy = tmp_path / "taoli.db"
    shutil.copy(migrated_file, copy)
    connection = sqlite3.connect(copy)
    entry = "(1, 'e1', 0, 'held', 'a', 'b', 'days', 30, 'w1')"
    connection.execute(
        f"insert into ledger_entries (row, id, at, kind, debit, credit, unit, amount, ref) values {entry}"
    )

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("insert or replace into ledger_entries select * from ledger_entries")

    connection.close()
