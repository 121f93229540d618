"""Fills the disk under the database at argv[1] and prints what becomes of it, line by line.

The disk is a tmpfs of 3 MB where we may mount one in a namespace of our own; elsewhere this process may not let a
file grow beyond 2 MB, which the database meets as an error of the disk.
"""

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from storage.errors import StorageError
from storage.open import open_store
from storage.store import Store

NOW = datetime(2026, 11, 21, tzinfo=UTC)
INSIDE = "TAOLI_SMALL_DISK"


def main(url: str) -> None:
    source = Path(url.removeprefix("sqlite:///"))
    small = source.parent / "small"
    small.mkdir(exist_ok=True)
    if INSIDE in os.environ:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "taoli", str(small)], check=True)
        (small / "ballast").write_bytes(bytes(1_000_000))
        free = (small / "ballast").unlink
    elif can_mount():
        os.execvpe("unshare", ["unshare", "-m", sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    else:
        free = limit_files()
    print("tmpfs" if INSIDE in os.environ else "limit")
    copy = shutil.copy(source, small / "taoli.db")
    asyncio.run(story(f"sqlite:///{copy}", free))
    with sqlite3.connect(copy) as connection:
        print(connection.execute("pragma integrity_check").fetchone()[0])


def can_mount() -> bool:
    attempt = ["unshare", "-m", "mount", "-t", "tmpfs", "taoli", "/mnt"]
    try:
        return subprocess.run(attempt, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def limit_files() -> Callable[[], None]:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


async def story(url: str, free: Callable[[], None]) -> None:
    store = await open_store(url)
    kept = await fill(store)
    print("refused")
    found = [await is_kept(store, number) for number in range(kept + 3)]
    print("kept" if kept and found == [True] * kept + [False] * 3 else f"lost {found}")
    free()
    print("healed" if await receive(store, kept) and await is_kept(store, kept) else "still full")
    await store.close()


async def fill(store: Store) -> int:
    """Write until the disk is full; how many events were acknowledged."""
    for number in range(1000):
        try:
            await receive(store, number)
        except StorageError:
            return number
    raise AssertionError("the disk does not fill")


async def receive(store: Store, number: int) -> bool:
    body = number.to_bytes(4, "big") * 5_000
    return await store.write(lambda tx: tx.inbox.receive(str(number), channel="c", kind="k", body=body, now=NOW))


async def is_kept(store: Store, number: int) -> bool:
    statement = "select count(*) from inbox where key = ?"
    return await store.read(lambda tx: tx.connection.exec_driver_sql(statement, (str(number),)).scalar_one()) == 1


if __name__ == "__main__":
    main(sys.argv[1])
