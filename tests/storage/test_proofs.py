"""What the ledger can show, recomputed by hand, and everyone who would bend it."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import insert, text

from referral.errors import NotFound
from storage import proofs
from storage import tables as t
from storage.errors import NotYetPlaced
from storage.open import open_store
from storage.sqlite import driver_of, writer_engine
from storage.store import Store
from storage.times import ms
from storage.transaction import Transaction
from tests.storage.cast import NOON, a_reward, after, an_entry, salt_of, settle_with_order

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw().hex()
ROWS = 13
CUT = "delete from ledger_leaves where seq >= 9; delete from ledger_nodes where (place + 1) << level > 9"
CUT_WITH_ITS_HEAD = f"{CUT}; delete from ledger_heads where size = {ROWS}"


def thanked(tx: Transaction) -> None:
    """Mei's reward was held and granted, amid other people's."""
    settle_with_order(tx)
    tx.rewards.add(a_reward())
    for number in range(ROWS):
        tx.ledger.append(an_entry(number, ref="w1" if number in (4, 9) else f"w{number + 100}"), salt_of(number))
        tx.ledger.sequence()
        if number == 7:
            proofs.sign_off(tx, SEED, NOON)


def drop_salt(tx: Transaction, number: int) -> None:
    """As erasing a person does."""
    tx.connection.execute(t.ledger_salts.delete().where(t.ledger_salts.c.entry == an_entry(number).id))


# --- heads -----------------------------------------------------------------------------------------------------------


async def test_a_head_is_signed_as_documented(store: Store):
    await store.write(thanked)

    head = await store.read(lambda tx: proofs.head(tx, SEED, after(milliseconds=4)))

    assert head["size"] == ROWS
    assert head["at"] == "2026-11-21T04:00:00.004Z"
    assert head["key"] == PUBLIC
    signed = f'taoli ledger head\n{{"at":"{head["at"]}","root":"{head["root"]}","size":{ROWS}}}'
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head["key"]))
    public.verify(bytes.fromhex(head["signature"]), signed.encode())


async def test_an_empty_ledger_has_a_head_too(store: Store):
    head = await store.write(lambda tx: proofs.sign_off(tx, SEED, NOON))

    assert (head["size"], head["root"]) == (0, hashlib.sha256(b"").hexdigest())
    assert (await store.read(proofs.verify))["ok"]


async def test_a_size_is_signed_off_once(store: Store):
    await store.write(thanked)

    first = await store.write(lambda tx: proofs.sign_off(tx, SEED, NOON))
    again = await store.write(lambda tx: proofs.sign_off(tx, SEED, after(days=1)))

    assert again == first
    assert await store.read(lambda tx: [head.size for head in tx.ledger.heads()]) == [8, ROWS]


# --- verify ----------------------------------------------------------------------------------------------------------


async def test_an_untouched_ledger_verifies(store: Store):
    await store.write(thanked)
    head = await store.write(lambda tx: proofs.sign_off(tx, SEED, NOON))

    found = await store.read(lambda tx: proofs.verify(tx, keys=[PUBLIC], outside=[head]))

    assert found == {"ok": True, "size": ROWS, "root": head["root"], "problem": None, "without_salt": 0}


async def test_an_entry_that_waits_for_its_place_is_no_fault(ready_postgres_url: str):
    store = await open_store(ready_postgres_url)
    await store.write(thanked)
    await store.write(lambda tx: tx.ledger.append(an_entry(99), salt_of(99)))

    found = await store.read(proofs.verify)

    assert (found["ok"], found["size"]) == (True, ROWS)
    await store.close()


async def test_a_dropped_salt_is_counted_and_no_fault(store: Store):
    await store.write(thanked)

    await store.write(lambda tx: drop_salt(tx, 4))

    found = await store.read(proofs.verify)
    assert (found["ok"], found["without_salt"]) == (True, 1)


async def test_a_changed_amount_is_found_on_either_database(store: Store):
    await store.write(thanked)
    disable = {
        "sqlite": "drop trigger ledger_entries_no_update",
        "postgresql": "set session_replication_role = replica",
    }

    def bend(tx):
        entries = t.ledger_entries
        tx.connection.execute(text("savepoint bend"))
        tx.connection.execute(text(disable[tx.connection.dialect.name]))
        tx.connection.execute(entries.update().where(entries.c.id == an_entry(5).id).values(amount=1))
        found = proofs.verify(tx)
        tx.connection.execute(text("rollback to savepoint bend"))
        return found

    found = await store.write(bend)

    assert not found["ok"]
    assert "seq 5" in found["problem"]


@pytest_asyncio.fixture
async def ledger(ready_sqlite_url: str, tmp_path: Path) -> Path:
    """A file with a ledger whose every size up to 8 and whose last was signed off, on which no trigger stands guard."""
    store = await open_store(ready_sqlite_url)
    await store.write(thanked)
    await store.write(lambda tx: proofs.sign_off(tx, SEED, NOON))
    await store.close()
    return Path(shutil.copy(tmp_path / "taoli.db", tmp_path / "copy.db"))


@contextmanager
def unguarded(path: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Try a change (SQL, or a function) on the file and see what verifying says; each change is undone again."""
    engine = writer_engine(path)
    with engine.connect() as connection:
        raw, tx = driver_of(connection), Transaction(connection)
        raw.execute("pragma foreign_keys = off")
        for (name,) in raw.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            raw.execute(f"drop trigger {name}")

        def attempt(change: str | Callable[[Transaction], None], outside: Any = ()) -> dict[str, Any]:
            raw.execute("begin")
            if callable(change):
                change(tx)
            else:
                assert all(raw.execute(statement).rowcount for statement in change.split(";"))
            found = proofs.verify(tx, keys=[PUBLIC], outside=outside)
            raw.execute("rollback")
            return found

        yield attempt
    engine.dispose()


