"""Backups are whole or not there, and what they hold is checked before anything is put in its place."""

import json
import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from referral.erasure import Tombstone
from storage import backup, tombstones
from storage.archive import DATABASE, MANIFEST, Archive, working_file, write
from storage.errors import BackupUnderWay, BadArchive, NotEmpty, NotSound
from storage.open import open_store
from storage.transaction import Transaction
from tests.storage.cast import NOON, an_entry, salt_of

ABOUT = {"version": "1", "schema": "0006", "taken_from": "sqlite", "made_at": "2026-11-21T04:00:00.000Z", "head": {}}


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """An archive of something that stands for a database, and one file."""
    (tmp_path / "db").write_bytes(os.urandom(200_000))
    (tmp_path / "note").write_text("认识")
    write(tmp_path / "b.taoli", tmp_path / "db", {"files/note": tmp_path / "note"}, ABOUT)
    return tmp_path / "b.taoli"


def opened(path: Path) -> None:
    with closing(Archive(path)) as archive:
        archive.check()


# --- the file ------------------------------------------------------------------------------------------------------


def test_what_was_packed_comes_out_again(packed: Path, tmp_path: Path):
    with closing(Archive(packed)) as archive:
        archive.extract(DATABASE, tmp_path / "out")

        assert archive.files == ["files/note"]
        assert archive.read("files/note").decode() == "认识"
        assert (tmp_path / "out").read_bytes() == (tmp_path / "db").read_bytes()
        assert archive.manifest.schema == "0006"


@pytest.mark.parametrize("share", [0, 0.00001, 0.001, 0.3, 0.9, 0.999])
def test_a_backup_that_was_cut_short_is_refused(packed: Path, share: float):
    whole = packed.read_bytes()
    packed.write_bytes(whole[: int(share * len(whole))])

    with pytest.raises(BadArchive, match="不是桃李的备份"):
        opened(packed)


def test_a_backup_in_which_one_byte_changed_is_refused(packed: Path):
    whole = packed.read_bytes()
    for place in range(0, len(whole), len(whole) // 97):
        packed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            opened(packed)
        except BadArchive:
            continue
        with closing(Archive(packed)) as archive:  # a byte that means nothing, such as a date of the zip's own
            assert set(archive.files) == {"files/note"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"SQLite format 3\x00" + bytes(4000), b"\x1f\x8b" * 500])
def test_any_other_file_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "x").write_bytes(content)

    with pytest.raises(BadArchive, match="x 不是桃李的备份"):
        Archive(tmp_path / "x")


def rewritten(packed: Path, **members: bytes | None) -> None:
    """The same zip with members replaced, added, or left out."""
    with zipfile.ZipFile(packed) as old:
        content = {name: old.read(name) for name in old.namelist()}
    content |= {name.replace("__", "/"): body for name, body in members.items() if body is not None}
    with zipfile.ZipFile(packed, "w") as new:
        for name, body in content.items():
            if members.get(name.replace("/", "__"), body) is not None:
                new.writestr(name, body)


def manifest_of(packed: Path) -> dict:
    with zipfile.ZipFile(packed) as archive:
        return json.loads(archive.read(MANIFEST))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"program": "other"}, "不是桃李的备份"),
        ({"format": 2}, "请先更新程序"),
        ({"format": None}, "请先更新程序"),
        ({"members": {}}, "已损坏"),
        ({"members": {"database.sqlite": {"size": "much"}}}, "已损坏"),
        ({"head": None, "surprise": 1}, "已损坏"),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(packed: Path, change: dict, says: str):
    rewritten(packed, **{MANIFEST: json.dumps(manifest_of(packed) | change).encode()})

    with pytest.raises(BadArchive, match=says):
        opened(packed)


def test_a_member_that_the_manifest_does_not_know_or_miss_is_refused(packed: Path):
    rewritten(packed, **{"files/extra": b"more"})
    with pytest.raises(BadArchive):
        opened(packed)

    rewritten(packed, **{"files/extra": None, "files/note": None})
    with pytest.raises(BadArchive):
        opened(packed)


