"""Statements put into words once, for the few that run with every event.

What SQLAlchemy does anew each time (looking the compiled statement up, laying out and converting each value, describing
every column of the answer) costs some three times what SQLite takes for the work itself. Values go in and rows come out
as the driver has them, so only columns of whole numbers, reals and text may be used here. On PostgreSQL, where a round
trip outweighs all that and lost races have to be told by SQLAlchemy, statements go the usual way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Select, Update


class PreparedSelect:
    """A query for one row, with named values."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The first row, in the order of the columns."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).first()
        row: Sequence[Any] | None = _executed(self._statement, connection, values).fetchone()
        return row


class PreparedUpdate:
    """A change of rows, with named values."""

    def __init__(self, statement: Update) -> None:
        self._statement = statement

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows it changed. Values that the statement does not name do no harm."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).rowcount
        return _executed(self._statement, connection, values).rowcount


def _executed(statement: Select[Any] | Update, connection: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
    sql, places = _worded(statement, connection.dialect)
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    return driver.execute(sql, [values[name] for name in places])


@lru_cache(maxsize=64)
def _worded(statement: Select[Any] | Update, dialect: Any) -> tuple[str, tuple[str, ...]]:
    compiled: Any = statement.compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup)
