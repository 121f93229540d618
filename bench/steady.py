"""A steady light load: so many rep texts a second, come what may, each timed from when it was due.

    python bench/steady.py CORP TOKEN AES_KEY

Reads one JSON order a line (`port`, `seconds`, `per_second`, `first` id), prints one JSON result a line: `latencies_ms`
of every request. One that waits for a free connection waits on the clock, as a platform's would.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from itertools import islice

from envelopes import Account, Post, rep_texts
from load import PATH, complete
from loops import run

CONNECTIONS = 8
_PATIENCE_S = 10


class Line:
    """One kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Line:
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> None:
        """Send one request and wait for its answer; raise `RuntimeError` if it is not 200."""
        self._writer.write(request)
        got = b""
        while not (got and complete(got)):
            got += await asyncio.wait_for(self._reader.read(65536), _PATIENCE_S) or b"HTTP/1.1 cut off"
        if not got.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"answered {got[:200]!r}")

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def play(order: dict[str, float], account: Account) -> dict[str, list[float]]:
    """Carry out one order."""
    rate, first, at = int(order["per_second"]), int(order["first"]), int(time.time())
    post = Post(account, PATH)
    said = islice(rep_texts(account, first, at=at), int(rate * order["seconds"]))
    sealed = [post.request(inner, timestamp=at, nonce=str(first + n)) for n, (_, _, inner) in enumerate(said)]
    free: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await Line.open(int(order["port"])))
    took: list[float] = []
    gc.disable()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, request in enumerate(sealed):
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(_timed(request, due, free, took))
    gc.enable()
    while not free.empty():
        free.get_nowait().close()
    return {"latencies_ms": took}


async def _timed(request: bytes, due: float, free: asyncio.Queue[Line], took: list[float]) -> None:
    line = await free.get()
    await line.ask(request)
    took.append((time.perf_counter() - due) * 1e3)
    free.put_nowait(line)


async def obey(account: Account) -> None:
    """Carry out the orders of standard input until it ends."""
    loop = asyncio.get_running_loop()
    while order := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await play(json.loads(order), account)), flush=True)


if __name__ == "__main__":
    run(obey(Account(corp=sys.argv[1], token=sys.argv[2], aes_key=sys.argv[3])))
