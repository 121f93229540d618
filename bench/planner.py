"""How fast the planner is, and that it does not grow with the company, as one JSON on standard output.

    python bench/planner.py [--quick] [--customers 1000000 10000000] [--world FILE] [--postgres URL]

A  `best`: the best 200, or 10 000, of those who are ready are chosen, as at the beginning of every tick (ms in the
   transaction, and of the processor). The companies take turns, so that whatever else the machine does bears on all;
   `growth` compares the largest with the smallest. `late_rows_ms` is what the rows take whose time has come, which the
   tick makes anew first.
B  `upkeep`: what a piece of news costs, in turns: its customer's row read and written back with the facts put in by
   hand (`row`), the same by the product's rule (`learned`), with the due row that follows (`kept`), and with the
   signal kept too (`heard`); µs per event in transactions of 200, commit included, and of the processor before the
   commit (on PostgreSQL: our own share of it). `upkeep` is `kept` less `row`, `due_row` is `kept` less `learned`.
C  `plan`: the asks of a day, from the first transaction to the last; no transaction may hold up a running bot for long.
D  `night`: what the model takes for the smallest company, in a process of its own (`bench/night.py`).
E  `rehearsal`: `taoli rehearse` in a world of 6 000 customers and 180 days (`bench/rehearsed.py`), null where the world
   is missing.

All of it goes through the product's own store, for 1 000 000 and for 10 000 000 customers. Figures are medians over
rounds; `holds` says which limits they keep to. SQLite's files are in memory where there is room (/dev/shm, 5 GB), as
with a server that has run a while, else in a temporary folder. On an empty PostgreSQL database the companies are made
one by one: take smaller ones. `--quick` takes 1 000 and 4 000 and a rehearsal of a week: it shows that the bench runs,
not how fast anything is.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import crowd
from crowd import NOW
from night import night
from rehearsed import rehearsed
from sqlalchemy import bindparam, update

from bot.planning import plan_day
from referral import campaigns, due_rows, moments
from referral.facts import Facts
from referral.moments import Moment
from referral.signals import Signal, SignalKind
from storage import tables as t
from storage.moments import COLUMNS, values_of
from storage.open import open_store
from storage.prepared import PreparedChange
from storage.store import Store, Unit
from storage.times import ms
from storage.transaction import Transaction

T = TypeVar("T")

LIMITS = {
    "best_200_ms": 1.0,
    "best_10000_ms": 10.0,
    "growth": 1.2,
    "upkeep_us": 10.0,
    "longest_transaction_ms": 60.0,
    "update_seconds": 60.0,
    "rescore_seconds": 60.0,
    "night_peak_mb": 1000,
    "rehearsal_seconds": 60.0,
}
SIZES, QUICK = (1_000_000, 10_000_000), (1_000, 4_000)
MOST = {"best_200": 200, "best_10000": 10_000}
TOGETHER = 200
_ROW = update(t.moments).where(t.moments.c.person == bindparam("who"))
_FACTS = PreparedChange(_ROW.values({name: bindparam(name) for name in COLUMNS if name != "person"}))
_LATE = 5  # rows whose time comes between two ticks


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small companies, few rounds, a short rehearsal")
    parser.add_argument("--customers", type=int, nargs="+", default=SIZES, metavar="COUNT")
    parser.add_argument("--world", type=Path, metavar="FILE", help="the program that plays the rehearsal's world")
    parser.add_argument("--postgres", metavar="URL", help="an empty database to use instead of SQLite")
    asked = parser.parse_args()
    sizes = sorted(QUICK if asked.quick else asked.customers)
    began, load = time.perf_counter(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="taoli-bench-", dir=_roomy(sum(sizes))) as folder:
        figures = asyncio.run(_measured(sizes, 3 if asked.quick else 30, asked.postgres, Path(folder)))
    lasts = {"customers": 600, "days": 7} if asked.quick else {"customers": 6_000, "days": 180}
    figures["rehearsal"] = rehearsed(asked.world, **lasts)
    told = {"limits": LIMITS, "holds": _holds(figures), **figures, "machine": _machine(asked.postgres, load)}
    told["run_seconds"] = round(time.perf_counter() - began, 1)
    print(json.dumps(told, ensure_ascii=False, indent=2))


async def _measured(sizes: Sequence[int], rounds: int, postgres: str | None, folder: Path) -> dict[str, Any]:
    """Companies in files stand side by side; of those on PostgreSQL, in one database, each has its turn."""
    urls = {size: postgres or f"sqlite:///{folder / f'{size}.db'}" for size in sizes}
    companies: dict[str, dict[str, Any]] = {str(size): {} for size in sizes}
    for some in [[size] for size in sizes] if postgres else [sizes]:
        for size in some:
            companies[str(size)]["made_seconds"] = round(await _beside(_timed_call, crowd.lay, urls[size], size), 1)
        async with AsyncExitStack() as opened:
            benches = [await opened.enter_async_context(_at_work(urls[size], size, rounds)) for size in some]
            await _take_turns(benches)
            for bench in benches:
                companies[str(bench.size)] |= await bench.figures()
        if some[0] == sizes[0]:
            model = await _beside(night, urls[sizes[0]], sizes[0], max(100, sizes[0] // 100))
        if postgres:
            await _emptied(postgres)
    first, last = (companies[str(size)]["best"]["best_10000_ms"] for size in (sizes[0], sizes[-1]))
    return {"customers": companies, "growth": round(last / first, 2), "night": model}


async def _take_turns(benches: Sequence[Bench]) -> None:
    """The first time warms up."""
    for number in range(1 + 3 * benches[0].rounds):
        for bench in benches:
            for name in MOST:
                took = await bench.choose(name)
                if number:
                    bench.took[name].append(took)


@asynccontextmanager
async def _at_work(url: str, size: int, rounds: int) -> AsyncIterator[Bench]:
    store = await open_store(url)
    gc.collect()
    gc.freeze()  # as `serve` does
    try:
        yield Bench(store, crowd.house(), size, rounds)
    finally:
        await store.close()


async def _beside(work: Callable[..., T], *given: Any) -> T:
    """Do it in a process of its own: what it takes is no memory of ours."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *given)


