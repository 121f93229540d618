"""A ledger that the whole engine has written to: whoever bends a copy of it is caught, on either database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from referral import coupons, merging, shop, thanks
from referral.shop import Item
from storage import proofs
from storage.times import ms
from tests.engine.books import NOON, history, wecom

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw().hex()
KINDS = {"held", "granted", "reversed", "rejected", "expired", "merged", "used", "spent", "returned"}
FORGED = (
    "insert into ledger_entries (id, at, kind, debit, credit, unit, amount, ref) "
    f"values ('e-forged', {ms(NOON)}, 'granted', 'p-bo:granted', 'p-bo:held', 'points', 1000, 'w-none')"
)
HOUR = timedelta(hours=1)


@pytest.fixture(params=["pages", pytest.param("postgres_pages", marks=pytest.mark.postgres)])
def books(request):
    """Books in which every kind of entry stands, in a tree that is signed off, and on which no trigger stands guard."""
    connection = request.getfixturevalue(request.param)
    with history(connection) as opened:
        _live(opened)
        opened.check()
        while opened.tx.ledger.sequence():
            pass
        proofs.sign_off(opened.tx, SEED, opened.now)
        _off_guard(connection)
        yield opened


def _live(books):
    """Thanks given, taken back, turned down, used up and run out; two who are one; points spent and returned."""
    tx, facts, rng = books.tx, books.facts, books.rng
    fans = books.campaign(pack="top-fans", hold_days=0)
    checked = books.campaign(pack="good-neighbour", confirm=True, conversions=("order.paid",))
    friends = [wecom(f"wmFriend{number}") for number in range(4)]
    for number, friend in enumerate(friends):
        code = books.code(wecom("wmMei" if number < 3 else "wmBo"), fans if number < 3 else checked)
        books.touch(friend, code, at=books.now - 2 * HOUR)
        books.order(f"A{number}", friend, at=books.now - HOUR)
    for reward in tx.rewards.of_person(books.met(wecom("wmBo"))):
        thanks.refuse(tx, facts, reward.id, "an", "不符", now=books.now, rng=rng)
    books.pass_days(1)
    mei = books.met(wecom("wmMei"))
    item = shop.add(
        tx,
        facts,
        Item(id="i1", title="帆布袋", points=300, stock=3, kind="gift", added_at=books.now),
        by="an",
        now=books.now,
    )
    shop.redeem(tx, facts, mei, item.id, "one", now=books.now, rng=rng)
    books.refund("A1", "R1", None)
    first = next(r for r in tx.rewards.of_person(books.met(friends[0])) if r.kind == "coupon")
    assert coupons.use(tx, tx.coupons.of_reward(first.id), first, by="an", shop="一店", now=books.now, rng=rng)
    merging.merge(tx, facts, mei, books.met(friends[3]), why="同一位", who="an", now=books.now, rng=rng)
    books.pass_days(800)


def _off_guard(connection):
    """As whoever has a copy of the database can do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("set local session_replication_role = replica"))
        return
    connection.exec_driver_sql("pragma defer_foreign_keys = on")
    names = connection.execute(text("select name from sqlite_master where type = 'trigger'")).scalars().all()
    for name in names:
        connection.exec_driver_sql(f"drop trigger {name}")


def verdict(books, *statements):
    """What verifying says of a copy with these changes; afterwards they are undone."""
    with books.tx.connection.begin_nested() as copy:
        for statement in statements:
            assert books.tx.connection.execute(text(statement)).rowcount, statement
        found = proofs.verify(books.tx, keys=[PUBLIC])
        copy.rollback()
    return found["ok"]


def test_every_kind_of_entry_is_proved_and_none_can_be_bent(books):
    # given a ledger with entries of every kind
    read = books.tx.connection.execute
    leaves = read(
        text("select seq, e.id, e.kind from ledger_leaves l join ledger_entries e on e.id = l.entry order by seq")
    ).all()
    assert KINDS - {"returned"} <= {leaf.kind for leaf in leaves} <= KINDS
    assert verdict(books)

    # when any one of them is flipped, dropped, or changes places with its neighbour
    missed = []
    for number, leaf in enumerate(leaves):
        one = f"where id = '{leaf.id}'"
        changes = {
            "amount": [f"update ledger_entries set amount = amount + 1 {one}"],
            "debit": [f"update ledger_entries set debit = 'p-bo:granted' {one}"],
            "credit": [f"update ledger_entries set credit = 'p-bo:held' {one}"],
            "kind": [f"update ledger_entries set kind = 'x' {one}"],
            "at": [f"update ledger_entries set at = at - 1 {one}"],
            "leaf dropped": [f"delete from ledger_leaves where seq = {leaf.seq}"],
            "entry dropped": [
                f"delete from ledger_salts where entry = '{leaf.id}'",
                f"delete from ledger_entries {one}",
            ],
        }
        if number:
            before = leaves[number - 1]
            changes["swapped"] = [
                f"update ledger_leaves set entry = 'x' where seq = {leaf.seq}",
                f"update ledger_leaves set entry = '{leaf.id}' where seq = {before.seq}",
                f"update ledger_leaves set entry = '{before.id}' where seq = {leaf.seq}",
            ]
        missed += [(leaf.kind, name) for name, change in changes.items() if verdict(books, *change)]

    # then it is caught
    assert missed == []


def test_an_entry_put_at_the_end_without_us_is_caught(books):
    size = books.tx.ledger.size()
    salt = "insert into ledger_salts (entry, salt) select 'e-forged', salt from ledger_salts limit 1"

    assert not verdict(books, FORGED, salt, f"insert into ledger_leaves (seq, entry) values ({size}, 'e-forged')")


def test_an_entry_that_never_gets_a_place_is_caught_where_each_gets_one_at_once(pages):
    """On SQLite nothing waits for a sequencer; what has no leaf would count in balances, and be proved by nothing."""
    with history(pages) as books:
        _live(books)
        proofs.sign_off(books.tx, SEED, books.now)
        _off_guard(pages)

        assert not verdict(books, FORGED)
