"""The engine proof: many thousand random histories, each told to the engine and to a model of plain dicts.

`python tests/proofs/engine.py [--sequences N] [--database sqlite|postgres|both] [--jobs N] [--seed N]` prints JSON, and
exits 1 if the two differed anywhere, if books did not balance after any step, if anybody was credited wrongly, or if of
a thousand orders at once one more was thanked than the budget is good for.

A history is what people and colleagues do: touches, adds, deletions, orders, trials, visits, refunds, merges, edits,
time passing; told twice, too late or in another order (tests/engine/histories.py). What fails is told again with ever
fewer steps, and the least that still fails is printed. The same seed tells the same histories, with any number of jobs.
On PostgreSQL a tenth as many are told: each statement there costs a way to the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run as a script, this folder is no place for imports, and the project is
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from storage.open import migrate_database
from tests.engine.books import engine_on
from tests.engine.histories import random_history, smaller
from tests.engine.telling import play
from tests.fixtures.postgres_server import private_postgres
from tests.proofs.stampede import expected, stampede

BATCH = 100
CROWD = 1000
LOOK_EVERY = 5
MOST_SHOWN = 5
PER_WRONG = 10_000


@dataclass(slots=True)
class Tally:
    """What came of some histories."""

    sequences: int = 0
    steps: int = 0
    events: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in what came of more."""
        self.sequences += other.sequences
        self.steps += other.steps
        self.events += other.events
        self.wrong += other.wrong
        self.reached += other.reached
        self.problems += other.problems

    def report(self, seconds: float) -> dict[str, Any]:
        """The figures, in numbers of histories, steps and events."""
        names = ("engine", "a_counter_of_adds", "a_counter_of_sales")
        return {
            "sequences": self.sequences,
            "steps": self.steps,
            "events": self.events,
            "reached": dict(self.reached.most_common()),
            f"wrong_credits_per_{PER_WRONG}_events": {
                name: round(self.wrong[name] * PER_WRONG / max(1, self.events), 1) for name in names
            },
            "seconds": round(seconds, 1),
            "failing": len(self.problems),
            "problems": self.problems[:MOST_SHOWN],
        }


def told(url: str, seed: int, count: int) -> Tally:
    """Tell `count` histories, drawn from `seed`, on a migrated and empty database."""
    rng, tally = random.Random(seed), Tally()
    engine = engine_on(url)
    with engine.connect() as connection:
        for number in range(count):
            offers, steps = random_history(rng)
            came = play(connection, (offers, steps), look_every=LOOK_EVERY)
            tally.sequences += 1
            tally.steps += len(steps)
            tally.events += came.events
            tally.reached.update(came.reached)
            for name, wrong in zip(("engine", "a_counter_of_adds", "a_counter_of_sales"), came.wrong, strict=True):
                tally.wrong[name] += wrong
            if came.problem and len(tally.problems) < MOST_SHOWN:
                least = smaller((offers, steps), lambda each: bool(play(connection, each).problem))
                problem = play(connection, least).problem or came.problem
                named = {"batch": seed, "history": number, "offers": least[0], "steps": least[1], "problem": problem}
                tally.problems.append(named)
    engine.dispose()
    return tally


def prove(urls: list[str], *, sequences: int, seed: int) -> dict[str, Any]:
    """Tell histories on several databases at once, each by a process of its own."""
    began, whole = time.monotonic(), Tally()
    sizes = [min(BATCH, sequences - start) for start in range(0, sequences, BATCH)]
    seeds = random.Random(seed).sample(range(10**9), len(sizes))
    lanes = [list(zip(seeds, sizes, strict=True))[lane :: len(urls)] for lane in range(len(urls))]
    with ProcessPoolExecutor(len(urls)) as pool:
        running = {}
        waiting: dict[str, Iterator[tuple[int, int]]] = {url: iter(lane) for url, lane in zip(urls, lanes, strict=True)}

        def send(url: str) -> None:
            if batch := next(waiting[url], None):
                running[pool.submit(told, url, *batch)] = url

        for url in urls:
            send(url)
        while running:
            done = next(as_completed(running))
            url = running.pop(done)
            came = done.result()
            whole.add(came)
            for problem in came.problems:
                print(json.dumps(problem, ensure_ascii=False, default=str), file=sys.stderr, flush=True)
            _say(whole, sequences, time.monotonic() - began)
            send(url)
    return whole.report(time.monotonic() - began)


def _say(whole: Tally, sequences: int, seconds: float) -> None:
    left = seconds / whole.sequences * (sequences - whole.sequences)
    wrong = f", {len(whole.problems)} failing" if whole.problems else ""
    print(f"{whole.sequences}/{sequences} told{wrong}, {left / 60:.0f} min left", file=sys.stderr, flush=True)


def crowded(url: str, *, stores: int) -> dict[str, Any]:
    """A thousand orders at once for a budget that is good for a few."""
    began = time.monotonic()
    came = asyncio.run(stampede(url, CROWD, stores=stores))
    right = came == expected(CROWD)
    return {"orders_at_once": came | {"right": right, "seconds": round(time.monotonic() - began, 1)}}


def on_sqlite(folder: str, jobs: int, *, sequences: int, seed: int) -> dict[str, Any]:
    """The proof on files of SQLite."""
    urls = [f"sqlite:///{folder}/taoli{lane}.db" for lane in range(jobs)]
    crowd = f"sqlite:///{folder}/crowd.db"
    for url in (*urls, crowd):
        asyncio.run(migrate_database(url))
    return prove(urls, sequences=sequences, seed=seed) | crowded(crowd, stores=1)


def on_postgres(jobs: int, *, sequences: int, seed: int) -> dict[str, Any]:
    """The proof on databases of one PostgreSQL."""
    with private_postgres() as server:
        urls = [server.create(f"engine{lane}") for lane in range(jobs)]
        crowd = server.create("crowd")
        for url in (*urls, crowd):
            asyncio.run(migrate_database(url))
        return prove(urls, sequences=sequences, seed=seed) | crowded(crowd, stores=2)


def main() -> int:
    """Prove it on the databases asked for and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=20_000)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    asked = parser.parse_args()
    report: dict[str, Any] = {
        "seed": asked.seed,
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
    }
    if asked.database in ("sqlite", "both"):
        with tempfile.TemporaryDirectory(prefix="taoli-proof-") as folder:
            report["on_sqlite"] = on_sqlite(folder, asked.jobs, sequences=asked.sequences, seed=asked.seed)
    if asked.database in ("postgres", "both"):
        fewer = asked.sequences if asked.database == "postgres" else max(1, asked.sequences // 10)
        report["on_postgres"] = on_postgres(asked.jobs, sequences=fewer, seed=asked.seed + 1)
    parts = [part for name, part in report.items() if name.startswith("on_")]
    good = all(not part["problems"] and part["orders_at_once"]["right"] for part in parts)
    print(json.dumps({"ok": good} | report, ensure_ascii=False, indent=1, default=str))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