def every_single_change() -> Iterator[tuple[str, str]]:
    """SQL for one bent field or missing row at a time, with what the problem must name."""
    for n in range(ROWS):
        entry, seq = f"'{an_entry(n).id}'", f"seq {n} "
        for column in ("id", "kind", "debit", "credit", "ref"):
            yield f"update ledger_entries set {column} = {column} || 'x' where id = {entry}", seq
            yield f"update ledger_entries set {column} = cast({column} as blob) where id = {entry}", seq
        for column in ("at", "amount"):
            yield f"update ledger_entries set {column} = {column} + 1 where id = {entry}", seq
            yield f"update ledger_entries set {column} = {column} + 0.25 where id = {entry}", seq
            yield f"update ledger_entries set {column} = 'odd' where id = {entry}", seq
        yield f"update ledger_entries set unit = 'points' where id = {entry}", seq
        yield f"update ledger_entries set at = {2**62} where id = {entry}", seq
        yield f"update ledger_salts set salt = zeroblob(16) where entry = {entry}", seq
        yield f"update ledger_salts set salt = substr(salt, 2) where entry = {entry}", seq
        yield f"delete from ledger_entries where id = {entry}", seq
        yield f"delete from ledger_leaves where seq = {n}", seq if n < ROWS - 1 else ""
        yield f"update ledger_leaves set entry = 'e-none' where seq = {n}", seq
        if n:
            changes = [(n, "x"), (n - 1, an_entry(n).id), (n, an_entry(n - 1).id)]
            yield (
                ";".join(f"update ledger_leaves set entry = '{e}' where seq = {s}" for s, e in changes),
                f"seq {n - 1} ",
            )
    for level in range(4):
        for place in range(ROWS >> level):
            last = ((place + 1) << level) - 1
            where = f"where level = {level} and place = {place}"
            yield f"update ledger_nodes set hash = zeroblob(32) {where}", f"seq {last}"
            yield f"update ledger_nodes set hash = substr(hash, 2) {where}", f"seq {last}"
            yield f"delete from ledger_nodes {where}", f"seq {last}"
    for size in (8, ROWS):
        for column, value in [
            ("root", "zeroblob(32)"),
            ("at", "at + 1"),
            ("size", "size - 1"),
            ("size", "size + 10"),
            ("signature", "substr(signature, 3)"),
            ("signature", "'zz'"),
            ("key", "substr(key, 3)"),
        ]:
            yield f"update ledger_heads set {column} = {value} where size = {size}", "账头"
    yield f"insert into ledger_leaves values ({ROWS}, 'e-none')", f"seq {ROWS}"
    yield f"insert into ledger_nodes values (0, {ROWS}, zeroblob(32))", f"seq {ROWS}"
    yield "insert into ledger_nodes values (9, 0, zeroblob(32))", f"seq {ROWS}"
    yield "insert into ledger_leaves values (-1, 'e-none')", "seq"


async def test_every_single_bent_field_and_missing_row_is_found_and_named(ledger: Path):
    changes = list(every_single_change())

    with unguarded(ledger) as attempt:
        found = [(change, named, attempt(change)) for change, named in changes]

    missed = [change for change, _, verdict in found if verdict["ok"]]
    misnamed = [(change, v["problem"]) for change, named, v in found if named not in (v["problem"] or "")]
    assert len(changes) > 300
    assert missed == []
    assert misnamed == []


