"""One migrated database for all histories; each is undone at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from storage.open import migrate_database
from tests.engine.books import engine_on
from tests.fixtures.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A connection on an empty, migrated database."""
    with _connected(f"sqlite:///{tmp_path_factory.mktemp('engine') / 'taoli.db'}") as connection:
        yield connection


@pytest.fixture(scope="session")
def postgres_pages(postgres_server: PostgresServer) -> Iterator[Connection]:
    """The same on PostgreSQL."""
    with _connected(postgres_server.create("engine")) as connection:
        yield connection


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    asyncio.run(migrate_database(url))
    engine = engine_on(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
