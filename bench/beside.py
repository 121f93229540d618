"""Callbacks beside posters: what a rep waits for an answer while the same `taoli serve` draws a thousand posters.

A genuine `serve` with a company of a thousand advocates; 50 texts of reps a second by a process of its own, first
alone, then while four readers ask for one new poster after the other, in turns. Every text is stored durably before it
is answered, every poster is drawn, read back and kept. The latencies of all turns are taken together.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

import company
import crowd
from company import Size
from envelopes import Account
from house import port_of, serve
from processes import HERE, Child

from storage.open import migrate_database, open_store

PER_SECOND = 50
READERS = 4


def measure(*, posters: int, turns: int, seconds: float) -> dict[str, Any]:
    """Latencies alone, for so many seconds a turn, and beside the drawing of so many posters, and what that took."""
    with tempfile.TemporaryDirectory(prefix="taoli-bench-") as folder, ExitStack() as running:
        codes = _founded(Path(folder), Size(touches=posters * 100))
        account = Account.make()
        cloud = running.enter_context(Child(str(HERE / "cloud.py")))
        steady = running.enter_context(Child(str(HERE / "steady.py"), account.corp, account.token, account.aes_key))
        server = running.enter_context(serve(Path(folder), account, f"http://127.0.0.1:{int(cloud.line())}"))
        return Beside(server, steady, codes).play(turns, seconds)


class Beside:
    """A server, its load, and the codes whose posters nobody has asked for yet."""

    def __init__(self, server: Child, steady: Child, codes: list[str]) -> None:
        self._server, self._steady, self._codes = server, steady, codes
        self._port = port_of(server)
        self._first = count(1, 1_000_000)

    def play(self, turns: int, each: float) -> dict[str, Any]:
        """All turns; the first texts and the first poster are not counted."""
        self._texts(1.0)
        _fetch(self._port, [self._codes.pop()])
        share = -(-len(self._codes) // turns)
        alone: list[float] = []
        beside: list[float] = []
        drawn, took, used = len(self._codes), 0.0, 0.0
        for start in range(0, drawn, share):
            alone += self._texts(each)
            before = self._server.cpu_seconds()
            seconds, latencies = self._both(self._codes[start : start + share])
            took, used, beside = took + seconds, used + self._server.cpu_seconds() - before, beside + latencies
        return {
            "posters": drawn,
            "posters_per_second": round(drawn / took, 1),
            "alone": _spread(alone),
            "beside": _spread(beside),
            "p99_ratio": round(_p99(beside) / _p99(alone), 2),
            "server_cpu_seconds": round(used, 1),
            "server_mb": round(self._server.resident_mb()),
        }

    def _both(self, codes: list[str]) -> tuple[float, list[float]]:
        """Draw these posters under the load: how long that took, and the latencies until it was done."""
        with ThreadPoolExecutor(1) as aside:
            drawing = aside.submit(_timed_fetch, self._port, codes)
            latencies: list[float] = []
            while not drawing.done():
                latencies += self._texts(1.0)
            return drawing.result(), latencies

    def _texts(self, seconds: float) -> list[float]:
        order = {"port": self._port, "seconds": seconds, "per_second": PER_SECOND, "first": next(self._first)}
        latencies: list[float] = self._steady.order(**order)["latencies_ms"]
        return latencies


def _founded(folder: Path, size: Size) -> list[str]:
    """Lay a company into the database that `serve` will open; the codes of its advocates."""
    file = folder / "taoli.db"
    asyncio.run(_found(file, size))
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("select code from codes order by row")]


async def _found(file: Path, size: Size) -> None:
    await migrate_database(f"sqlite:///{file}")
    store = await open_store(f"sqlite:///{file}")
    campaign = await company.found(store, crowd.house().words)
    await store.close()
    await asyncio.to_thread(company.lay, file, size, campaign)


def _timed_fetch(port: int, codes: Sequence[str]) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(READERS) as readers:
        for done in [readers.submit(_fetch, port, codes[number::READERS]) for number in range(READERS)]:
            done.result()
    return time.perf_counter() - began


def _fetch(port: int, codes: Sequence[str]) -> None:
    """Ask for one poster after another; raise `RuntimeError` for an answer that is none."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as line:
        for code in codes:
            line.request("GET", f"/p/{code}.jpg")
            answer = line.getresponse()
            body = answer.read()
            if answer.status != 200 or not body.startswith(b"\xff\xd8"):
                raise RuntimeError(f"the poster of {code} was answered {answer.status}: {body[:200]!r}")


def _spread(latencies: list[float]) -> dict[str, float]:
    ordered = sorted(latencies)
    return {
        "texts": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2], 2),
        "p99_ms": round(_p99(ordered), 2),
        "worst_ms": round(ordered[-1], 2),
    }


def _p99(latencies: Sequence[float]) -> float:
    return quantiles(latencies, n=100, method="inclusive")[98]
