"""A running bot with its API; its database is migrated once and copied."""

import pytest

from tests.api.caller import opened


@pytest.fixture
def quick_url(ready_sqlite_url):
    """A SQLite database that is ready."""
    return ready_sqlite_url


@pytest.fixture
async def api(quick_url, tmp_path):
    """A caller with every scope, of a bot on SQLite."""
    async with opened(tmp_path, quick_url) as caller:
        yield caller


@pytest.fixture
async def either_api(ready_url, tmp_path):
    """A caller with every scope, of a bot on each database."""
    async with opened(tmp_path, ready_url) as caller:
        yield caller
