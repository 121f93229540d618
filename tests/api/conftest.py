"""A running bot with its API; the SQLite file is migrated once and copied."""

import asyncio
import shutil

import pytest

from storage.open import migrate_database
from tests.api.caller import opened


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
async def api(quick_url, tmp_path):
    """A caller with every scope, of a bot on SQLite."""
    async with opened(tmp_path, quick_url) as caller:
        yield caller


@pytest.fixture
async def either_api(database_url, tmp_path):
    """A caller with every scope, of a bot on each database."""
    if database_url.startswith("postgresql"):
        await migrate_database(database_url)
    async with opened(tmp_path, database_url) as caller:
        yield caller
