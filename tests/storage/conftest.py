"""An open store over each kind of database, empty for each test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from storage.open import open_store
from storage.store import Store


@pytest_asyncio.fixture
async def store(ready_url: str) -> AsyncIterator[Store]:
    """An empty store, open for writing; the test runs on SQLite and on PostgreSQL."""
    opened = await open_store(ready_url)
    yield opened
    await opened.close()
