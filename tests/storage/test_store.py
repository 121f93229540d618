"""The one door: what was answered is kept, what failed leaves nothing, and an event counts once."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path

import pytest

from referral.errors import RuleViolation
from storage.errors import AlreadyKept, StorageError
from storage.open import open_store
from storage.store import Store
from tests.storage.cast import NOON, a_letter, an_entry, salt_of, settle

ROOT = Path(__file__).parents[2]


def receive(tx, key: str = "corp/app/ab") -> bool:
    return tx.inbox.receive(key, channel="wecom:main", kind="add", body=b"<xml/>\x00\xff", now=NOON)


async def test_an_event_delivered_thirty_two_times_at_once_counts_once(store: Store):
    def handle(tx):
        if receive(tx):
            tx.outbox.post(a_letter("m1"), NOON)
            return True
        return False

    first = await asyncio.gather(*(store.write(handle) for _ in range(32)))

    assert sorted(first) == [False] * 31 + [True]
    assert await store.read(lambda tx: tx.outbox.by_id("m1")) == a_letter("m1")


async def test_two_events_of_the_same_second_are_two(store: Store):
    received = await asyncio.gather(*(store.write(lambda tx, n=n: receive(tx, f"corp/app/{n}")) for n in range(2)))

    assert received == [True, True]


async def test_a_use_case_that_fails_leaves_nothing_behind(store: Store):
    def fail(tx):
        receive(tx)
        settle(tx)
        tx.outbox.post(a_letter("m1"), NOON)
        tx.ledger.append(an_entry(), salt_of(0))
        raise RuleViolation("campaign.state", "活动已经结束。")

    with pytest.raises(RuleViolation):
        await store.write(fail)

    assert await store.read(lambda tx: tx.people.all()) == []
    assert await store.read(lambda tx: tx.outbox.by_id("m1")) is None
    assert await store.read(lambda tx: (tx.ledger.size(), tx.ledger.unsequenced())) == (0, 0)
    assert await store.write(receive)


async def test_of_an_attempt_that_is_refused_nothing_stays_and_the_rest_of_its_unit_does(store: Store):
    def unit(tx):
        receive(tx, "corp/app/before")
        with suppress(RuleViolation), tx.attempt():
            receive(tx, "corp/app/within")
            with tx.attempt():
                tx.outbox.post(a_letter("m1"), NOON)
            raise RuleViolation("campaign.state", "活动已经结束。")
        with tx.attempt():
            receive(tx, "corp/app/after")

    await store.write(unit)

    assert await store.read(lambda tx: tx.outbox.by_id("m1")) is None
    again = [await store.write(lambda tx, n=n: receive(tx, f"corp/app/{n}")) for n in ("before", "within", "after")]
    assert again == [False, True, False]


async def test_a_use_case_that_fails_does_not_harm_those_beside_it(store: Store):
    """On SQLite they share one commit."""

    def work(number: int):
        def unit(tx):
            receive(tx, str(number))
            if number % 3 == 0:
                tx.codes.issue(bytes(32), campaign="none", advocate="nobody", channel="", rep=None, now=NOON)
            if number % 3 == 1:
                raise RuleViolation("no", "不行")
            return number

        return unit

    results = await asyncio.gather(*(store.write(work(n)) for n in range(30)), return_exceptions=True)

    assert [type(r) for r in results] == [AlreadyKept, RuleViolation, int] * 10
    stored = [not await store.write(lambda tx, n=n: receive(tx, str(n))) for n in range(30)]
    assert stored == [False, False, True] * 10


@pytest.mark.parametrize("error", [StopIteration, KeyError, AssertionError])
async def test_a_fault_in_a_use_case_reaches_only_its_own_caller(store: Store, error: type[Exception]):
    def fail(tx):
        raise error("oops")

    failed, kept = await asyncio.gather(store.write(fail), store.write(receive), return_exceptions=True)

    assert isinstance(failed, error | RuntimeError)
    assert kept is True


async def test_a_caller_who_no_longer_waits_does_not_harm_the_others(store: Store):
    gone = asyncio.ensure_future(store.write(receive))
    await asyncio.sleep(0)
    gone.cancel()

    assert await store.write(lambda tx: receive(tx, "another"))


async def test_reading_cannot_write(store: Store):
    with pytest.raises(StorageError):
        await store.read(receive)

    assert await store.write(receive)


async def test_what_was_answered_survives_the_death_of_the_process(ready_url: str):
    """The process is killed the moment after its `write` returned; a SQLite file is free again then."""
    program = (
        "import asyncio, os, sys; from storage.open import open_store\n"
        "async def main():\n"
        "    store = await open_store(sys.argv[1])\n"
        "    await store.write(lambda tx: tx.marks.set('kept', '是'))\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())"
    )

    died = await asyncio.create_subprocess_exec(sys.executable, "-c", program, ready_url, cwd=ROOT)

    assert await died.wait() == -signal.SIGKILL
    store = await open_store(ready_url)
    assert await store.read(lambda tx: tx.marks.get("kept")) == "是"
    await store.close()


async def test_another_process_reads_what_was_answered_while_the_bot_runs(ready_sqlite_url: str):
    store = await open_store(ready_sqlite_url)
    await store.write(receive)
    program = (
        "import asyncio, sys; from storage.open import open_beside\n"
        "from sqlalchemy import text\n"
        "async def main():\n"
        "    store = await open_beside(sys.argv[1])\n"
        "    print(await store.read(lambda tx: tx.connection.execute(text('select key from inbox')).scalar()))\n"
        "    await store.close()\n"
        "asyncio.run(main())"
    )

    reading = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, ready_sqlite_url, cwd=ROOT, stdout=PIPE
    )
    seen, _ = await reading.communicate()

    assert seen.decode().strip() == "corp/app/ab"
    await store.close()
