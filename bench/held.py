"""A file kept in the system's memory, as a server that has run a while has its database there.

A machine whose kernel soon gives up what was not read again, as a virtual one may that shares its memory with others,
would have a bench measure its disk instead. A process beside does the keeping, whose memory is not the bench's:
`python bench/held.py FILE` keeps it until standard input ends.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_LOCKED = getattr(mmap, "MAP_LOCKED", 0x2000)  # Linux's, on the usual processors


@asynccontextmanager
async def held(file: Path) -> AsyncIterator[bool]:
    """Have a file kept; whether it is, else it was only read through once."""
    beside = await asyncio.create_subprocess_exec(sys.executable, __file__, str(file), stdin=PIPE, stdout=PIPE)
    assert beside.stdout
    said = await beside.stdout.readline()
    try:
        yield said == b"held\n"
    finally:
        await beside.communicate(b"")


def main() -> None:
    """Read it, and lock it where it is small beside the machine's memory and the system allows it."""
    with Path(sys.argv[1]).open("rb") as opened:
        while opened.read(1 << 20):
            pass
        locked = _locked(opened.fileno())
        print("held" if locked else "read", flush=True)
        sys.stdin.read()


def _locked(file: int) -> mmap.mmap | None:
    if os.fstat(file).st_size > os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2:
        return None
    try:
        return mmap.mmap(file, 0, flags=mmap.MAP_SHARED | _LOCKED, prot=mmap.PROT_READ)
    except OSError:
        return None


if __name__ == "__main__":
    main()
