"""The store: the one door to the database, the same for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from storage.transaction import Transaction

T = TypeVar("T")
Unit = Callable[[Transaction], T]
"""One use case: a synchronous function of a transaction.

It may be run again after a lost race, so it acts through the transaction only.
"""


class Store(Protocol):
    """Runs units of work. `write` returns once the commit is durable; what a unit raises undoes that unit alone."""

    async def write(self, unit: Unit[T]) -> T: ...
    async def read(self, unit: Unit[T]) -> T: ...
    async def close(self) -> None: ...