LONG = 2 * 1024 + 5  # what is verified together are 1024 rows
OUT_OF_STEP = f"update ledger_entries set row = row + {LONG}"
"""Entries whose rows are numbered otherwise than their leaves, as in a ledger that came from elsewhere."""


def changes_of_a_long_ledger() -> Iterator[tuple[str, str]]:
    """The same at the edges of what is verified together, and high up in the tree."""
    for n in (0, 700, 1023, 1024, 2047, 2048):
        entry, seq = f"'{an_entry(n).id}'", f"seq {n} "
        yield f"update ledger_entries set amount = amount + 1 where id = {entry}", seq
        yield f"update ledger_salts set salt = zeroblob(16) where entry = {entry}", seq
        yield f"delete from ledger_leaves where seq = {n}", seq
        yield f"update ledger_nodes set hash = zeroblob(32) where level = 0 and place = {n}", seq
    for level, place in ((1, 0), (5, 31), (9, 1), (10, 0), (10, 1), (11, 0), (2, 512)):
        where, last = f"where level = {level} and place = {place}", ((place + 1) << level) - 1
        for bent in (f"update ledger_nodes set hash = zeroblob(32) {where}", f"delete from ledger_nodes {where}"):
            yield bent, f"seq {last} 处的树节点"


async def test_a_bent_row_of_a_long_ledger_is_found_and_named_too(ready_sqlite_url: str, tmp_path: Path):
    store = await open_store(ready_sqlite_url)
    for start, end in ((0, 1024), (1024, 1500), (1500, LONG)):  # signed at an edge, amid, and at the end
        await store.write(lambda tx, rows=range(start, end): [tx.ledger.append(an_entry(n), salt_of(n)) for n in rows])
        await store.write(lambda tx: proofs.sign_off(tx, SEED, NOON))
    await store.write(lambda tx: drop_salt(tx, 5))
    whole = await store.read(lambda tx: (proofs.verify(tx, keys=[PUBLIC]), tx.ledger.root().hex()))
    await store.close()
    changes = list(changes_of_a_long_ledger())

    with unguarded(tmp_path / "taoli.db") as attempt:
        moved = attempt(OUT_OF_STEP)
        problems = [(named, change, attempt(change)["problem"]) for change, named in changes]
        problems += [(named, change, attempt(f"{OUT_OF_STEP};{change}")["problem"]) for change, named in changes]

    assert whole[0] == moved == {"ok": True, "size": LONG, "root": whole[1], "problem": None, "without_salt": 1}
    assert [(change, problem) for named, change, problem in problems if named not in (problem or "")] == []


async def test_a_ledger_rewritten_with_all_its_hashes_does_not_match_what_was_signed(ledger: Path):
    """Someone with the database and our code, but without the key."""

    def rewrite(tx: Transaction) -> None:
        raw = driver_of(tx.connection)
        raw.execute(f"update ledger_entries set amount = 3000 where id = '{an_entry(10).id}'")
        raw.execute("delete from ledger_leaves")
        raw.execute("delete from ledger_nodes")
        tx.ledger.sequence()

    with unguarded(ledger) as attempt:
        found = attempt(rewrite)

    assert not found["ok"]
    assert "seq 8 到 seq 12 之间有改动" in found["problem"]


async def test_a_cut_off_end_does_not_match_what_was_signed(ledger: Path):
    with unguarded(ledger) as attempt:
        found = attempt(CUT)
        head_gone_too = attempt(CUT_WITH_ITS_HEAD)

    assert "seq 9 起的分录不见了" in found["problem"]
    assert "不在树里" in head_gone_too["problem"]  # the entries are there still


async def test_a_head_kept_outside_tells_of_an_end_that_was_cut_off_with_its_head(ledger: Path):
    engine = writer_engine(ledger)
    with engine.connect() as connection:
        outside = proofs.head(Transaction(connection), SEED, NOON)
    engine.dispose()

    with unguarded(ledger) as attempt:
        found = attempt(CUT_WITH_ITS_HEAD, outside=[outside])
        odd = attempt(CUT_WITH_ITS_HEAD, outside=[{"size": 3}])

    assert "seq 9 起的分录不见了" in found["problem"]
    assert "第 1 个账头读不懂" in odd["problem"]


async def test_a_head_signed_with_another_key_is_not_ours(store: Store):
    await store.write(thanked)
    await store.write(lambda tx: proofs.sign_off(tx, bytes(32), NOON))

    trusting = await store.read(proofs.verify)
    strict = await store.read(lambda tx: proofs.verify(tx, keys=[PUBLIC]))

    assert trusting["ok"]
    assert "不是用本账本的密钥签的" in strict["problem"]


