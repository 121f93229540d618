"""PostgreSQL: each unit in a serialisable transaction of its own, run again when it lost a race."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.errors import StorageError
from storage.store import Unit
from storage.transaction import Transaction

T = TypeVar("T")

_CONNECTIONS = 6
_TRIES = 24
_LOST_RACE = {"40001", "40P01", "23505", "55P03"}  # serialisation, deadlock, the same key at once, lock not free
_PAUSE_S = 0.004


def engine(url: str) -> AsyncEngine:
    """The engine for a `postgresql+psycopg://` address."""
    return create_async_engine(
        url, isolation_level="SERIALIZABLE", pool_size=_CONNECTIONS, max_overflow=0, pool_pre_ping=True, pool_timeout=20
    )


class PostgresStore:
    """`storage.store.Store` over PostgreSQL. Make it with `storage.open.open_store`."""

    def __init__(self, url: str, chance: Callable[[], float] = random.random) -> None:
        self._engine = engine(url)
        self._turn = asyncio.Semaphore(_CONNECTIONS)
        self._chance = chance

    async def write(self, unit: Unit[T]) -> T:
        """Run a unit; returns once it is committed. Raises what the unit raised, or `StorageError`."""
        for attempt in range(_TRIES):
            committing = False
            try:
                async with self._turn, self._engine.begin() as connection:
                    result = await connection.run_sync(_run, unit)
                    committing = True
            except DBAPIError as error:
                if not _may_run_again(error, attempt) or (committing and _sqlstate(error) not in _LOST_RACE):
                    raise _storage_error(error) from error
            except OSError as error:
                raise _storage_error(error) from error
            else:
                return result
            await asyncio.sleep(_PAUSE_S * (2 ** min(attempt, 6)) * (0.5 + self._chance()))
        raise StorageError("数据库太忙，没有保存")

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads, on one snapshot. Raises what the unit raised, or `StorageError`."""
        for attempt in range(_TRIES):
            try:
                async with self._turn, self._engine.connect() as connection:
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                    return await connection.run_sync(_run, unit)
            except DBAPIError as error:
                if not _may_run_again(error, attempt):
                    raise _storage_error(error) from error
            except OSError as error:
                raise _storage_error(error) from error
            await asyncio.sleep(_PAUSE_S * (2 ** min(attempt, 6)))
        raise StorageError("数据库太忙")

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
    return StorageError(f"数据库没有保存：{type(error).__name__}")
