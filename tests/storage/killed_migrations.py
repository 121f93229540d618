"""Migrates the database at argv[1] again and again, killing each run argv[2] statements later; prints what each left.

`old` is a database without a single table, `new` one that is complete; anything else is printed as its table count.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from alembic import autogenerate, command  # noqa: F401  loaded once, before forking
from sqlalchemy import create_engine, event, inspect
from sqlalchemy.engine import Engine

from storage.open import migrate_database
from storage.tables import metadata


def main(url: str, step: int) -> None:
    at = 1
    while True:
        died = run_and_die(url, at)
        print(state(url), flush=True)
        if not died:
            return
        at += step


def run_and_die(url: str, at: int) -> bool:
    """Whether the run died, as it was meant to, at its statement number `at`."""
    child = os.fork()
    if child == 0:
        die_at(at)
        asyncio.run(migrate_database(url))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def die_at(number: int) -> None:
    left = [number]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)


def state(url: str) -> str:
    engine = create_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    if not names:
        return "old"
    return "new" if names == {*metadata.tables, "alembic_version"} else str(len(names))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