def _timed_call(work: Callable[..., None], *given: Any) -> float:
    began = time.perf_counter()
    work(*given)
    return time.perf_counter() - began


def _roomy(customers: int) -> str | None:
    """Where that many customers have room in memory, twice over; None where the system has no such place."""
    shelf = Path("/dev/shm")
    return str(shelf) if shelf.is_dir() and shutil.disk_usage(shelf).free > 1000 * customers else None


def _holds(figures: dict[str, Any]) -> dict[str, bool | None]:
    """Which limits are kept, by every company; None where a figure is missing."""
    companies = figures["customers"].values()
    worst = {name: max(each["best"][name] for each in companies) for name in ("best_200_ms", "best_10000_ms")}
    worst |= {"growth": figures["growth"], "upkeep_us": max(each["upkeep"]["upkeep_us"] for each in companies)}
    worst["longest_transaction_ms"] = max(each["plan"]["longest_transaction_ms"] for each in companies)
    worst |= {name: figures["night"][name] for name in ("update_seconds", "rescore_seconds")}
    worst["night_peak_mb"] = figures["night"]["peak_mb"]
    held: dict[str, bool | None] = {name: worst[name] <= LIMITS[name] for name in worst}
    rehearsal = figures["rehearsal"]
    return held | {"rehearsal_seconds": rehearsal and rehearsal["seconds"] <= LIMITS["rehearsal_seconds"]}


