"""How fast the planner is, and that it does not grow with the company, as one JSON on standard output.

    python bench/planner.py [--quick] [--postgres URL]

A  `tick`: the rows whose time has come are made anew and the best 200, or 10 000, are chosen (ms in the transaction,
   and of the processor).
B  `upkeep`: what a piece of news costs, in turns: its customer's row read and written back with the facts put in by
   hand (`row`), the same by the product's rule (`learned`), with the due row that follows (`kept`), and with the
   signal kept too (`heard`); µs per event in transactions of 200, commit included, and of the processor before the
   commit (on PostgreSQL: our own share of it). `upkeep` is `kept` less `row`, `due_row` is `kept` less `learned`.
C  `plan`: the asks of a day, from the first transaction to the last; no transaction may hold up a running bot for long.

All of it goes through the product's own store, on SQLite in a temporary folder or on an empty PostgreSQL database, for
100 000 and for 1 000 000 customers. Figures are medians over rounds. `--quick` takes 1 000 and 4 000: it shows that
the bench runs, not how fast anything is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import crowd
from crowd import NOW
from sqlalchemy import bindparam, update

from bot.planning import plan_day
from referral import campaigns, due_rows, moments
from referral.facts import Facts
from referral.moments import Moment
from referral.signals import Signal, SignalKind
from storage import tables as t
from storage.moments import COLUMNS, values_of
from storage.open import migrate_database, open_store
from storage.prepared import PreparedChange
from storage.store import Store, Unit
from storage.times import ms
from storage.transaction import Transaction

T = TypeVar("T")

LIMITS = {"best_200_ms": 2.0, "best_10000_ms": 15.0, "upkeep_us": 15.0, "longest_transaction_ms": 60.0}
TOGETHER = 200
_ROW = update(t.moments).where(t.moments.c.person == bindparam("who"))
_FACTS = PreparedChange(_ROW.values({name: bindparam(name) for name in COLUMNS if name != "person"}))
_LATE = 5  # rows whose time comes between two ticks


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small companies, few rounds")
    parser.add_argument("--postgres", metavar="URL", help="an empty database to use instead of SQLite")
    args = parser.parse_args()
    sizes = (1_000, 4_000) if args.quick else (100_000, 1_000_000)
    rounds = 3 if args.quick else 30
    with tempfile.TemporaryDirectory(prefix="taoli-bench-") as folder:
        began = time.perf_counter()
        figures = {str(size): asyncio.run(_measured(size, rounds, args.postgres, Path(folder))) for size in sizes}
    told = {"limits": LIMITS, "customers": figures, "machine": _machine(args.postgres)}
    told["run_seconds"] = round(time.perf_counter() - began, 1)
    print(json.dumps(told, ensure_ascii=False, indent=2))


async def _measured(size: int, rounds: int, postgres: str | None, folder: Path) -> dict[str, Any]:
    url = postgres or f"sqlite:///{folder / f'{size}.db'}"
    await migrate_database(url)
    store, facts = await open_store(url), crowd.house()
    try:
        began = time.perf_counter()
        await crowd.settle(store, size, facts.policy)
        made = round(time.perf_counter() - began, 1)
        bench = Bench(store, facts, size, rounds)
        return {
            "made_seconds": made,
            **await bench.census(),
            "tick": await bench.ticks(),
            "upkeep": await bench.upkeep(),
            "plan": await bench.plan(),
        }
    finally:
        await store.write(_clear)
        await store.close()


@dataclass(slots=True)
class Bench:
    """One company in its store."""

    store: Store
    facts: Facts
    size: int
    rounds: int
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    async def census(self) -> dict[str, Any]:
        """How many customers stand where, in percent."""
        counted = await self.store.read(lambda tx: tx.moments.by_reason())
        states = {state: sum(n for (each, _), n in counted.items() if each == state) for state in moments.State}
        return {f"{state.value}_percent": round(100 * n / self.size, 1) for state, n in states.items()}

    async def ticks(self) -> dict[str, Any]:
        """Choose the best, after the rows that are due have been made anew."""
        told: dict[str, Any] = {"late_rows": _LATE}
        for name, most in (("best_200", 200), ("best_10000", 10_000), ("late_rows", 0)):
            told[f"{name}_ms"], told[f"{name}_cpu_ms"] = await self._tick(most)
        return told

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

    async def _tick(self, most: int) -> tuple[float, float]:
        """Medians of time passed and of the processor's, in ms."""
        took: list[tuple[float, float]] = []
        for number in range(self.rounds + 1):
            await self.store.write(lambda tx: _make_late(tx, self._someone(_LATE)))
            took.append(await self.store.write(_timed(lambda tx: self._choose(tx, most))))
            assert number or took.pop()  # the first time warms up
        passed, used = (round(median(each), 3) for each in zip(*took, strict=True))
        return passed, used

    def _choose(self, tx: Transaction, most: int) -> None:
        assert due_rows.look_again(tx, self.facts, now=NOW) == _LATE
        if most:
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


def _clear(tx: Transaction) -> None:
    """A PostgreSQL database is left with empty tables."""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.exec_driver_sql("truncate people, reps, campaigns, jobs, outbox cascade")


def _machine(postgres: str | None) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "database": "PostgreSQL" if postgres else f"SQLite {sqlite3.sqlite_version}",
        "sqlalchemy": version("sqlalchemy"),
        "processors": os.cpu_count(),
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
