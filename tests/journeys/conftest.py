"""A running bot for each test; its database is migrated once and copied."""

import pytest

from tests.journeys.town import open_town


@pytest.fixture
def quick_url(ready_sqlite_url):
    """A SQLite database that is ready."""
    return ready_sqlite_url


@pytest.fixture
async def town(quick_url, tmp_path):
    """A running bot on SQLite."""
    async with open_town(tmp_path, quick_url) as town:
        yield town


@pytest.fixture
async def either_town(ready_url, tmp_path):
    """A running bot on each database."""
    async with open_town(tmp_path, ready_url) as town:
        yield town
