"""One migrated database for all histories; each is undone at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from storage.open import migrate_database
from tests.engine.books import engine_on


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A connection on an empty, migrated database."""
    path: Path = tmp_path_factory.mktemp("engine") / "taoli.db"
    asyncio.run(migrate_database(f"sqlite:///{path}"))
    engine = engine_on(path)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