@dataclass(slots=True)
class Bench:
    """One company in its store."""

    store: Store
    facts: Facts
    size: int
    rounds: int
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    took: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {name: [] for name in MOST})

    async def figures(self) -> dict[str, Any]:
        """Everything about one company; the choices were made before."""
        return {
            **await self.census(),
            "best": self.best() | await self.late_rows(),
            "upkeep": await self.upkeep(),
            "plan": await self.plan(),
        }

    async def choose(self, name: str) -> tuple[float, float]:
        """The best of those who are ready: time passed and of the processor, in ms."""
        return await self.store.read(_timed(lambda tx: self._choose(tx, MOST[name])))

    def best(self) -> dict[str, float]:
        """Medians of time passed and of the processor's, in ms."""
        told = {}
        for name, took in self.took.items():
            told[f"{name}_ms"], told[f"{name}_cpu_ms"] = (round(median(each), 3) for each in zip(*took, strict=True))
        return told

    async def census(self) -> dict[str, Any]:
        """How many customers stand where, in percent."""
        counted = await self.store.read(lambda tx: tx.moments.by_reason())
        states = {state: sum(n for (each, _), n in counted.items() if each == state) for state in moments.State}
        return {f"{state.value}_percent": round(100 * n / self.size, 1) for state, n in states.items()}

    async def late_rows(self) -> dict[str, float]:
        """What the rows take whose time has come between two ticks."""
        took: list[float] = []
        for number in range(self.rounds + 1):
            await self.store.write(lambda tx: _make_late(tx, self._someone(_LATE)))
            passed, _ = await self.store.write(_timed(self._look_again))
            if number:
                took.append(passed)
        return {"late_rows": _LATE, "late_rows_ms": round(median(took), 3)}

    async def upkeep(self) -> dict[str, Any]:
        """The ways to take news in, a transaction of each in turn."""
        ways = {"row": self._row, "learned": self._learned, "kept": self._kept, "heard": self._heard}
        took: dict[str, list[float]] = {name: [] for name in ways}
        used: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(2 * self.rounds):
            for name, way in ways.items():
                unit = _taking(self._news(number), way)
                began = time.perf_counter()
                used[name].append(await self.store.write(unit))
                took[name].append(time.perf_counter() - began)
        figures = {"events": 2 * self.rounds * TOGETHER, "together": TOGETHER}
        return figures | _per_event(took, "us") | _per_event(used, "cpu_us")

    async def plan(self) -> dict[str, Any]:
        """A day's plan, as the clock makes it."""
        await self.store.write(lambda tx: _campaign(tx, self.facts, self.rng))
        watched = Watched(self.store)
        began = time.perf_counter()
        tally = await plan_day(watched, self.facts, clock=lambda: NOW + timedelta(hours=1), rng=self.rng)
        return {
            "asks": tally.sent + tally.listed,
            "seconds": round(time.perf_counter() - began, 3),
            "transactions": len(watched.took),
            "longest_transaction_ms": round(max(watched.took), 1),
            "median_transaction_ms": round(median(watched.took), 1),
        }

    def _look_again(self, tx: Transaction) -> None:
        assert due_rows.look_again(tx, self.facts, now=NOW) >= _LATE

    def _choose(self, tx: Transaction, most: int) -> None:
        assert len(tx.moments.best(most)) == most or self.size < 1_000_000

    def _row(self, tx: Transaction, signal: Signal) -> None:
        _FACTS.run(tx.connection, _facts_of(tx.moments.get(signal.person), signal))

    def _learned(self, tx: Transaction, signal: Signal) -> None:
        values = values_of(moments.heard(tx.moments.get(signal.person), signal))
        values["who"] = values.pop("person")
        _FACTS.run(tx.connection, values)

    def _kept(self, tx: Transaction, signal: Signal) -> None:
        known = tx.moments.get(signal.person)
        due_rows.keep(tx, self.facts, moments.heard(known, signal), now=signal.at)

    def _heard(self, tx: Transaction, signal: Signal) -> None:
        assert due_rows.hear(tx, self.facts, signal, now=signal.at)

    def _news(self, number: int) -> list[Signal]:
        at = NOW + timedelta(seconds=number)
        news = []
        for person in self._someone(TOGETHER):
            if self.rng.random() < 0.5:
                news.append(Signal(person=person, kind=SignalKind.PRAISE, at=at, source="hook"))
            else:
                score = float(self.rng.randrange(5, 11))
                news.append(Signal(person=person, kind=SignalKind.SURVEY, at=at, source="hook", score=score))
        return news

    def _someone(self, count: int) -> list[str]:
        return [crowd.person(number) for number in self.rng.sample(range(self.size), count)]