def test_a_member_with_other_content_of_the_same_length_is_refused(packed: Path):
    rewritten(packed, **{"files/note": "陌生".encode()})

    with pytest.raises(BadArchive, match="files/note 与备份时不符"):
        opened(packed)


def test_a_backup_larger_than_the_disk_is_refused_before_a_byte_is_written(packed: Path, tmp_path: Path):
    """As a zip that claims a terabyte."""
    manifest = manifest_of(packed)
    with closing(Archive(packed)) as archive:
        huge = type(archive.manifest.members[DATABASE])(size=1 << 60, sha256="")
        archive.manifest.members[DATABASE] = huge  # type: ignore[index]

        with pytest.raises(OSError, match="No space"):
            archive.extract(DATABASE, tmp_path / "out")

    assert manifest["members"]
    assert not (tmp_path / "out").exists()


def test_two_commands_do_not_work_on_the_same_file(tmp_path: Path):
    with working_file(tmp_path / "b", "part") as first:
        assert oct(first.stat().st_mode & 0o777) == "0o600"
        with pytest.raises(BackupUnderWay), working_file(tmp_path / "b", "part"):
            pass

    assert list(tmp_path.iterdir()) == []


# --- the copy ------------------------------------------------------------------------------------------------------


def grow(tx: Transaction) -> None:
    for number in range(tx.ledger.size(), tx.ledger.size() + 9):
        tx.ledger.append(an_entry(number), salt_of(number))


async def test_a_copy_is_as_of_one_moment_and_holds_nothing_that_was_deleted(sqlite_url: str, tmp_path: Path):
    store = await open_store(sqlite_url)
    await store.write(grow)
    await store.write(lambda tx: tx.marks.set("secret", "甲" * 3000))
    await store.write(lambda tx: tx.connection.exec_driver_sql("delete from marks where key = 'secret'"))
    (tmp_path / "copy").touch()

    backup.copy_sqlite(tmp_path / "taoli.db", tmp_path / "copy")
    await store.write(grow)
    await store.close()

    assert backup.check_copy(tmp_path / "copy", keys=None) == "0006"
    assert backup.reading(tmp_path / "copy", lambda tx: tx.ledger.size()) == 9
    assert "甲甲".encode() not in (tmp_path / "copy").read_bytes()


async def test_a_copy_with_a_changed_ledger_does_not_pass(ready_sqlite_url: str, tmp_path: Path):
    store = await open_store(ready_sqlite_url)
    await store.write(grow)
    await store.close()
    with closing(sqlite3.connect(tmp_path / "taoli.db", isolation_level=None)) as raw:
        raw.execute("drop trigger ledger_entries_no_update")
        raw.execute("update ledger_entries set amount = 1000000 where row = 4")

    with pytest.raises(NotSound, match="seq 3 被改过"):
        backup.check_copy(tmp_path / "taoli.db", keys=None)


def test_a_database_that_cannot_be_read_is_not_backed_up(tmp_path: Path):
    (tmp_path / "db").write_bytes(b"SQLite format 3\x00" + os.urandom(9000))
    (tmp_path / "copy").touch()

    with pytest.raises(NotSound, match="db 读不出来"):
        backup.copy_sqlite(tmp_path / "db", tmp_path / "copy")


async def test_a_backup_goes_only_where_nothing_is(ready_sqlite_url: str, tmp_path: Path):
    backup.require_empty(tmp_path / "nothing")
    backup.require_empty(tmp_path / "taoli.db")
    store = await open_store(ready_sqlite_url)
    await store.write(lambda tx: tx.reps.see("lin", "林"))
    await store.close()

    with pytest.raises(NotEmpty, match="--force"):
        backup.require_empty(tmp_path / "taoli.db")


