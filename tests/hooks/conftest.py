"""A house with its webhook served, on one database or on each. A database is migrated once."""

import asyncio
import shutil

import psycopg
import pytest

from storage.open import migrate_database
from storage.tables import metadata
from tests.hooks import house as houses


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server):
    """The URL of a PostgreSQL database at this program's version."""
    url = postgres_server.create("hooks")
    asyncio.run(migrate_database(url))
    return url


@pytest.fixture
def sqlite_copy(migrated_file, tmp_path):
    shutil.copy(migrated_file, tmp_path / "taoli.db")
    return f"sqlite:///{tmp_path / 'taoli.db'}"


@pytest.fixture
def postgres_emptied(migrated_postgres):
    """The one PostgreSQL database, without rows again after each test: emptying is 20 times faster than a new one."""
    yield migrated_postgres
    rows = "; ".join(f'delete from "{table.name}"' for table in metadata.sorted_tables if table.name != "marks")
    with psycopg.connect(migrated_postgres.replace("+psycopg", "")) as connection:
        # the ledger cannot be deleted from, other than by a replica
        connection.execute(f"set session_replication_role = replica; {rows}")


@pytest.fixture
def served(aiohttp_server, aiohttp_client):
    """Serve a house as the bot does: the server itself unpacks nothing."""

    async def serve(house, **how):
        server = await aiohttp_server(houses.app_of(house, **how), auto_decompress=False)
        house.client = await aiohttp_client(server)
        return house

    return serve


@pytest.fixture
async def quick_house(sqlite_copy, served):
    """A house on SQLite, for what the database has no part in."""
    house = await houses.opened(sqlite_copy)
    yield await served(house)
    await house.store.close()


@pytest.fixture(params=["sqlite_copy", pytest.param("postgres_emptied", marks=pytest.mark.postgres)])
def ready_url(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
async def house(ready_url, served):
    """A house on each database."""
    house = await houses.opened(ready_url)
    yield await served(house)
    await house.store.close()
