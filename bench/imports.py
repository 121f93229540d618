"""How long a customer file takes to come in, and how much memory, as one JSON on standard output.

    python bench/imports.py [--quick] [--rows 1000000]

Makes a CSV of fifteen columns, runs the real `taoli import people` on it in a process of its own, on a fresh SQLite
database, and then once more, when nothing changes. `peak_mb` is the most memory resident at a time, of the process and
its children, in MB (10⁶ bytes); `cpu_seconds` can be compared on a machine that has other things to do as well.
`--quick` imports 20 000 rows: it shows that the bench runs, not how fast anything is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from processes import ROOT

ROWS, QUICK = 1_000_000, 20_000
LIMITS = {"limit_seconds": 120, "limit_peak_mb": 400}
_CONFIG = '[company]\nname = "春和家居"\n'
_HEAD = (
    "客户编号,手机号,external_userid,姓名,昵称,跟进人,成为客户日期,"
    "等级,满意度,活跃度,最近下单,订单数,已介绍人数,标签,同意营销"
)
_LOOK_S = 0.05


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} rows")
    parser.add_argument("--rows", type=int, default=ROWS)
    asked = parser.parse_args()
    rows = QUICK if asked.quick else asked.rows
    with tempfile.TemporaryDirectory(prefix="taoli-bench-") as name:
        folder = Path(name)
        (folder / "taoli.toml").write_text(_CONFIG, encoding="utf-8")
        _make(folder / "people.csv", rows)
        first, again = _import(folder), _import(folder)
    figures = {
        **first,
        **LIMITS,
        "again": again,
        "machine": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "processors": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
        },
    }
    print(json.dumps(figures, ensure_ascii=False, indent=2))


def _make(file: Path, rows: int) -> None:
    chance = random.Random(1)
    with file.open("w", encoding="utf-8") as out:
        out.write(_HEAD + "\n")
        out.writelines(_row(number, chance) for number in range(rows))


def _row(number: int, chance: random.Random) -> str:
    cells = (
        f"C{number:07d}",
        f"1{chance.randrange(30, 100)}{number:08d}",
        f"wm{chance.getrandbits(120):030x}",
        f"王{number % 1000}",
        f"梅姐{number}",
        f"rep{number % 40}",
        f"{2015 + number % 11}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        ("金卡", "银卡", "")[number % 3],
        str(number % 11),
        f"{chance.lognormvariate(3, 1):.2f}",
        f"2026-{1 + number % 10:02d}-{1 + number % 28:02d} {8 + number % 12:02d}:{number % 60:02d}",
        str(number % 30),
        str(number % 4) if number % 20 == 0 else "",
        "老客户；上海",
        ("1", "0", "")[number % 3],
    )
    return ",".join(cells) + "\n"


def _import(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bot", "import", "people", str(folder / "people.csv"), "--json", "--config"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(folder / "taoli.toml")], cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    peak, cpu = _watch(psutil.Process(process.pid))
    said = process.communicate()[0]
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"the import ended with {process.returncode}: {said[:500]}")
    report = json.loads(said)
    counts = {key: report[key] for key in ("rows", "new", "changed", "same")}
    return {
        "seconds": round(seconds, 1),
        "rows_per_second": round(report["rows"] / seconds),
        "cpu_seconds": round(cpu, 1),
        "peak_mb": round(peak / 1e6),
        **counts,
    }


def _watch(process: psutil.Process) -> tuple[int, float]:
    """The most bytes resident at a time until it ends, and the seconds of processor it used."""
    most, used = 0, 0.0
    while True:
        try:
            family = [process, *process.children(recursive=True)]
            most = max(most, sum(each.memory_info().rss for each in family))
            used = max(used, sum(sum(each.cpu_times()[:2]) for each in family))
            if process.status() == psutil.STATUS_ZOMBIE:
                return most, used
        except psutil.NoSuchProcess:
            return most, used
        time.sleep(_LOOK_S)


if __name__ == "__main__":
    main()
