"""A running bot for each test; the SQLite file is migrated once and copied."""

import asyncio
import shutil

import pytest

from storage.open import migrate_database
from tests.journeys.town import open_town


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """A SQLite file at this program's version."""
    path = tmp_path_factory.mktemp("migrated") / "taoli.db"
    asyncio.run(migrate_database(f"sqlite:///{path}"))
    return path


@pytest.fixture
def quick_url(migrated_file, tmp_path):
    """A SQLite database that is ready."""
    shutil.copy(migrated_file, tmp_path / "taoli.db")
    return f"sqlite:///{tmp_path / 'taoli.db'}"


@pytest.fixture
async def town(quick_url, tmp_path):
    """A running bot on SQLite."""
    async with open_town(tmp_path, quick_url) as town:
        yield town


@pytest.fixture
async def either_town(database_url, tmp_path):
    """A running bot on each database."""
    if database_url.startswith("postgresql"):
        await migrate_database(database_url)
    async with open_town(tmp_path, database_url) as town:
        yield town
