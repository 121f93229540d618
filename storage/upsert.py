"""Insert unless it is there: the one statement whose spelling differs between the databases.

Statements are made once per table and set of columns: putting one together costs six times as much as running it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite

from storage.prepared import PreparedChange

Insert = sqlite.Insert | postgresql.Insert

_INSERT: dict[str, Callable[[Table], Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(connection: Connection, table: Table) -> Insert:
    """The dialect's own insert, which knows what to do about a row that is there already."""
    return _INSERT[connection.dialect.name](table)


def insert_row(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row; an error where one of its kind is there."""
    inserting(table, tuple(values)).run(connection, values)


def insert_new(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless a unique constraint stands against it; whether it was inserted."""
    return _insert_new(connection.dialect.name, table, tuple(values)).run(connection, values) == 1


def put(connection: Connection, table: Table, *keys: str, **values: Any) -> None:
    """Insert a row, or set its other columns where the row with these `keys` is there."""
    _put(connection.dialect.name, table, keys, tuple(values)).run(connection, values)


@lru_cache(maxsize=256)
def inserting(table: Table, names: tuple[str, ...]) -> PreparedChange:
    """The statement that inserts a row of these columns."""
    return PreparedChange(insert(table).values({name: bindparam(name) for name in names}))


@lru_cache(maxsize=256)
def _insert_new(dialect: str, table: Table, names: tuple[str, ...]) -> PreparedChange:
    statement = with_values(dialect, table, names).on_conflict_do_nothing()
    # else psycopg's is gone before we can look
    return PreparedChange(statement.execution_options(preserve_rowcount=True))


@lru_cache(maxsize=256)
def _put(dialect: str, table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> PreparedChange:
    statement = with_values(dialect, table, names)
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    return PreparedChange(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def with_values(dialect: str, table: Table, names: tuple[str, ...]) -> Insert:
    """The dialect's own insert of these columns, each bound by its name."""
    return _INSERT[dialect](table).values({name: bindparam(name) for name in names})
