"""What an order costs in a grown company, and what the ledger and the codes take, as one JSON on standard output.

    python bench/engine.py [--quick] [--touches 100000 1000000 10000000]

For each number of touches a company a hundredth as large in orders and a tenth in people is laid into a SQLite file:

A  `order`: a friend's order through the product's own use case and store, attributed and both thanks held, each in a
   transaction of its own; ms in the transaction, of the processor, and with the commit. Every fourth names an invite
   code. The companies take turns, so that whatever else the machine does bears on all of them. `growth` compares the
   medians of the largest company and the smallest. `campaign_cap_ms` is what it would take besides to count all friends
   of the largest campaign: only one with a cap on them does, and it has no more than that. `in_memory` says whether
   the system was made to keep the file in its memory (`bench/held.py`); else what it gave up came from disk again.
B  `codes`: a million invite codes made one after another, per second.
C  `ledger`: ten entries for each past order, appended in transactions of 200 (µs per entry, and with the commit);
   proofs of single thanks; everything verified.
D  `peak_mb`: the most memory that was ever resident, in MB (10⁶ bytes), whatever of this was going on.

As in `serve`, garbage collections spare what stood at the start.

`--quick` takes 10 000 and 20 000 touches: it shows that the bench runs, not how fast anything is. The full run wants
some 5 GB for a while in the folder for temporary files.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import company
import crowd
from company import Size
from crowd import NOW
from held import held

from referral import codes, orders
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.ids import new_id
from referral.ledger import Entry
from referral.orders import Order, Outcome
from storage import proofs
from storage.open import migrate_database, open_store
from storage.store import Store
from storage.times import ms
from storage.transaction import Transaction

TOUCHES, QUICK = (100_000, 1_000_000, 10_000_000), (10_000, 20_000)
LIMITS = {
    "p99_ms": 5.0,
    "growth": 1.3,
    "per_second": 200_000,
    "p50_append_us": 50.0,
    "p50_proof_ms": 1.0,
    "verify_seconds_per_million": 20.0,
    "peak_mb": 400,
}
TOGETHER = 200
_MOVES = (("held", "campaign", "held"), ("reversed", "held", "campaign")) * 2
_LIFE = (*_MOVES[:3], ("granted", "held", "granted"), ("expired", "granted", "campaign"))
"""How a thanks moves whose person chose another form: kind, out of which account, into which."""


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small companies, few rounds")
    parser.add_argument("--touches", type=int, nargs="+", default=TOUCHES, metavar="COUNT")
    asked = parser.parse_args()
    sizes = [Size(touches=count) for count in sorted(QUICK if asked.quick else asked.touches)]
    rounds = 30 if asked.quick else 2_000
    began, load = time.perf_counter(), os.getloadavg()
    made = _codes(2_000 if asked.quick else 1_000_000)
    with tempfile.TemporaryDirectory(prefix="taoli-bench-") as folder:
        figures = asyncio.run(_measured(sizes, rounds, Path(folder)))
    first, last = (figures[str(size.touches)]["order"] for size in (sizes[0], sizes[-1]))
    told = {
        "limits": LIMITS,
        "codes": made,
        "touches": figures,
        "growth": round(last["p50_ms"] / first["p50_ms"], 2),
        "growth_cpu": round(last["p50_cpu_ms"] / first["p50_cpu_ms"], 2),
        "peak_mb": _peak_mb(),
        "machine": _machine(load[0]),
        "run_seconds": round(time.perf_counter() - began, 1),
    }
    print(json.dumps(told, ensure_ascii=False, indent=2))


async def _measured(sizes: Sequence[Size], rounds: int, folder: Path) -> dict[str, Any]:
    facts, figures = crowd.house(), {}
    gc.collect()
    gc.freeze()
    companies = [Bench(facts, size, rounds, folder / f"{size.touches}.db") for size in sizes]
    for bench in companies:
        figures[str(bench.size.touches)] = {**await bench.found(), "ledger": await bench.ledger()}
    async with AsyncExitStack() as opened:
        for bench in companies:
            await opened.enter_async_context(bench.at_work())
        for _ in range(10):
            for bench in companies:
                await bench.take_orders(rounds // 10)
        for bench in companies:
            figures[str(bench.size.touches)]["order"] = await bench.orders()
    return figures


@dataclass(slots=True)
class Bench:
    """One company in its file."""

    facts: Facts
    size: Size
    rounds: int
    file: Path
    campaign: str = ""
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    friends: list[tuple[str, str]] = field(default_factory=list)
    inside: list[tuple[float, float]] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    in_memory: bool = False
    store: Store = field(init=False)

    async def found(self) -> dict[str, Any]:
        """Make it, in a process of its own: what that takes is no memory of the product's."""
        began = time.perf_counter()
        await migrate_database(self._url)
        async with self.at_work():
            self.campaign = await company.found(self.store, self.facts.words)
        with ProcessPoolExecutor(1) as beside:
            laid = beside.submit(company.lay, self.file, self.size, self.campaign)
            await asyncio.wrap_future(laid)
        return {
            "people": self.size.people,
            "past_orders": self.size.orders,
            "made_seconds": round(time.perf_counter() - began, 1),
            "file_mb": _megabytes(self.file),
        }

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Open its store. The system has the file in its memory, as with any server that has run a while."""
        async with held(self.file) as self.in_memory:
            self.store = await open_store(self._url)
            try:
                yield
            finally:
                await self.store.close()

    async def take_orders(self, count: int) -> None:
        """Orders of friends who have not bought yet, one after another."""
        for _ in range(min(count, len(self.friends))):
            friend, code = self.friends.pop()
            order, buyer = self._order(len(self.friends), code), self._buyer(friend)
            began = time.perf_counter()
            self.inside.append(await self.store.write(_timed(lambda tx, o=order, b=buyer: self._place(tx, o, b))))
            self.whole.append((time.perf_counter() - began) * 1e3)

    async def orders(self) -> dict[str, Any]:
        """What they took; the first tenth warmed up."""
        warm = len(self.inside) // 10
        passed, used = zip(*self.inside[warm:], strict=True)
        return {
            "orders": len(passed),
            "in_memory": self.in_memory,
            **_spread(passed, "ms"),
            **_spread(used, "cpu_ms"),
            **_spread(self.whole[warm:], "with_commit_ms"),
            "campaign_cap_ms": round(await self.store.read(self._count_friends), 2),
        }

    async def ledger(self) -> dict[str, Any]:
        """Fill it as the product does, prove some of it, verify all of it; and choose who will buy."""
        async with self.at_work():
            self.friends = await self.store.read(self._friends)
            return await self._booked()

    async def _booked(self) -> dict[str, Any]:
        entries, inside, committed = self._entries(), [], []
        while group := list(islice(entries, TOGETHER)):
            began = time.perf_counter()
            took = await self.store.write(_timed(lambda tx, group=group: _append(tx, group)))
            committed.append((time.perf_counter() - began) * 1e6 / len(group))
            inside.append([ms * 1e3 / len(group) for ms in took])
        passed, used = zip(*inside, strict=True)
        proven = await self.store.read(self._prove)
        began, cpu = time.perf_counter(), time.process_time()
        verified = await self.store.read(proofs.verify)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert verified["ok"], verified
        return {
            "entries": verified["size"],
            **_spread(passed, "append_us"),
            **_spread(used, "append_cpu_us"),
            **_spread(committed, "append_with_commit_us"),
            **_spread(proven, "proof_ms"),
            "verify_seconds": round(seconds, 2),
            "verify_cpu_seconds": round(cpu, 2),
            "verify_seconds_per_million": round(seconds * 1e6 / verified["size"], 1),
        }

    @property
    def _url(self) -> str:
        return f"sqlite:///{self.file}"

    def _friends(self, tx: Transaction) -> list[tuple[str, str]]:
        """So many friends and the code they came by last, within the window of their campaign."""
        chosen: dict[str, str] = {}
        rows = tx.connection.exec_driver_sql("select max(rowid) from referrals").scalar_one()
        query = "select friend, code from referrals where rowid = ? and campaign = ? and status = 'pending' and at > ?"
        since = ms(NOW - timedelta(days=25))
        for _ in range(200 * self.rounds):
            row = tx.connection.exec_driver_sql(query, (self.rng.randint(1, rows), self.campaign, since)).first()
            if row:
                chosen[row.friend] = row.code
            if len(chosen) == self.rounds:
                break
        return list(chosen.items())

    def _count_friends(self, tx: Transaction) -> float:
        began = time.perf_counter()
        assert tx.rewards.counted_friends(self.campaign, None, None) >= self.size.orders
        return (time.perf_counter() - began) * 1e3

    def _place(self, tx: Transaction, order: Order, buyer: list[Identity]) -> None:
        answer = orders.place(tx, self.facts, order, buyer, now=NOW, rng=self.rng)
        assert answer.outcome is Outcome.HELD, answer

    def _order(self, number: int, code: str) -> Order:
        return Order(
            id=new_id(self.rng, "o"),
            source="shop",
            order_no=f"new{number}",
            kind=orders.MONEY,
            amount_fen=39_900,
            paid_at=NOW,
            received_at=NOW,
            digest="",
            code=code if number % 4 == 0 else None,
        )

    def _buyer(self, friend: str) -> list[Identity]:
        return [
            Identity(IdentityKind.PHONE, company.phone(company.number_of(friend), self.size)),
            Identity(IdentityKind.WECOM, f"wm{friend[1:]}"),
        ]

    def _entries(self) -> Iterator[tuple[Entry, bytes]]:
        """Every past thanks goes through all that a thanks can go through, one step of all of them after another."""
        purse = f"campaign:{self.campaign}"
        for kind, credit, debit in _LIFE:
            for number in range(2, 2 * self.size.orders + 2):
                person = company.person(number * 7919 % self.size.people, self.size)
                accounts = {"campaign": purse, "held": f"{person}:held", "granted": f"{person}:granted"}
                entry = Entry(
                    id=new_id(self.rng, "e"),
                    at=NOW,
                    kind=kind,
                    debit=accounts[debit],
                    credit=accounts[credit],
                    unit="days",
                    amount=30,
                    ref=company.reward(number, self.size),
                )
                yield entry, self.rng.randbytes(16)

    def _prove(self, tx: Transaction) -> list[float]:
        """How long proofs take, in ms, of any thanks."""
        took = []
        for _ in range(self.rounds):
            name = company.reward(self.rng.randrange(2, 2 * self.size.orders + 2), self.size)
            began = time.perf_counter()
            proofs.prove(tx, name)
            took.append((time.perf_counter() - began) * 1e3)
        return took


def _append(tx: Transaction, group: list[tuple[Entry, bytes]]) -> None:
    for entry, salt in group:
        tx.ledger.append(entry, salt)


def _codes(count: int) -> dict[str, int]:
    """How many codes can be made in a second, and in one of the processor."""
    began, used = time.perf_counter(), time.process_time()
    for row in range(count):
        codes.encode(row, company.KEY)
    passed, used = time.perf_counter() - began, time.process_time() - used
    return {"made": count, "per_second": round(count / passed), "per_cpu_second": round(count / used)}


def _timed(unit: Callable[[Transaction], None]) -> Callable[[Transaction], tuple[float, float]]:
    """A unit that answers how long it took, and the processor with it, in ms, its commit not counted."""

    def run(tx: Transaction) -> tuple[float, float]:
        began, used = time.perf_counter(), time.thread_time()
        unit(tx)
        return (time.perf_counter() - began) * 1e3, (time.thread_time() - used) * 1e3

    return run


def _spread(took: list[float] | tuple[float, ...], unit: str) -> dict[str, float]:
    """The median and the 99th percentile."""
    return {f"p50_{unit}": round(median(took), 2), f"p99_{unit}": round(quantiles(took, n=100)[98], 2)}


def _megabytes(file: Path) -> int:
    return round(file.stat().st_size / 1e6)


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


def _machine(load: float) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "sqlalchemy": version("sqlalchemy"),
        "processors": os.cpu_count(),
        "load_before": round(load, 1),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
