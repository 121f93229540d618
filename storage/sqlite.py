"""SQLite: one writer thread that commits many units at once, and a few read-only connections beside it.

Units that arrive while a commit is under way share the next one, each in a savepoint, so each is as durable as if it
had its own (`synchronous=FULL`), at a fraction of the cost (performance.md §2).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from storage.errors import AlreadyKept, DatabaseInUse, StorageError
from storage.store import Unit
from storage.transaction import Transaction

T = TypeVar("T")

_GROUP = 256  # units, about, that may share one commit
_HANDFUL = 16  # units handed over at once: the disk is busy with one handful while the loop reads the next
_READERS = 2
_BUSY_S = 5.0
_STEADY = (
    "synchronous=FULL",
    "temp_store=MEMORY",
    "cache_size=-65536",
    "wal_autocheckpoint=4000",
)  # KiB, pages of 4 KiB
_BULK = ("synchronous=NORMAL", "cache_size=-65536", "wal_autocheckpoint=30000")
_FIXED_IN = ((3, 51, 3), (3, 50, 7), (3, 44, 6))  # first safe version of each line, newest first (reliability.md §0.2)


def version_risk(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> str | None:
    """What is known against this SQLite version, None if nothing: the WAL-reset fault of 3.7.0 to 3.51.2."""
    safe = any(version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED_IN) or version >= _FIXED_IN[0]
    if safe:
        return None
    name = ".".join(map(str, version))
    return (
        f"SQLite {name} can lose commits when several connections checkpoint at once (fixed in 3.51.3, 3.50.7 and "
        "3.44.6). Taoli writes and checkpoints on one connection only, which avoids it; do not write to the file with "
        "other programs."
    )


class FileLock:
    """The claim of one process on one SQLite file; the kernel drops it when the process dies."""

    def __init__(self, path: Path) -> None:
        file = path.resolve()  # the same under every name a link gives it
        self._fd = os.open(file.with_name(file.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise DatabaseInUse(f"{path.name} 正由另一个进程使用") from error

    def release(self) -> None:
        os.close(self._fd)


def writer_engine(path: Path, *, in_bulk: bool = False) -> Engine:
    """An engine whose one connection may write; transactions are begun by hand.

    The cache takes the upper pages of every index of 10⁷ touches; it is used as it fills. What it would take to undo a
    unit stays in memory: as files, from 64 KiB on, it costs each unit a third more. Pages
    are moved to the file some thousand at a time, since the same few are written again and again. `in_bulk` is for
    work that can be done over: what is written is on disk when the connection is closed, not with each commit, and what
    it would take to undo, hundreds of megabytes then, may go to a file.
    """
    durable = ("journal_mode=WAL", "foreign_keys=ON")
    ways = _BULK if in_bulk else _STEADY
    return _engine(f"{path}", uri=False, pragmas=(*durable, *ways))


def reader_engine(path: Path) -> Engine:
    """An engine whose one connection can only read."""
    return _engine(f"file:{quote(str(path))}?mode=ro", uri=True, pragmas=("query_only=ON", "cache_size=-65536"))


def _engine(target: str, *, uri: bool, pragmas: tuple[str, ...]) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            target, uri=uri, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in pragmas:
            connection.execute(f"pragma {pragma}")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=StaticPool, hide_parameters=True)


def driver_of(connection: Connection) -> sqlite3.Connection:
    """The driver's connection below SQLAlchemy's, for beginning and ending transactions by hand."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


