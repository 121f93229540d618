from collections.abc import AsyncIterator

import pytest

from tests.sandbox.town import Town, open_town


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as town:
        yield town
