"""A company whose thanks go through connectors, on one database or on each. A database is migrated once."""

import asyncio
import shutil

import psycopg
import pytest

from storage.open import migrate_database
from storage.tables import metadata
from tests.fulfilment.workshop import Receiver, Workshop


@pytest.fixture(scope="session")
def fulfilment_file(tmp_path_factory):
    """A SQLite file at this program's version."""
    path = tmp_path_factory.mktemp("fulfilment") / "taoli.db"
    asyncio.run(migrate_database(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def fulfilment_postgres(postgres_server):
    """The URL of a PostgreSQL database at this program's version."""
    url = postgres_server.create("fulfilment")
    asyncio.run(migrate_database(url))
    return url


@pytest.fixture
def sqlite_copy(fulfilment_file, tmp_path):
    shutil.copy(fulfilment_file, tmp_path / "taoli.db")
    return f"sqlite:///{tmp_path / 'taoli.db'}"


@pytest.fixture
def postgres_emptied(fulfilment_postgres):
    """The one PostgreSQL database, without rows again after each test."""
    yield fulfilment_postgres
    rows = "; ".join(f'delete from "{table.name}"' for table in metadata.sorted_tables if table.name != "marks")
    with psycopg.connect(fulfilment_postgres.replace("+psycopg", "")) as connection:
        # the ledger cannot be deleted from, other than by a replica
        connection.execute(f"set session_replication_role = replica; {rows}")


@pytest.fixture(params=["sqlite_copy", pytest.param("postgres_emptied", marks=pytest.mark.postgres)])
def each_database(request):
    """The URL of a migrated, empty database; the test runs on each kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def workshop(each_database):
    """A company on each kind of database."""
    async with Workshop.open(each_database) as opened:
        yield opened


@pytest.fixture
async def quick(sqlite_copy):
    """A company on SQLite, for what the database has no part in."""
    async with Workshop.open(sqlite_copy) as opened:
        yield opened


@pytest.fixture
async def receiver():
    """Another system of the company, on the loopback."""
    system = Receiver()
    await system.start()
    yield system
    await system.stop()
