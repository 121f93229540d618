"""What is PostgreSQL's own: lost races, lost connections, and the sequencer."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text

from storage.errors import DatabaseInUse, StorageError
from storage.open import claim, open_store
from storage.store import Store
from tests.storage.cast import an_entry, salt_of, settle

END_MYSELF = text("select pg_terminate_backend(pg_backend_pid())")
ENDS_MYSELF_IN_THE_COMMIT = (
    """create function pg_temp.die() returns trigger language plpgsql as
       $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$""",
    "create temp table fuse (x int)",
    """create constraint trigger blow after insert on fuse deferrable initially deferred
       for each row execute function pg_temp.die()""",
    "insert into fuse values (1)",
)


@pytest.fixture
async def postgres(ready_postgres_url: str):
    store = await open_store(ready_postgres_url)
    yield store
    await store.close()


async def test_a_use_case_that_lost_a_race_is_run_again_on_what_the_winner_left(postgres: Store):
    """Each reads a number and writes the next one: without a second run, some would write the same."""

    def count_up(tx):
        number = int(tx.marks.get("clock") or "0") + 1
        tx.marks.set("clock", str(number))
        return number

    numbers = await asyncio.gather(*(postgres.write(count_up) for _ in range(30)))

    assert sorted(numbers) == list(range(1, 31))


async def test_a_connection_lost_before_the_commit_is_replaced_and_the_use_case_run_again(postgres: Store):
    runs = []

    def unit(tx):
        runs.append(1)
        tx.marks.set("clock", "kept")
        if len(runs) == 1:
            tx.connection.execute(END_MYSELF)

    await postgres.write(unit)

    assert len(runs) == 2
    assert await postgres.read(lambda tx: tx.marks.get("clock")) == "kept"


async def test_idle_connections_that_died_are_replaced(postgres: Store, ready_postgres_url: str):
    await asyncio.gather(*(postgres.read(lambda tx: tx.people.all()) for _ in range(6)))
    with psycopg.connect(ready_postgres_url.replace("+psycopg", ""), autocommit=True) as outside:
        outside.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )

    await asyncio.gather(*(postgres.write(lambda tx: tx.marks.set("clock", "1")) for _ in range(6)))

    assert await postgres.read(lambda tx: tx.marks.get("clock")) == "1"


async def test_a_connection_lost_in_the_commit_is_told_and_not_run_again_blindly(postgres: Store):
    """The commit may have been kept: only whoever sent the event can find out, by sending it again."""
    runs = []

    def unit(tx):
        runs.append(1)
        for statement in ENDS_MYSELF_IN_THE_COMMIT:
            tx.connection.execute(text(statement))

    with pytest.raises(StorageError):
        await postgres.write(unit)

    assert len(runs) == 1
    assert await postgres.read(lambda tx: tx.people.all()) == []


async def test_a_constraint_that_really_stands_against_it_is_told_in_the_end(postgres: Store):
    await postgres.write(settle)

    with pytest.raises(StorageError):
        await postgres.write(settle)


async def test_entries_wait_for_the_sequencer(postgres: Store):
    def book(tx):
        for number in range(5):
            tx.ledger.append(an_entry(number), salt_of(number))

    await postgres.write(book)
    before = await postgres.read(lambda tx: (tx.ledger.size(), tx.ledger.unsequenced()))
    placed = [await postgres.write(lambda tx: tx.ledger.sequence(limit=3)) for _ in range(3)]

    assert before == (0, 5)
    assert placed == [3, 2, 0]
    assert await postgres.read(lambda tx: (tx.ledger.size(), tx.ledger.unsequenced())) == (5, 0)


async def test_an_entry_booked_first_and_committed_last_still_gets_a_place(postgres: Store, ready_postgres_url: str):
    """Row numbers are drawn before the commit: a later one may be placed before an earlier one."""
    insert = (
        "insert into ledger_entries (id, at, kind, debit, credit, unit, amount, ref)"
        " values ('e-slow', 0, 'held', 'a', 'b', 'fen', 1, 'w1')"
    )
    with psycopg.connect(ready_postgres_url.replace("+psycopg", "")) as slow:
        slow.execute(insert)
        slow.execute("insert into ledger_salts values ('e-slow', '\\x00')")
        await postgres.write(lambda tx: tx.ledger.append(an_entry(1), salt_of(1)))
        await postgres.write(lambda tx: tx.ledger.sequence())
        slow.commit()

    await postgres.write(lambda tx: tx.ledger.sequence())

    leaves = await postgres.read(lambda tx: [(leaf.seq, leaf.entry.id) for leaf in tx.ledger.leaves()])
    assert leaves == [(0, an_entry(1).id), (1, "e-slow")]


async def test_a_second_serving_process_is_refused_until_the_first_has_let_go(ready_postgres_url):
    first = await claim(ready_postgres_url)
    with pytest.raises(DatabaseInUse):
        await claim(ready_postgres_url)

    await first.release()

    await (await claim(ready_postgres_url)).release()
