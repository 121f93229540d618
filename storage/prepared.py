"""Statements put into words once, for those that run with every event and every order.

What SQLAlchemy does anew each time (putting the statement together, looking the compiled one up, laying out and
converting each value, describing every column of the answer) costs three to ten times what SQLite takes for the work
itself. Values go in and rows come out as the driver has them, a truth as 0 or 1. On PostgreSQL, where a round trip
outweighs all that and lost races have to be told by SQLAlchemy, statements go the usual way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from operator import itemgetter
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Insert, Select, Update, bindparam

_Picked = Callable[[Mapping[str, Any]], tuple[Any, ...]]
_Worded = tuple[str, _Picked, dict[str, Any]]
_Made = Callable[[Sequence[Any]], "Row"]
Row = Any
"""A row as a tuple whose columns can be had by name too."""


class _Prepared:
    """A statement, and how it is worded for SQLite once that was asked for."""

    __slots__ = ("_statement", "_worded")

    def __init__(self, statement: Select[Any] | Insert | Update) -> None:
        self._statement = statement
        self._worded: _Worded | None = None

    def _executed(self, connection: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        sql, picked, fixed = self._worded or self._word(connection)
        driver = _DRIVERS.get(connection)
        if driver is None or connection.closed:
            driver = _driver_of(connection)
        return driver.execute(sql, picked({**fixed, **values} if fixed else values))

    def _word(self, connection: Connection) -> _Worded:
        self._worded = _worded(self._statement, connection.dialect)
        return self._worded


class PreparedSelect(_Prepared):
    """A query with named values."""

    __slots__ = ("_columns", "_made", "_width")

    def __init__(self, statement: Select[Any]) -> None:
        super().__init__(statement)
        self._columns = statement.selected_columns
        self._width = len(statement.column_descriptions)
        self._made: _Made | None = None

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Row | None:
        """The first row, None where there is none."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).first()
        found = self._executed(connection, values).fetchone()
        return None if found is None else (self._made or self._make())(found)

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Row]:
        """Every row."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).all()
        return [*map(self._made or self._make(), self._executed(connection, values).fetchall())]

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the first row, None where there is none."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).scalar()
        found = self._executed(connection, values).fetchone()
        return None if found is None else found[0]

    def _make(self) -> _Made:
        columns = [(name, Any) for name in self._columns.keys()]  # noqa: SIM118  # a collection, not a dict
        # what a row's own `_make` does besides is to count the columns: once is enough
        assert len(columns) == self._width, "two columns of one name"
        self._made = partial(tuple.__new__, cast("Any", NamedTuple("Row", columns)))
        return self._made


class PreparedLookup:
    """A query about several ids at once, worded for a few lengths of list: a shorter one is filled up with its last.

    `about` gives the query for a list of placeholders.
    """

    __slots__ = ("_about", "_of_length")

    def __init__(self, about: Callable[[Sequence[ColumnElement[str]]], Select[Any]]) -> None:
        self._about = about
        self._of_length: dict[int, tuple[PreparedSelect, tuple[str, ...]]] = {}

    def all(self, connection: Connection, ids: Sequence[str], **values: Any) -> Sequence[Row]:
        """Every row about these ids; `values` are what else the query names."""
        if not ids:
            return []
        length = 1
        while length < len(ids):
            length *= 4
        statement, names = self._of_length.get(length) or self._word(length)
        values.update(zip_longest(names, ids, fillvalue=ids[-1]))
        return statement.all(connection, values)

    def _word(self, length: int) -> tuple[PreparedSelect, tuple[str, ...]]:
        names = tuple(f"id_{number}" for number in range(length))
        worded = PreparedSelect(self._about([bindparam(name) for name in names])), names
        self._of_length[length] = worded
        return worded


class PreparedChange(_Prepared):
    """A change of rows, with named values."""

    __slots__ = ()

    def __init__(self, statement: Insert | Update) -> None:
        super().__init__(statement)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows it changed. Values that the statement does not name do no harm."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values).rowcount
        return self._executed(connection, values).rowcount

    def run_many(self, connection: Connection, many: Sequence[Mapping[str, Any]]) -> None:
        """The same change with one set of values after another."""
        if connection.dialect.name != "sqlite":
            connection.execute(self._statement, many)
            return
        sql, picked, fixed = self._worded or self._word(connection)
        _driver_of(connection).executemany(sql, [picked({**fixed, **values} if fixed else values) for values in many])


_DRIVERS: WeakKeyDictionary[Connection, sqlite3.Connection] = WeakKeyDictionary()
"""To ask a connection for the driver's costs a third of an easy statement, and it stays the same one."""


def _driver_of(connection: Connection) -> sqlite3.Connection:
    driver = None if connection.closed else _DRIVERS.get(connection)
    if driver is None:  # of a closed one asking raises, as for any other statement
        driver = _DRIVERS[connection] = cast("sqlite3.Connection", connection.connection.driver_connection)
    return driver


def _worded(statement: Select[Any] | Insert | Update, dialect: Any) -> _Worded:
    """The statement as text, what picks its values in their order, and those values that never change."""
    compiled: Any = statement.compile(dialect=dialect)
    places = tuple(compiled.positiontup)
    fixed = {name: compiled.binds[name].value for name in places if not compiled.binds[name].required}
    if len(places) > 1:
        return str(compiled), itemgetter(*places), fixed
    return str(compiled), lambda values: tuple(values[name] for name in places), fixed
