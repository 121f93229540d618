"""How fast callbacks are answered and how much memory that takes, as one JSON on standard output.

    python bench/callbacks.py [--quick]

A  `replies`: rep text → passive encrypted reply, stored durably first (SQLite, WAL, synchronous=FULL), by a genuine
   `taoli serve`; against a stateless echo on wechatpy and aiohttp, in turns. `ratio` is ours ÷ the echo's, requests/s.
B  `pull`: a desk rings → 100 messages pulled, stored and answered with letters.
C  `memory`: resident MB of idle `serve` and `demo`, and seconds of the demo's story.

Servers, load and platform are processes of their own on 127.0.0.1; figures are medians over rounds. Compare figures of
one run only. `--quick` plays A and B shortly: it shows that the bench runs, not how fast anything is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from envelopes import Account
from house import Database, port_of, serve
from memory import idle
from processes import HERE, ROOT, Child
from pulls import pull
from replies import Side, compare

TARGET_RATIO, AIM_RATIO = 0.7, 1.0
LIMITS = {"serve_limit_mb": 180, "demo_limit_mb": 220, "story_limit_seconds": 20}


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round of A and B")
    quick = parser.parse_args().quick
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="taoli-bench-") as folder:
        figures = _measure(Path(folder), quick=quick)
    figures["run_seconds"] = round(time.perf_counter() - began, 1)
    print(json.dumps(figures, ensure_ascii=False, indent=2))


def _measure(folder: Path, *, quick: bool) -> dict[str, Any]:
    budget = Budget(quick)
    memory = {} if quick else idle(_made(folder / "serve"), _made(folder / "demo"))
    replies, pulled = _speed(_made(folder / "speed"), budget)
    ours, echo = replies["taoli"], replies["echo"]
    return {
        "ratio": round(ours["requests_per_second"] / echo["requests_per_second"], 3),
        "target_ratio": TARGET_RATIO,
        "aim_ratio": AIM_RATIO,
        "cpu_ratio": round(echo["cpu_us_per_request"] / ours["cpu_us_per_request"], 3),
        "loop": ours["loop"],
        "replies": replies,
        "pull": pulled,
        "memory": {**memory, **LIMITS},
        "machine": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "processors": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
        },
    }


def _speed(folder: Path, budget: Budget) -> tuple[dict[str, Any], dict[str, Any]]:
    account = Account.make()
    shared = (account.corp, account.token, account.aes_key)
    with ExitStack() as running:
        cloud = running.enter_context(Child(str(HERE / "cloud.py")))
        echo = running.enter_context(Child(str(HERE / "echo.py"), *shared))
        load = running.enter_context(Child(str(HERE / "load.py"), *shared))
        cloud_port = int(cloud.line())
        taoli = running.enter_context(serve(folder, account, f"http://127.0.0.1:{cloud_port}"))
        bot = port_of(taoli)
        database = running.enter_context(Database(folder))
        sides = {"taoli": Side(taoli, bot, _words("unknown")), "echo": Side(echo, int(echo.line()), None)}
        replies = compare(sides, load, rounds=budget.rounds(until=36), seconds=budget.seconds)
        replies["stored"] = database.stored("wecom")
        replies["answered"] = sides["taoli"].answered
        return replies, pull(account, database, bot=bot, cloud=cloud_port, rounds=budget.rounds(until=42))


class Budget:
    """How long and how often to measure, so that the whole run stays within 45 s on a busy machine too."""

    def __init__(self, quick: bool) -> None:
        self._began = time.perf_counter()
        self._least, self._most = (1, 1) if quick else (3, 5)
        self.seconds = 0.3 if quick else 1.6

    def rounds(self, *, until: float) -> Iterator[int]:
        """Yield the numbers of rounds: five, or fewer when so many seconds have passed, but at least three."""
        for number in range(1, self._most + 1):
            if number > self._least and time.perf_counter() - self._began > until:
                return
            yield number


def _words(key: str) -> str:
    """What the bot has to answer a rep, from its own templates."""
    chat = tomllib.loads((ROOT / "templates" / "chat" / "rep.toml").read_text(encoding="utf-8"))
    return str(chat[key]["text"]).strip()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
