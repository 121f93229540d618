"""Units that want the same row on PostgreSQL: each has its effect, and none runs in vain for long."""

import asyncio

import pytest

from storage.open import open_store

pytestmark = pytest.mark.postgres


async def test_of_sixty_units_that_want_one_row_none_runs_more_than_twice_or_is_turned_away(postgres_copy):
    # given a counter that everybody wants
    store = await open_store(postgres_copy)
    runs = 0

    def count_up(tx):
        nonlocal runs
        runs += 1
        tx.marks.set("counter", str(int(tx.marks.get("counter") or 0) + 1))

    # when sixty come at once
    await asyncio.gather(*(store.write(count_up) for _ in range(60)))

    # then each has counted, and the losers of a race ran once more, in peace
    assert await store.read(lambda tx: tx.marks.get("counter")) == "60"
    assert runs <= 2 * 60
    await store.close()


async def test_a_unit_that_loses_to_another_process_tries_again_until_it_wins(postgres_copy):
    # given two processes on one database
    stores = [await open_store(postgres_copy) for _ in range(2)]

    def count_up(tx):
        tx.marks.set("counter", str(int(tx.marks.get("counter") or 0) + 1))

    # when both want the same row all the time
    await asyncio.gather(*(store.write(count_up) for store in stores * 20))

    # then nothing was lost between them
    assert await stores[0].read(lambda tx: tx.marks.get("counter")) == "40"
    for store in stores:
        await store.close()