@dataclass(slots=True)
class _Waiting:
    unit: Callable[[Transaction], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None


class SqliteReader:
    """The reading half of a store; by itself it claims nothing and can write nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
        self._reading = threading.local()
        self._reader_engines: list[Engine] = []

    async def write(self, unit: Unit[T]) -> T:
        raise StorageError("这里只能读取")

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, beside the writer, on a snapshot of its own."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit)

    async def close(self) -> None:
        self._readers.shutdown(wait=True)
        for engine in self._reader_engines:
            engine.dispose()

    def _read(self, unit: Unit[T]) -> T:
        try:
            return _on_snapshot(self._transaction(), unit)
        except (DBAPIError, sqlite3.Error) as error:
            raise _storage_error(error) from error

    def _transaction(self) -> Transaction:
        """This thread's own, over a connection of its own."""
        tx: Transaction | None = getattr(self._reading, "tx", None)
        if tx is None:
            engine = reader_engine(self._path)
            self._reader_engines.append(engine)
            tx = self._reading.tx = Transaction(engine.connect())
        return tx


def _on_snapshot(tx: Transaction, unit: Unit[T]) -> T:
    raw = driver_of(tx.connection)
    raw.execute("begin")
    tx.begun()
    try:
        return unit(tx)
    finally:
        if raw.in_transaction:
            raw.execute("rollback")


class SqliteStore(SqliteReader):
    """`storage.store.Store` over one file. Make it with `storage.open.open_store`."""

    def __init__(self, path: Path, lock: FileLock, *, in_bulk: bool = False) -> None:
        super().__init__(path)
        self._lock = lock
        self._in_bulk = in_bulk
        self._queue: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._arriving: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        self._engine = writer_engine(path, in_bulk=in_bulk)
        self._connection = self._engine.connect()
        self._raw = driver_of(self._connection)
        self._tx = Transaction(self._connection)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    async def write(self, unit: Unit[T]) -> T:
        """Run a unit on the writer thread, return once it is on disk (in bulk: once the store is closed).

        Raises what the unit raised, or `StorageError`.
        """
        if self._closed:
            raise StorageError("数据库已经关闭")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(unit, loop.create_future(), loop)
        self._line_up(waiting)
        result: T = await waiting.future
        return result

    async def close(self) -> None:
        """Finish what was accepted, then give the file back."""
        if self._closed:
            return
        self._closed = True
        for loop in list(self._arriving):
            self._hand_over(loop)
        self._queue.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        if self._in_bulk:
            await asyncio.get_running_loop().run_in_executor(None, _sync, self._path)
        await super().close()
        self._engine.dispose()
        self._lock.release()

    def _line_up(self, waiting: _Waiting) -> None:
        """Collect what one turn of a loop brings, and wake the writer for a handful of it instead of for each."""
        arrived = self._arriving.setdefault(waiting.loop, [])
        arrived.append(waiting)
        if len(arrived) == 1:
            waiting.loop.call_soon(self._hand_over, waiting.loop)
        elif len(arrived) >= _HANDFUL:
            self._hand_over(waiting.loop)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        if arrived := self._arriving.pop(loop, None):
            self._queue.put(arrived)

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            group, stop = self._gather(first)
            self._commit(group)
            _answer(group)
            if stop:
                break
        self._connection.close()

    def _gather(self, first: list[_Waiting]) -> tuple[list[_Waiting], bool]:
        group = first
        while len(group) < _GROUP:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return group, True
            group += more
        return group, False

    def _commit(self, group: list[_Waiting]) -> None:
        """Run a group in one transaction. If the commit itself fails, nobody is told that it was kept."""
        try:
            self._raw.execute("begin immediate")
            if len(group) == 1:
                self._run_alone(group[0])
            else:
                for waiting in group:
                    self._run(waiting)
            if self._raw.in_transaction:
                self._raw.execute("commit")
        except Exception as error:  # noqa: BLE001  the writer outlives whatever a unit does
            self._roll_back()
            for waiting in group:
                waiting.error = _storage_error(error)

    def _run_alone(self, waiting: _Waiting) -> None:
        """Without a savepoint: while one is open SQLite copies every page anew for every statement it might undo."""
        self._tx.begun()
        try:
            waiting.result = waiting.unit(self._tx)
        except BaseException as error:  # noqa: BLE001  whatever it was, it is this unit's answer
            self._roll_back()
            waiting.error = _as_answer(error)

    def _run(self, waiting: _Waiting) -> None:
        self._raw.execute("savepoint unit")
        self._tx.begun()
        try:
            waiting.result = waiting.unit(self._tx)
        except BaseException as error:
            if not self._raw.in_transaction:  # SQLite itself gave up the whole transaction, as on a full disk
                raise
            self._raw.execute("rollback to unit")
            waiting.error = _as_answer(error)
        self._raw.execute("release unit")

    def _roll_back(self) -> None:
        if self._raw.in_transaction:
            with suppress(sqlite3.Error):  # then the next group fails too, and tries again
                self._raw.execute("rollback")


def _sync(path: Path) -> None:
    """Have the disk take what bulk work wrote; beside a reader, closing leaves it in the log, unsynced."""
    for file in (path.with_name(path.name + "-wal"), path):
        with suppress(FileNotFoundError):
            descriptor = os.open(file, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _as_answer(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError | sqlite3.Error):
        return _storage_error(error)
    if isinstance(error, StopIteration):  # a future refuses to carry one
        return RuntimeError("the unit raised StopIteration")
    return error


def _storage_error(error: BaseException) -> StorageError:
    kind = AlreadyKept if isinstance(error, IntegrityError | sqlite3.IntegrityError) else StorageError
    wrapped = kind(f"数据库没有保存：{type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped


def _answer(group: list[_Waiting]) -> None:
    """Tell the waiting loops, with one wake-up each."""
    for loop in {waiting.loop for waiting in group}:
        mine = [waiting for waiting in group if waiting.loop is loop]
        try:
            loop.call_soon_threadsafe(_resolve, mine)
        except RuntimeError:  # that loop is gone: its unit was kept all the same
            continue


def _resolve(group: list[_Waiting]) -> None:
    for waiting in group:
        if waiting.future.cancelled():
            continue
        if waiting.error is not None:
            waiting.future.set_exception(waiting.error)
        else:
            waiting.future.set_result(waiting.result)