class Watched:
    """A store that notes how long each transaction took, in ms."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.took: list[float] = []

    async def write(self, unit: Unit[T]) -> T:
        """As the store, with an eye on the clock."""
        began = time.perf_counter()
        result = await self._store.write(unit)
        self.took.append((time.perf_counter() - began) * 1e3)
        return result

    async def read(self, unit: Unit[T]) -> T:
        """As the store."""
        return await self._store.read(unit)

    async def close(self) -> None:
        """As the store."""
        await self._store.close()


def _timed(unit: Callable[[Transaction], None]) -> Unit[tuple[float, float]]:
    """A unit that answers how long it took, and the processor with it, in ms, its commit not counted."""

    def run(tx: Transaction) -> tuple[float, float]:
        began, used = time.perf_counter(), time.thread_time()
        unit(tx)
        return (time.perf_counter() - began) * 1e3, (time.thread_time() - used) * 1e3

    return run


def _taking(news: list[Signal], way: Callable[[Transaction, Signal], None]) -> Unit[float]:
    """A unit that takes news in and answers how long the processor was at it, in seconds."""

    def run(tx: Transaction) -> float:
        began = time.thread_time()
        for signal in news:
            way(tx, signal)
        return time.thread_time() - began

    return run


def _facts_of(known: Moment, signal: Signal) -> dict[str, Any]:
    """The columns of a moment with the news in them, put there by hand: a row update and nothing else."""
    values = values_of(known)
    values["who"] = values.pop("person")
    values["seen_at"] = values["good_at"] = ms(signal.at)
    if signal.score is not None:
        values["surveyed_at"], values["satisfaction"] = ms(signal.at), signal.score
    values["good"] = signal.kind.value
    return values


def _make_late(tx: Transaction, people: list[str]) -> None:
    statement = update(t.moments).where(t.moments.c.person == bindparam("who")).values(due_at=ms(NOW))
    tx.connection.execute(statement, [{"who": person} for person in people])


def _campaign(tx: Transaction, facts: Facts, rng: random.Random) -> None:
    terms = facts.words.pack("double-month").terms  # type: ignore[attr-defined]  # the real `Words`
    campaigns.start(
        tx, pack="double-month", name="bench", terms=terms, starts_at=None, ends_at=None, budget_fen=0, now=NOW, rng=rng
    )


async def _emptied(url: str) -> None:
    """A PostgreSQL database is left with empty tables."""
    store = await open_store(url)
    try:
        await store.write(_empty)
    finally:
        await store.close()


def _empty(tx: Transaction) -> None:
    tx.connection.exec_driver_sql("truncate people, reps, campaigns, jobs, outbox, models cascade")


def _machine(postgres: str | None, load: float) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "database": "PostgreSQL" if postgres else f"SQLite {sqlite3.sqlite_version}",
        "sqlalchemy": version("sqlalchemy"),
        "processors": os.cpu_count(),
        "load_at_start": round(load, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def _per_event(seconds: dict[str, list[float]], unit: str) -> dict[str, float]:
    """Medians over the transactions in µs per event, and of the differences between neighbours in time."""
    us = {f"{name}_{unit}": _us(each) for name, each in seconds.items()}
    for name, less in (("upkeep", "row"), ("due_row", "learned")):
        us[f"{name}_{unit}"] = _us([a - b for a, b in zip(seconds["kept"], seconds[less], strict=True)])
    return us


def _us(seconds: list[float]) -> float:
    return round(median(seconds) * 1e6 / TOGETHER, 1)


if __name__ == "__main__":
    main()
