"""Units that want the same row: each has its effect, none runs in vain for long, and a budget is never exceeded."""

import asyncio

import pytest

from storage.open import migrate_database, open_store
from tests.proofs.stampede import expected, stampede

BUYERS = 40


async def test_of_very_many_orders_at_once_exactly_as_many_are_thanked_as_the_budget_is_good_for(ready_url):
    """`make proof-engine` sends a thousand."""
    # given budget for seven pairs of thanks, less one fen for the eighth, and on PostgreSQL two who take orders
    await migrate_database(ready_url)

    # when all buy at once
    came = await stampede(ready_url, BUYERS, stores=2 if ready_url.startswith("postgres") else 1)

    # then seven pairs are held: not one more, and not one fen over
    assert came == expected(BUYERS)


@pytest.mark.postgres
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


@pytest.mark.postgres
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
