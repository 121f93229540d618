"""Opening the database that the configuration names. Only the composition root and the command line come here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from storage import postgres
from storage.errors import ForeignDatabase, NotMigrated, StorageError
from storage.migrate import is_current, migrate, require_current
from storage.sqlite import FileLock, SqliteReader, SqliteStore, driver_of, reader_engine, writer_engine
from storage.store import Store

T = TypeVar("T")


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite address, None for another database."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


async def open_store(url: str, *, in_bulk: bool = False) -> Store:
    """Open for writing. A SQLite file is claimed and migrates itself; PostgreSQL must have been migrated.

    `in_bulk`: for much work that can be done over; it is sure to be on disk only once the store is closed.
    """
    path = sqlite_path(url)
    if path is None:
        await _on_postgres(url, require_current)
        return postgres.PostgresStore(url)
    lock = _claim(path)
    try:
        _migrate_sqlite(path)
        return SqliteStore(path, lock, in_bulk=in_bulk)
    except BaseException:
        lock.release()
        raise


async def claim(url: str) -> postgres.ServingLock | None:
    """Claim a PostgreSQL database for serving; a SQLite file is claimed by opening it. Raises `DatabaseInUse`."""
    if sqlite_path(url) is not None:
        return None
    lock = postgres.ServingLock(url)
    try:
        await lock.take()
    except BaseException:
        await lock.release()
        raise
    return lock


async def open_beside(url: str) -> Store:
    """Open for reading only, beside a running bot or alone."""
    path = sqlite_path(url)
    if path is None:
        await _on_postgres(url, require_current)
        return postgres.PostgresStore(url)
    if not path.exists():
        raise NotMigrated("数据库文件还不存在：请先运行 taoli migrate 或 taoli serve")
    _look(path, require_current)
    return SqliteReader(path)


async def migrate_database(url: str) -> bool:
    """Bring the database to this program's version; whether anything had to be done."""
    path = sqlite_path(url)
    if path is None:
        return await _on_postgres(url, migrate)
    lock = _claim(path)
    try:
        return _migrate_sqlite(path)
    finally:
        lock.release()


def _claim(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def _migrate_sqlite(path: Path) -> bool:
    if path.exists() and path.stat().st_size:
        _recover(path)
        if _look(path, is_current):
            return False
    engine = writer_engine(path)
    try:
        with engine.connect() as connection:
            return _in_one_transaction(driver_of(connection), lambda: migrate(connection))
    except (DBAPIError, sqlite3.Error) as error:
        raise StorageError(f"数据库没有升级成功，内容没有变动：{error}") from error
    finally:
        engine.dispose()


def _in_one_transaction(raw: sqlite3.Connection, work: Callable[[], bool]) -> bool:
    raw.execute("begin immediate")
    try:
        done = work()
        raw.execute("commit")
    finally:
        if raw.in_transaction:
            raw.execute("rollback")
    return done


def _recover(path: Path) -> None:
    """Let SQLite undo what a process left half written when it died; a reader could not. Changes nothing else."""
    if not path.with_name(path.name + "-journal").exists():
        return
    connection = sqlite3.connect(path)
    try:
        connection.execute("select count(*) from sqlite_master")
    except sqlite3.Error:  # not SQLite's, or beyond it: the look that follows says which
        return
    finally:
        connection.close()


def _look(path: Path, question: Callable[[Connection], T]) -> T:
    """Ask something of a file without leaving a trace in it: it may be another program's."""
    engine = reader_engine(path)
    try:
        with engine.connect() as connection:
            return question(connection)
    except DBAPIError as error:
        if "not a database" in str(error.orig):
            raise ForeignDatabase(f"{path.name} 不是 SQLite 数据库：请在 [database] url 里换一个文件") from error
        raise StorageError(f"读不了数据库 {path.name}：{error.orig}") from error
    finally:
        engine.dispose()


async def _on_postgres(url: str, work: Callable[[Connection], object]) -> bool:
    """Run `work` while no other process migrates; each statement sees what the one before us did."""
    engine = postgres.engine(url)

    def run(connection: Connection) -> bool:
        connection.execute(text("select pg_advisory_xact_lock(7461626900)"))
        return bool(work(connection))

    try:
        async with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
            return await connection.run_sync(run)
    except DBAPIError as error:
        raise StorageError(f"数据库连不上，或没有升级成功：{error.orig}") from error
    finally:
        await engine.dispose()