# --- prove and check -------------------------------------------------------------------------------------------------


async def test_a_proof_can_be_recomputed_by_hand(store: Store):
    await store.write(thanked)

    proof = await store.read(lambda tx: proofs.prove(tx, "w1"))

    assert list(proof) == ["reward", "entry", "salt", "leaf_hash", "leaf_index", "tree_size", "path", "root"]
    assert (proof["reward"], proof["leaf_index"], proof["tree_size"]) == ("w1", 9, ROWS)
    assert proof["entry"]["id"] == an_entry(9).id
    spelled = json.dumps(proof["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    leaf = hashlib.sha256(b"\x00" + bytes.fromhex(proof["salt"]) + spelled).digest()
    assert leaf.hex() == proof["leaf_hash"]
    assert climb(leaf, proof["leaf_index"], proof["tree_size"], proof["path"]).hex() == proof["root"]
    assert proof["root"] == (await store.read(proofs.verify))["root"]


def climb(node: bytes, index: int, size: int, path: list[str]) -> bytes:
    """RFC 9162 §2.1.3.2, word for word."""
    fn, sn = index, size - 1
    for beside in map(bytes.fromhex, path):
        assert sn
        if fn & 1 or fn == sn:
            node = hashlib.sha256(b"\x01" + beside + node).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + beside).digest()
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return node


async def test_a_proof_stays_good_while_the_ledger_grows(store: Store):
    await store.write(thanked)
    proof = json.loads(json.dumps(await store.read(lambda tx: proofs.prove(tx, "w1"))))

    def grow(tx):
        for number in range(20, 40):
            tx.ledger.append(an_entry(number), salt_of(number))
        tx.ledger.sequence()

    await store.write(grow)

    assert await store.read(lambda tx: proofs.check(tx, proof)) == {"ok": True, "problem": None}


async def test_what_cannot_be_proved_is_said_so(store: Store):
    await store.write(thanked)
    await store.write(lambda tx: tx.rewards.add(a_reward(id="w2", rule="other")))

    for reward in ("w2", "w0", ""):
        with pytest.raises(NotFound):
            await store.read(lambda tx, reward=reward: proofs.prove(tx, reward))
    await store.write(lambda tx: drop_salt(tx, 9))
    with pytest.raises(NotFound):
        await store.read(lambda tx: proofs.prove(tx, "w1"))


async def test_a_reward_is_not_proved_by_an_old_entry_while_its_newest_waits(ready_postgres_url: str):
    store = await open_store(ready_postgres_url)
    await store.write(thanked)
    await store.write(lambda tx: tx.ledger.append(an_entry(50, ref="w1"), salt_of(50)))

    with pytest.raises(NotYetPlaced):
        await store.read(lambda tx: proofs.prove(tx, "w1"))
    await store.write(lambda tx: tx.ledger.sequence())

    assert (await store.read(lambda tx: proofs.prove(tx, "w1")))["leaf_index"] == ROWS
    await store.close()


def bent(proof: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Ways to spoil a proof, each with what the problem must name."""
    for field in proof:
        yield {name: value for name, value in proof.items() if name != field}, f"缺少 {field}"
        yield proof | {field: None}, field
        yield proof | {field: 1.5}, field
    for field in proof["entry"]:
        yield proof | {"entry": {k: v for k, v in proof["entry"].items() if k != field}}, f"缺少 entry.{field}"
        yield proof | {"entry": proof["entry"] | {field: True}}, f"entry.{field} 的值不对"
        other = 31 if field == "amount" else proof["entry"][field] + "x"
        yield proof | {"entry": proof["entry"] | {field: other}}, "reward" if field == "ref" else "leaf_hash"
    yield proof | {"entry": proof["entry"] | {"id": "\ud800"}}, "entry"
    yield proof | {"entry": proof["entry"] | {"note": "x"}}, "多出 entry.note"
    yield proof | {"signature": "00"}, "多出 signature"
    yield proof | {"reward": "w2"}, "reward"
    for field in ("salt", "leaf_hash", "root"):
        yield proof | {field: flipped(proof[field])}, field if field == "root" else "leaf_hash"
        yield proof | {field: proof[field][2:]}, field
        yield proof | {field: proof[field].upper() + "zz"}, field
    yield proof | {"leaf_index": -1}, "leaf_index"
    yield proof | {"leaf_index": proof["tree_size"]}, "leaf_index"
    yield proof | {"leaf_index": proof["leaf_index"] - 1}, "path"
    yield proof | {"tree_size": 0}, "tree_size"
    yield proof | {"tree_size": 2**80}, "tree_size"
    for at in range(len(proof["path"])):
        path = proof["path"]
        yield proof | {"path": [*path[:at], flipped(path[at]), *path[at + 1 :]]}, "path"
        yield proof | {"path": path[:at] + path[at + 1 :]}, "path"
        yield proof | {"path": [*path[:at], path[at][:-1] + "g", *path[at + 1 :]]}, "path"
    yield proof | {"path": [*proof["path"], proof["root"]]}, "path"


def flipped(text_: str) -> str:
    return f"{int(text_[:2], 16) ^ 1:02x}{text_[2:]}"


async def test_a_bent_proof_is_refused_and_the_field_is_named(store: Store):
    await store.write(thanked)
    proof = await store.read(lambda tx: proofs.prove(tx, "w1"))

    def judge(tx):
        return [(proofs.check(tx, odd), named) for odd, named in bent(proof)]

    found = await store.read(judge)

    assert len(found) > 60
    assert [verdict for verdict, named in found if verdict["ok"] or named not in verdict["problem"]] == []


@pytest.mark.parametrize("odd", [[], "{}", None, 7], ids=repr)
async def test_what_is_no_proof_at_all_is_refused(store: Store, odd: Any):
    assert not (await store.read(lambda tx: proofs.check(tx, odd)))["ok"]


async def test_every_odd_field_is_named_at_once(store: Store):
    found = await store.read(lambda tx: proofs.check(tx, {"reward": "w1", "salt": "00", "leaf_index": "3", "more": 1}))

    for named in ("缺少 entry", "缺少 path", "缺少 root", "salt 的值不对", "leaf_index 的值不对", "多出 more"):
        assert named in found["problem"]


async def test_a_proof_from_another_ledger_is_not_ours(store: Store):
    await store.write(thanked)
    proof = await store.read(lambda tx: proofs.prove(tx, "w1"))
    alone = proof | {"path": [], "leaf_index": 0, "tree_size": 1, "root": proof["leaf_hash"]}
    beside = "ab" * 32
    longer = hashlib.sha256(b"\x01" + bytes.fromhex(proof["root"]) + bytes.fromhex(beside)).hexdigest()

    higher = proof | {"tree_size": 17, "path": [*proof["path"], beside], "root": longer}
    forged = await store.read(lambda tx: proofs.check(tx, alone))
    taller = await store.read(lambda tx: proofs.check(tx, higher))

    assert "root 不是我们的账本在 1 条时的树根" in forged["problem"]
    assert not taller["ok"]


async def test_a_signed_head_vouches_for_a_proof_when_the_tree_was_damaged(ledger: Path):
    engine = writer_engine(ledger)
    with engine.connect() as connection:
        tx = Transaction(connection)
        proof = proofs.prove(tx, "w1")
        driver_of(connection).execute("drop trigger ledger_nodes_no_delete")
        driver_of(connection).execute("delete from ledger_nodes")

        assert proofs.check(tx, proof)["ok"]
        assert not proofs.check(tx, proof, keys=["00" * 32])["ok"]
    engine.dispose()


# --- size -------------------------------------------------------------------------------------------------------------


async def test_at_ten_thousand_entries_a_proof_is_within_a_kilobyte_and_all_verify(ready_sqlite_url: str):
    count = 10_000
    store = await open_store(ready_sqlite_url)
    entries = [an_entry(n, id=f"e{n:016d}", ref="w1" if n == 6_543 else f"w{n:016d}") for n in range(count)]

    def book(tx):
        settle_with_order(tx)
        tx.rewards.add(a_reward())
        rows = [{name: getattr(e, name) for name in e.__slots__} | {"at": ms(e.at)} for e in entries]
        tx.connection.execute(insert(t.ledger_entries), rows)
        salts = [{"entry": e.id, "salt": salt_of(n)} for n, e in enumerate(entries)]
        tx.connection.execute(insert(t.ledger_salts), salts)
        tx.ledger.sequence(limit=count)

    await store.write(book)
    found = await store.read(proofs.verify)
    proof = await store.read(lambda tx: proofs.prove(tx, "w1"))
    await store.close()

    assert (found["ok"], found["size"]) == (True, count)
    spelled = json.dumps(proof["entry"], sort_keys=True, separators=(",", ":")).encode()
    hashes = bytes.fromhex(proof["leaf_hash"] + proof["root"] + "".join(proof["path"]))
    assert len(proof["path"]) <= 14
    assert len(spelled) + len(bytes.fromhex(proof["salt"])) + len(hashes) <= 1024
    assert len(json.dumps(proof["path"])) <= 1024
