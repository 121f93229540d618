"""Statements put into words once, for those that run with every event and every order.

What SQLAlchemy does anew each time (putting the statement together, looking the compiled one up, laying out and
converting each value, describing every column of the answer) costs three to ten times what SQLite takes for the work
itself. Values go in and rows come out as the driver has them, a truth as 0 or 1. On PostgreSQL, where a round trip
outweighs all that and lost races have to be told by SQLAlchemy, statements go the usual way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Insert, Select, Update

_Picked = Callable[[Mapping[str, Any]], tuple[Any, ...]]
Row = Any
"""A row as a tuple whose columns can be had by name too."""


class PreparedSelect:
    """A query with named values."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Row | None:
        """The first row, None where there is none."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).first()
        found = _executed(self._statement, connection, values).fetchone()
        return None if found is None else _row_of(self._statement)(found)

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Row]:
        """Every row."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).all()
        return [*map(_row_of(self._statement), _executed(self._statement, connection, values))]

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the first row, None where there is none."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).scalar()
        found = _executed(self._statement, connection, values).fetchone()
        return None if found is None else found[0]


class PreparedChange:
    """A change of rows, with named values."""

    def __init__(self, statement: Insert | Update) -> None:
        self._statement = statement

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows it changed. Values that the statement does not name do no harm."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).rowcount
        return _executed(self._statement, connection, values).rowcount

    def run_many(self, connection: Connection, many: Sequence[Mapping[str, Any]]) -> None:
        """The same change with one set of values after another."""
        if connection.dialect.name != "sqlite":
            connection.execute(self._statement, many)
            return
        sql, picked, fixed = _worded(self._statement, connection.dialect)
        driver = _driver_of(connection)
        for values in many:
            driver.execute(sql, picked({**fixed, **values} if fixed else values))


def _executed(
    statement: Select[Any] | Insert | Update, connection: Connection, values: Mapping[str, Any]
) -> sqlite3.Cursor:
    sql, picked, fixed = _worded(statement, connection.dialect)
    return _driver_of(connection).execute(sql, picked({**fixed, **values} if fixed else values))


def _driver_of(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


@lru_cache(maxsize=512)
def _worded(statement: Select[Any] | Insert | Update, dialect: Any) -> tuple[str, _Picked, dict[str, Any]]:
    """The statement as text, what picks its values in their order, and those values that never change."""
    compiled: Any = statement.compile(dialect=dialect)
    places = tuple(compiled.positiontup)
    fixed = {name: compiled.binds[name].value for name in places if not compiled.binds[name].required}
    if len(places) > 1:
        return str(compiled), itemgetter(*places), fixed
    return str(compiled), lambda values: tuple(values[name] for name in places), fixed


@lru_cache(maxsize=512)
def _row_of(statement: Select[Any]) -> Callable[[Sequence[Any]], Row]:
    """What makes a tuple of the driver's a row."""
    columns = [(name, Any) for name in statement.selected_columns.keys()]  # noqa: SIM118  # a collection, not a dict
    return NamedTuple("Row", columns)._make
