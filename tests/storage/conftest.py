"""An open store over each kind of database, migrated once and copied for each test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from storage.open import migrate_database, open_store
from storage.store import Store
from tests.fixtures.postgres_server import PostgresServer

_numbers = count(1)


@pytest_asyncio.fixture
async def store(migrated_url: str) -> AsyncIterator[Store]:
    """An empty store, open for writing; the test runs on SQLite and on PostgreSQL."""
    opened = await open_store(migrated_url)
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database of each kind."""
    url: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return url


@pytest.fixture
def migrated_sqlite_url(sqlite_pattern: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_pattern, tmp_path / 'taoli.db')}"


@pytest.fixture
def migrated_postgres_url(postgres_pattern: str, postgres_server: PostgresServer) -> Iterator[str]:
    name = f"s{next(_numbers)}"
    postgres_server._run(f"create database {name} template {postgres_pattern}")
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def sqlite_pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pattern") / "taoli.db"
    asyncio.run(migrate_database(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_pattern(postgres_server: PostgresServer) -> Iterator[str]:
    name = "storage_pattern"
    asyncio.run(migrate_database(postgres_server.create(name)))
    yield name
    postgres_server.drop(name)