async def test_the_former_database_stays_beside_the_restored_one_with_all_that_its_log_held(
    ready_sqlite_url: str, tmp_path: Path
):
    """A process that was killed leaves its last commits in the log; next to another database they would be poison."""
    shutil.copy(tmp_path / "taoli.db", tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "taoli.db", isolation_level=None)) as raw:
        raw.execute("pragma journal_mode = wal")
        raw.execute("insert into marks values ('late', 'yes')")
        for name in ("taoli.db", "taoli.db-wal"):
            shutil.copy(tmp_path / name, tmp_path / f"dead-{name}")
    for name in ("taoli.db", "taoli.db-wal"):
        (tmp_path / f"dead-{name}").replace(tmp_path / name)

    former = backup.put_in_place(tmp_path / "copy", tmp_path / "taoli.db")

    assert former == tmp_path / "taoli.db.before-restore"
    assert not (tmp_path / "taoli.db-wal").exists()
    with closing(sqlite3.connect(former)) as raw:
        assert raw.execute("select value from marks where key = 'late'").fetchall() == [("yes",)]
    with closing(sqlite3.connect(tmp_path / "taoli.db")) as raw:
        assert raw.execute("select value from marks where key = 'late'").fetchall() == []
        assert raw.execute("pragma integrity_check").fetchall() == [("ok",)]


def holding(path: Path, value: str) -> Path:
    """A database that can be told from others."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("create table held (value)")
        raw.execute("insert into held values (?)", (value,))
    return path


def held(path: Path) -> str:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("select value from held").fetchone()[0]


def test_every_restore_keeps_the_former_database_under_a_name_of_its_own(tmp_path: Path):
    database = holding(tmp_path / "taoli.db", "first")

    kept = [backup.put_in_place(holding(tmp_path / "copy", told), database) for told in ("second", "third", "fourth")]

    assert [each.name for each in kept if each] == [
        "taoli.db.before-restore",
        "taoli.db.before-restore-2",
        "taoli.db.before-restore-3",
    ]
    assert [held(each) for each in (*kept, database) if each] == ["first", "second", "third", "fourth"]


def test_a_restore_that_was_killed_before_it_was_done_leaves_no_second_name_behind(tmp_path: Path):
    database = holding(tmp_path / "taoli.db", "first")
    (tmp_path / "taoli.db.before-restore").hardlink_to(database)  # killed here: the former database is still in place

    former = backup.put_in_place(holding(tmp_path / "copy", "second"), database)

    assert former == tmp_path / "taoli.db.before-restore"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taoli.db", "taoli.db.before-restore"]
    assert (held(former), held(database)) == ("first", "second")


def test_a_former_database_never_comes_to_stand_beside_the_log_of_another(tmp_path: Path):
    database = holding(tmp_path / "taoli.db", "first")
    (tmp_path / "taoli.db.before-restore-wal").write_bytes(b"the log of one that was deleted")

    former = backup.put_in_place(holding(tmp_path / "copy", "second"), database)

    assert former == tmp_path / "taoli.db.before-restore-2"
    assert (tmp_path / "taoli.db.before-restore-wal").exists()
    assert (held(former), held(database)) == ("first", "second")


async def test_codes_given_out_since_the_backup_are_not_given_to_others(ready_sqlite_url: str, tmp_path: Path):
    store = await open_store(ready_sqlite_url)
    await store.write(backup.skip_codes)
    await store.write(lambda tx: tx.connection.exec_driver_sql("select 1"))
    seq = await store.read(
        lambda tx: tx.connection.exec_driver_sql("select seq from sqlite_sequence where name = 'codes'").scalar()
    )
    await store.close()

    assert seq == backup.SKIPPED_CODES


# --- tombstones ----------------------------------------------------------------------------------------------------


def test_tombstones_outlive_half_a_line_and_are_kept_once(tmp_path: Path):
    file = tmp_path / "data" / "erasures.jsonl"
    mei, jun = (Tombstone(person=who, marks=("m",), at=NOON) for who in ("mei", "jun"))

    assert tombstones.keep(file, [mei]) == 1
    with file.open("a") as half:
        half.write('{"person": "li')
    assert tombstones.keep(file, [mei, jun]) == 1

    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert tombstones.read(file) == [mei, jun]


def test_a_tombstone_that_cannot_be_read_is_said(tmp_path: Path):
    (tmp_path / "erasures.jsonl").write_text('{"person": 1}\n')

    with pytest.raises(NotSound, match=r"erasures\.jsonl 第 1 行读不懂"):
        tombstones.read(tmp_path / "erasures.jsonl")
