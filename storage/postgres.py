"""PostgreSQL: each unit in a serialisable transaction of its own, run again when it lost a race."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.errors import AlreadyKept, DatabaseInUse, StorageError
from storage.store import Unit
from storage.transaction import Transaction

T = TypeVar("T")

_WRITERS = 4
_READERS = 2
_TRIES = 24
_LOST_RACE = {"40001", "40P01", "23505", "55P03"}  # serialisation, deadlock, the same key at once, lock not free
_GOLDEN = 0.618033988749895  # its multiples spread evenly over 0-1
_PAUSE_S = 0.004
_SERVING = 7_461_626_902
"""Number of the advisory lock that the one serving process holds."""
_CLAIM_TRIES = 15
_CLAIM_PAUSE_S = 0.2


def engine(url: str) -> AsyncEngine:
    """The engine for a `postgresql+psycopg://` address."""
    return create_async_engine(
        url,
        isolation_level="SERIALIZABLE",
        hide_parameters=True,
        pool_size=_WRITERS + _READERS,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=20,
    )


class ServingLock:
    """The claim of one serving process on a database: a session lock, gone with its connection."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: AsyncConnection | None = None

    async def take(self) -> None:
        """Claim the database. Raises `DatabaseInUse`; waits a moment for a predecessor that has just died."""
        try:
            self._connection = await self._engine.connect()
            for _ in range(_CLAIM_TRIES):
                asked = await self._connection.execute(text("select pg_try_advisory_lock(:n)"), {"n": _SERVING})
                if asked.scalar_one():
                    return
                await asyncio.sleep(_CLAIM_PAUSE_S)
        except (DBAPIError, OSError) as error:
            raise _storage_error(error) from error
        raise DatabaseInUse("这个数据库正由另一个进程使用")

    async def release(self) -> None:
        """Let another process have it."""
        if self._connection:
            await self._connection.close()
        await self._engine.dispose()


class Turns:
    """Whose turn it is: several units side by side, or one alone.

    Units of one process often want the same rows. Run side by side again, those that lost a race would only lose the
    next one; alone, nothing of this process is in their way, so none runs more than twice on its account.
    """

    def __init__(self, places: int) -> None:
        self._door = asyncio.Lock()
        self._places = asyncio.Semaphore(places)
        self._count = places

    def beside_others(self) -> AbstractAsyncContextManager[None]:
        """A turn with others."""
        return self._turn(1)

    def alone(self) -> AbstractAsyncContextManager[None]:
        """A turn by oneself: waits for those who have theirs, and keeps newcomers waiting."""
        return self._turn(self._count)

    @asynccontextmanager
    async def _turn(self, places: int) -> AsyncIterator[None]:
        taken = 0
        try:
            async with self._door:
                while taken < places:
                    await self._places.acquire()
                    taken += 1
            yield
        finally:
            for _ in range(taken):
                self._places.release()


class PostgresStore:
    """`storage.store.Store` over PostgreSQL. Make it with `storage.open.open_store`."""

    def __init__(self, url: str) -> None:
        self._engine = engine(url)
        self._writers = Turns(_WRITERS)
        self._readers = asyncio.Semaphore(_READERS)
        self._waits = 0

    async def write(self, unit: Unit[T]) -> T:
        """Run a unit; returns once it is committed. Raises what the unit raised, or `StorageError`."""
        for attempt in range(_TRIES):
            committing = False
            turn = self._writers.alone() if attempt else self._writers.beside_others()
            try:
                async with turn, self._engine.begin() as connection:
                    result = await connection.run_sync(_run, unit)
                    committing = True
            except DBAPIError as error:
                if not _may_run_again(error, attempt) or (committing and _sqlstate(error) not in _LOST_RACE):
                    raise _storage_error(error) from error
            except OSError as error:
                raise _storage_error(error) from error
            else:
                return result
            if attempt:  # then it lost to another process
                await asyncio.sleep(_PAUSE_S * (2 ** min(attempt, 6)) * (0.5 + self._spread()))
        raise StorageError("数据库太忙，没有保存")

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot. Raises what the unit raised, or `StorageError`."""
        for attempt in range(_TRIES):
            try:
                async with self._readers, self._engine.connect() as connection:
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                    return await connection.run_sync(_run, unit)
            except DBAPIError as error:
                if not _may_run_again(error, attempt):
                    raise _storage_error(error) from error
            except OSError as error:
                raise _storage_error(error) from error
            await asyncio.sleep(_PAUSE_S * (2 ** min(attempt, 6)))
        raise StorageError("数据库太忙")

    def _spread(self) -> float:
        """A number in 0-1, different for each wait, so that those who lost the same race do not meet again at once."""
        self._waits += 1
        return self._waits * _GOLDEN % 1

    async def close(self) -> None:
        """Give the connections back."""
        await self._engine.dispose()


def _run(connection: Connection, unit: Unit[T]) -> T:
    return unit(Transaction(connection))


def _may_run_again(error: DBAPIError, attempt: int) -> bool:
    """Whether the transaction may succeed the next time. A connection lost while committing leaves its fate unknown."""
    if attempt == _TRIES - 1:
        return False
    state = _sqlstate(error)
    if isinstance(error, IntegrityError):
        return state == "23505" and attempt < 6
    return state in _LOST_RACE or (isinstance(error, OperationalError) and error.connection_invalidated)


def _sqlstate(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _storage_error(error: Exception) -> StorageError:
    kind = AlreadyKept if isinstance(error, IntegrityError) else StorageError
    return kind(f"数据库没有保存：{type(error).__name__}")
