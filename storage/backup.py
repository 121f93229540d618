"""Taking a database out whole while it is in use, and putting one back: SQLite's side, and what both kinds share.

A backup always holds a SQLite file, so that it is checked, opened and restored the same way whatever it was taken from.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from referral import merkle
from storage import proofs
from storage import tables as t
from storage.errors import NotEmpty, NotSound
from storage.migrate import is_current, revision
from storage.sqlite import driver_of, reader_engine, writer_engine
from storage.transaction import Transaction

T = TypeVar("T")

ALWAYS_THERE = ("marks", "alembic_version")
"""Tables that are not empty in a database that holds nothing yet."""
SKIPPED_CODES = 100_000
"""Rows of `codes` left out after a restore: codes given out since the backup must not be given to somebody else."""
_FULL = ("database or disk is full", "disk I/O error")


def copy_sqlite(source: Path, target: Path) -> None:
    """Write a compact copy of a SQLite database, as of one moment, into an empty file; writers go on meanwhile.

    What was deleted is not in it. Raises `NotSound` where the database cannot be read, `OSError` for a full disk.
    """
    with closing(sqlite3.connect(_address(source), uri=True, isolation_level=None)) as connection:
        try:
            connection.execute("vacuum into ?", (str(target),))
        except sqlite3.Error as error:
            if any(told in str(error) for told in _FULL):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from error
            raise NotSound(f"数据库 {source.name} 读不出来（{error}），没有备份") from error


def check_copy(
    path: Path, *, keys: Collection[str] | None, outside: Iterable[Mapping[str, Any]] = (), sequenced: bool = False
) -> str:
    """Look a copy through, every page and the whole ledger; the schema's version. Raises `NotSound`.

    Of a database whose ledger is `sequenced` a moment later, entries may have come along that wait for it.
    """
    with _looking(path) as connection:
        if connection.exec_driver_sql("pragma quick_check(1)").scalar() != "ok":
            raise NotSound("备份里的数据库已损坏")
        is_current(connection)  # refuses what is not ours, or newer
        found = proofs.verify(Transaction(connection), keys=keys, outside=outside, sequenced=sequenced)
        if not found["ok"]:
            raise NotSound(f"备份里的账本对不上：{found['problem']}")
        return revision(connection) or ""


def reading(path: Path, unit: Callable[[Transaction], T]) -> T:
    """Run a unit on a copy that nobody writes to."""
    with _looking(path) as connection:
        return unit(Transaction(connection))


def writing(path: Path, unit: Callable[[Transaction], T]) -> T:
    """Run a unit on a copy that is ours alone, in one transaction; on disk, in that one file, when this returns."""
    engine = writer_engine(path, in_bulk=True)
    try:
        with engine.connect() as connection:
            raw = driver_of(connection)
            raw.execute("begin immediate")
            try:
                done = unit(Transaction(connection))
                raw.execute("commit")
            finally:
                if raw.in_transaction:
                    raw.execute("rollback")
            raw.execute("pragma journal_mode = delete")
    finally:
        engine.dispose()
    _sync(path)
    return done


def root_at(tx: Transaction, size: int) -> str:
    """The root of the ledger's first `size` entries, in hex; empty where it has not that many."""
    return merkle.root(size, tx.ledger.node).hex() if size <= tx.ledger.size() else ""


def skip_codes(tx: Transaction) -> None:
    """Leave out the codes that may have been given out since this copy was made."""
    connection = tx.connection
    last = connection.execute(select(func.max(t.codes.c.row))).scalar() or 0
    known = connection.exec_driver_sql("select seq from sqlite_sequence where name = 'codes'").scalar()
    connection.exec_driver_sql("delete from sqlite_sequence where name = 'codes'")
    fresh = max(last, known or 0) + SKIPPED_CODES
    connection.exec_driver_sql("insert into sqlite_sequence (name, seq) values ('codes', ?)", (fresh,))


def is_empty(connection: Connection) -> bool:
    """Whether a database of ours holds nothing but its schema."""
    names = [table for table in t.metadata.tables.values() if table.name not in ALWAYS_THERE]
    return not any(connection.execute(select(table).limit(1)).first() for table in names)


def require_empty(path: Path) -> None:
    """Raise `NotEmpty` unless there is no file, or a database of ours without content."""
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with _looking(path) as connection:
            empty = is_current(connection) and is_empty(connection)
    except DBAPIError:
        empty = False
    if not empty:
        raise NotEmpty(f"{path.name} 里已有数据：确定要换成备份里的，请加 --force（原来的文件会改名留下）")


def put_in_place(copy: Path, target: Path) -> Path | None:
    """Put a finished copy where the database is, all at once; the former file is kept under the name returned.

    Killed at any moment, either the former database is there, whole, or the restored one. What former restores kept is
    never touched.
    """
    former = None
    if target.exists() and target.stat().st_size:
        former = _keep(target)
        _settle_log(target, former)
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    _sync(copy)
    copy.replace(target)
    _sync(target.parent)
    return former


def _keep(path: Path) -> Path:
    """Give a file a second name that nothing else has: `.before-restore`, then `.before-restore-2` and so on."""
    endings = chain([""], map("-{}".format, count(2)))
    names = (path.with_name(f"{path.name}.before-restore{ending}") for ending in endings)
    return next(name for name in names if _is_kept_as(path, name))


def _is_kept_as(path: Path, name: Path) -> bool:
    """Whether the file now bears this name too; a restore that was killed may have given it already."""
    if name.exists():
        return name.samefile(path)
    if _log_of(name).exists():  # poison beside any other database
        return False
    name.hardlink_to(path)
    return True


def _settle_log(path: Path, former: Path) -> None:
    """Move what stands in the write-ahead log into the file: next to another database that log would be poison.

    The log of a file that is beyond reading is kept beside its former file.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.Error:
        with suppress(FileNotFoundError):
            _log_of(path).replace(_log_of(former))


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


@contextmanager
def _looking(path: Path) -> Iterator[Connection]:
    engine: Engine = reader_engine(path)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _address(path: Path) -> str:
    return f"file:{quote(str(path))}?mode=ro"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
