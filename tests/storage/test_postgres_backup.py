"""PostgreSQL out to a SQLite file and back again."""

import asyncio
from pathlib import Path

import pytest

from storage import backup, backup_postgres, proofs
from storage.errors import NotEmpty
from storage.open import migrate_database, open_store
from storage.transaction import Transaction
from tests.proofs.backups import digest
from tests.storage.cast import KEY, NOON, a_reward, an_entry, salt_of, settle_with_order

pytestmark = pytest.mark.postgres


def story(tx: Transaction) -> None:
    settle_with_order(tx)
    tx.rewards.add(a_reward())
    tx.inbox.receive("k", channel="kf", kind="x", body=bytes(range(256)), now=NOON)
    tx.people.learn("mei", name="引'号\\\t\n", holdout=True)
    for number in range(5):
        tx.ledger.append(an_entry(number), salt_of(number))
    tx.ledger.sequence()


async def filled(url: str) -> dict:
    store = await open_store(url)
    try:
        await store.write(story)
        return await store.read(digest)
    finally:
        await store.close()


async def looked_at(url: str, unit=digest):
    store = await open_store(url)
    try:
        return await store.read(unit)
    finally:
        await store.close()


async def saved(url: str, copy: Path) -> None:
    await migrate_database(f"sqlite:///{copy}")
    await asyncio.to_thread(backup_postgres.copy_out, url, copy)


async def test_every_row_goes_to_a_sqlite_file_and_comes_back(
    ready_postgres_url: str, postgres_url: str, tmp_path: Path
):
    was = await filled(ready_postgres_url)
    copy = tmp_path / "copy"

    await saved(ready_postgres_url, copy)
    assert await looked_at(f"sqlite:///{copy}") == was
    assert backup.check_copy(copy, keys=None) == "0006"

    await migrate_database(postgres_url)
    await asyncio.to_thread(backup_postgres.copy_in, postgres_url, copy, force=False, check=lambda _: None)
    assert await looked_at(postgres_url) == was
    assert (await looked_at(postgres_url, proofs.verify))["ok"]


async def test_numbers_go_on_behind_the_last_one(ready_postgres_url: str, postgres_url: str, tmp_path: Path):
    await filled(ready_postgres_url)
    await saved(ready_postgres_url, tmp_path / "copy")
    await migrate_database(postgres_url)
    backup.writing(tmp_path / "copy", backup.skip_codes)
    await asyncio.to_thread(backup_postgres.copy_in, postgres_url, tmp_path / "copy", force=False, check=lambda _: None)

    store = await open_store(postgres_url)
    code = await store.write(
        lambda tx: tx.codes.issue(KEY, campaign="c1", advocate="bo", channel="", rep=None, now=NOON)
    )
    await store.write(lambda tx: tx.ledger.append(an_entry(77), salt_of(77)))
    await store.close()

    assert code.row > backup.SKIPPED_CODES


async def test_a_database_with_content_is_left_alone_without_force_and_replaced_with_it(
    ready_postgres_url: str, postgres_url: str, tmp_path: Path
):
    was = await filled(ready_postgres_url)
    await saved(ready_postgres_url, tmp_path / "copy")
    await migrate_database(postgres_url)
    store = await open_store(postgres_url)
    await store.write(lambda tx: tx.audit.note("cli", "x", "y", "", NOON))
    await store.close()

    with pytest.raises(NotEmpty, match="--force"):
        await asyncio.to_thread(
            backup_postgres.copy_in, postgres_url, tmp_path / "copy", force=False, check=lambda _: None
        )
    await asyncio.to_thread(backup_postgres.copy_in, postgres_url, tmp_path / "copy", force=True, check=lambda _: None)

    assert await looked_at(postgres_url) == was


async def test_what_does_not_check_out_at_the_end_was_never_there(
    ready_postgres_url: str, postgres_url: str, tmp_path: Path
):
    await filled(ready_postgres_url)
    await saved(ready_postgres_url, tmp_path / "copy")
    await migrate_database(postgres_url)
    before = await looked_at(postgres_url)

    def refuse(_: object) -> None:
        raise NotEmpty("no")

    with pytest.raises(NotEmpty):
        await asyncio.to_thread(backup_postgres.copy_in, postgres_url, tmp_path / "copy", force=False, check=refuse)

    assert await looked_at(postgres_url) == before
