"""What every test may ask for: databases and a browser."""

import gc

import pytest
from aiohttp import web_app

pytest_plugins = ["tests.fixtures.databases", "tests.fixtures.browsers"]


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: the collector of garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def _gone_with_the_module():
    """What aiohttp remembers of handlers would keep the bots of the last thousand of them."""
    yield
    web_app._cached_build_middleware.cache_clear()
