"""PostgreSQL's side of backup and restore: rows stream by COPY from one snapshot into a SQLite file, and back.

`pg_dump` need not be installed, and a backup from one kind of database can be restored into the other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import Boolean, Connection, Double, LargeBinary, Table, Text, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from storage import tables as t
from storage.backup import ALWAYS_THERE, is_empty
from storage.errors import NotEmpty, NotSound, StorageError
from storage.migrate import require_current

_AT_ONCE = 5_000  # rows
_MIGRATING = 7_461_626_900
_PLAIN: dict[type, str] = {Text: "text", Boolean: "bool", Double: "float8", LargeBinary: "bytea"}


def copy_out(url: str, target: Path) -> None:
    """Fill a migrated, empty SQLite file with what the database holds at one moment. Raises `StorageError`."""
    with _connected(url, "REPEATABLE READ") as connection, _unguarded(target) as file:
        connection.execute(text("set transaction read only"))
        require_current(connection)
        for table in t.metadata.sorted_tables:
            file.execute(f'delete from "{table.name}"')  # noqa: S608  # one of our own names
            _fill(file, table, _rows(_driver(connection), table))
        _keep_sequence(connection, file)


def copy_in(url: str, source: Path, *, force: bool, check: Callable[[Connection], None]) -> None:
    """Fill the database with what a SQLite file of ours holds, in one transaction; `check` looks at it before the end.

    Raises `NotEmpty` where something is there already and `force` is not given; nothing was changed then.
    """
    with _connected(url, "READ COMMITTED") as connection, closing(sqlite3.connect(source)) as file:
        connection.execute(text("select pg_advisory_xact_lock(:n)"), {"n": _MIGRATING})
        require_current(connection)
        if not is_empty(connection) and not force:
            raise NotEmpty("数据库里已有数据：确定要全部换成备份里的，请加 --force")
        _empty(connection)
        for table in t.metadata.sorted_tables:
            _pour(_driver(connection), table, file)
        for table in t.metadata.sorted_tables:
            _set_sequence(connection, file, table)
        check(connection)
        connection.commit()


@contextmanager
def _connected(url: str, isolation: Any) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool, isolation_level=isolation, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    except (DBAPIError, psycopg.Error) as error:
        raise StorageError(f"PostgreSQL 没有完成：{getattr(error, 'orig', None) or error}") from error
    except sqlite3.Error as error:
        raise NotSound(f"备份里的数据库读写不了：{error}") from error
    finally:
        engine.dispose()


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


@contextmanager
def _unguarded(path: Path) -> Iterator[sqlite3.Connection]:
    """A file that is thrown away if this ends badly, filled in any order; its triggers are back at the end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for pragma in ("journal_mode = off", "synchronous = off", "foreign_keys = off"):
            file.execute(f"pragma {pragma}")
        guards = file.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
        for name, _ in guards:
            file.execute(f'drop trigger "{name}"')
        file.execute("begin")
        yield file
        for _, made in guards:
            file.execute(made)
        file.execute("commit")


def _type(column: Any) -> str:
    return next((name for kind, name in _PLAIN.items() if isinstance(column.type, kind)), "int8")


def _named(statement: str, table: Table) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    return sql.SQL(statement).format(table=sql.Identifier(table.name), columns=columns)


def _rows(driver: psycopg.Connection[Any], table: Table) -> Iterator[tuple[Any, ...]]:
    with driver.cursor() as cursor, cursor.copy(_named("copy {table} ({columns}) to stdout", table)) as copy:
        copy.set_types([_type(column) for column in table.columns])
        yield from copy.rows()


def _fill(file: sqlite3.Connection, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    places = ", ".join("?" * len(table.columns))
    file.executemany(f'insert into "{table.name}" ({names}) values ({places})', rows)  # noqa: S608  # our own names


def _pour(driver: psycopg.Connection[Any], table: Table, file: sqlite3.Connection) -> None:
    truths = [n for n, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    read = file.execute(f'select {names} from "{table.name}"')  # noqa: S608  # our own names
    with driver.cursor() as cursor, cursor.copy(_named("copy {table} ({columns}) from stdin", table)) as copy:
        while rows := read.fetchmany(_AT_ONCE):
            for row in rows:
                copy.write_row(_with_truths(row, truths))


def _with_truths(row: tuple[Any, ...], truths: list[int]) -> tuple[Any, ...]:
    """SQLite keeps yes and no as numbers."""
    if not truths:
        return row
    return tuple(bool(v) if n in truths and v is not None else v for n, v in enumerate(row))


def _empty(connection: Connection) -> None:
    """Empty all tables, those too that nothing may be taken from: only in this transaction, which fills them again."""
    guarded = [name for name in t.APPEND_ONLY if name not in ALWAYS_THERE]
    for name in guarded:
        connection.exec_driver_sql(f'alter table "{name}" disable trigger user')
    names = ", ".join(f'"{table.name}"' for table in t.metadata.sorted_tables)
    connection.exec_driver_sql(f"truncate {names}")
    for name in guarded:
        connection.exec_driver_sql(f'alter table "{name}" enable trigger user')


def _keep_sequence(connection: Connection, file: sqlite3.Connection) -> None:
    """How far invite codes have gone: a number that was given out once never comes again."""
    asked = "select coalesce(pg_sequence_last_value(pg_get_serial_sequence('codes', 'row')::regclass), 0)"
    last = connection.exec_driver_sql(asked).scalar_one()
    file.execute("delete from sqlite_sequence where name = 'codes'")
    file.execute("insert into sqlite_sequence (name, seq) values ('codes', ?)", (last,))


def _set_sequence(connection: Connection, file: sqlite3.Connection, table: Table) -> None:
    """Have a table's numbers go on behind the last one."""
    column = table.autoincrement_column
    if column is None:
        return
    last = file.execute(f'select max("{column.name}") from "{table.name}"').fetchone()[0] or 0  # noqa: S608
    known = file.execute("select seq from sqlite_sequence where name = ?", (table.name,)).fetchone()
    last = max(last, known[0] if known else 0)
    asked = text("select setval(pg_get_serial_sequence(:table, :column), :last, :used)")
    connection.execute(
        asked, {"table": f'"{table.name}"', "column": column.name, "last": max(last, 1), "used": last > 0}
    )
