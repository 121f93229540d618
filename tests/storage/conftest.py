"""An open store over each kind of database, migrated once for all tests and empty for each."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from storage.open import migrate_database, open_store
from storage.store import Store
from storage.tables import metadata
from tests.fixtures.postgres_server import PostgresServer


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
def migrated_postgres_url(postgres_pattern: str) -> Iterator[str]:
    """The same database for every test, emptied after each: making one takes a second on a busy machine."""
    yield postgres_pattern
    with psycopg.connect(postgres_pattern.replace("+psycopg", "")) as connection:
        connection.execute("set session_replication_role = replica")  # or the ledger would refuse
        for table in (table for table in metadata.tables if table != "marks"):
            connection.execute(f'delete from "{table}"')
        connection.execute("delete from marks where key <> 'program'")


@pytest.fixture(scope="session")
def sqlite_pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pattern") / "taoli.db"
    asyncio.run(migrate_database(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_pattern(postgres_server: PostgresServer) -> str:
    url = postgres_server.create("storage")
    asyncio.run(migrate_database(url))
    return url
