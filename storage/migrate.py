"""Bringing a database to this program's version, or saying why not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select

from storage import tables as t
from storage.errors import ForeignDatabase, NewerDatabase, NotMigrated
from storage.upsert import put

PROGRAM = "taoli"


def migrate(connection: Connection) -> bool:
    """Run what is missing of the history, inside the caller's transaction; whether anything ran.

    Raises `ForeignDatabase` or `NewerDatabase`, and then nothing was changed.
    """
    if is_current(connection):
        return False
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    put(connection, t.marks, "key", key="program", value=PROGRAM)
    return True


def require_current(connection: Connection) -> None:
    """Raise unless the database is ours and at this program's version."""
    if not is_current(connection):
        raise NotMigrated("数据库还没有升级到这个版本：请先运行 taoli migrate")


def is_current(connection: Connection) -> bool:
    """Whether nothing is missing. Raises `ForeignDatabase` or `NewerDatabase`; changes nothing."""
    names = set(inspect(connection).get_table_names())
    if not names:
        return False
    _refuse_foreign(connection, names)
    here = revision(connection)
    if here is not None and here not in _history():
        raise NewerDatabase(f"数据库的版本（{here}）比这个程序新：请先更新程序")
    return here == _history()[0]


def revision(connection: Connection) -> str | None:
    """The version of the schema that a database of ours has."""
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_foreign(connection: Connection, names: set[str]) -> None:
    owner = None
    if "marks" in names and {c["name"] for c in inspect(connection).get_columns("marks")} == {"key", "value"}:
        owner = connection.execute(select(t.marks.c.value).where(t.marks.c.key == "program")).scalar()
    if owner != PROGRAM:
        raise ForeignDatabase("这个数据库里已有别的程序的表：请在 [database] url 里换一个空的数据库")


@cache
def _history() -> list[str]:
    """The revisions this program knows, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
