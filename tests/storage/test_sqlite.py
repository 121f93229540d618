"""What is SQLite's own: its version, its disk, its one writer and its readers."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import DatabaseInUse, StorageError
from storage.open import open_beside, open_store
from storage.sqlite import version_risk
from tests.storage.cast import NOON

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 45, 3), (3, 50, 6), (3, 51, 0), (3, 51, 2)])
def test_a_version_that_can_lose_commits_is_named(version: tuple[int, int, int]):
    risk = version_risk(version)

    assert risk is not None
    assert ".".join(map(str, version)) in risk


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 44, 9), (3, 50, 7), (3, 51, 3), (3, 53, 0), (3, 54, 1), (4, 0, 0)])
def test_a_version_with_the_repair_is_not(version: tuple[int, int, int]):
    assert version_risk(version) is None


async def test_a_reader_sees_one_moment_while_others_write(ready_sqlite_url: str):
    store = await open_store(ready_sqlite_url)
    loop = asyncio.get_running_loop()
    looked, written = asyncio.Event(), asyncio.Event()

    async def write_between():
        await looked.wait()
        await store.write(lambda tx: tx.marks.set("clock", "2"))
        written.set()

    def look_twice(tx):
        before = tx.marks.get("clock")
        loop.call_soon_threadsafe(looked.set)
        asyncio.run_coroutine_threadsafe(written.wait(), loop).result(10)
        return before, tx.marks.get("clock")

    await store.write(lambda tx: tx.marks.set("clock", "1"))
    seen, _ = await asyncio.gather(store.read(look_twice), write_between())

    assert seen == ("1", "1")
    assert await store.read(lambda tx: tx.marks.get("clock")) == "2"
    await store.close()


async def test_a_file_in_use_is_in_use_under_every_name(ready_sqlite_url: str, tmp_path: Path):
    store = await open_store(ready_sqlite_url)
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "other.db"
    link.symlink_to(tmp_path / "taoli.db")

    with pytest.raises(DatabaseInUse):
        await open_store(f"sqlite:///{link}")

    await store.close()


async def test_one_who_reads_beside_the_bot_cannot_write_and_claims_nothing(ready_sqlite_url: str):
    beside = await open_beside(ready_sqlite_url)
    store = await open_store(ready_sqlite_url)
    await store.write(lambda tx: tx.marks.set("clock", "1"))

    with pytest.raises(StorageError):
        await beside.write(lambda tx: tx.marks.set("clock", "2"))
    with pytest.raises(StorageError):
        await beside.read(lambda tx: tx.marks.set("clock", "2"))

    assert await beside.read(lambda tx: tx.marks.get("clock")) == "1"
    await store.close()
    await beside.close()


async def test_a_use_case_that_fails_while_reading_does_not_spoil_the_next_reading(ready_sqlite_url: str):
    store = await open_store(ready_sqlite_url)

    for _ in range(4):
        with pytest.raises(ZeroDivisionError):
            await store.read(lambda tx: 1 // len(tx.people.all()))
    assert await store.read(lambda tx: tx.people.all()) == []
    await store.close()


async def test_every_use_case_accepted_before_closing_is_finished(ready_sqlite_url: str):
    store = await open_store(ready_sqlite_url)

    def receive(number: int):
        return lambda tx: tx.inbox.receive(str(number), channel="wecom:main", kind="add", body=b"", now=NOON)

    accepted = [asyncio.ensure_future(store.write(receive(n))) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    await store.close()

    assert await asyncio.gather(*accepted) == [True] * 50
    with pytest.raises(StorageError):
        await store.write(receive(50))


def test_a_full_disk_refuses_new_events_keeps_the_old_and_heals_by_itself(ready_sqlite_url: str):
    """Run in a process of its own whose disk is really small; see the program beside this file."""
    command = [sys.executable, str(Path(__file__).with_name("small_disk.py")), ready_sqlite_url]

    told = subprocess.run(command, cwd=ROOT, timeout=60, check=False, capture_output=True, text=True)

    assert told.stdout.splitlines()[1:] == ["refused", "kept", "healed", "ok"], told.stdout + told.stderr


async def test_what_was_written_in_bulk_is_there_after_closing_though_somebody_reads(ready_sqlite_url: str):
    path = Path(ready_sqlite_url.removeprefix("sqlite:///"))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from marks").fetchone()

    store = await open_store(ready_sqlite_url, in_bulk=True)
    await store.write(lambda tx: tx.marks.set("bulk", "kept"))
    await store.close()
    reader.execute("rollback")
    reader.close()

    again = await open_store(ready_sqlite_url)
    assert await again.read(lambda tx: tx.marks.get("bulk")) == "kept"
    await again.close()
