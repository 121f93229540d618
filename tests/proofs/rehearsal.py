"""The rehearsal proof: `taoli rehearse` plays the practice worlds, each seed another one, against a clairvoyant.

`python tests/proofs/rehearsal.py [--seeds 1-20] [--jobs 2] [--days 180] [--n 6000] [--budget 60]` prints JSON, and
exits 1 below an aim: half of the oracle's extra conversions in every world and 70 % in the median one, in nine of ten
worlds an interval around what asking brought that holds the truth, no wider than 1.5 times its point in the median,
made-up links named with a precision of 0.7 at a recall of 0.8 over all worlds together, and never a quiet hour or two
asks in a fortnight. The worlds that count are others: nothing in the product is chosen by these seeds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

if __name__ == "__main__":  # run as a script, this folder is no place for imports, and the project is
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.rehearsal import practice

ROOT = Path(__file__).resolve().parents[2]
REHEARSE = [sys.executable, "-m", "bot", "rehearse"]
AIMS = {
    "share_of_oracle_median": 0.70,
    "share_of_oracle_worst": 0.50,
    "coverage": 0.90,
    "relative_width_median": 1.5,
    "fraud_precision": 0.7,
    "fraud_recall": 0.8,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a world is."""

    n: int
    days: int
    budget: int


def play(seed: int, size: Size) -> dict[str, Any]:
    """One world: what the bot makes of it beside what is possible, and the links it named beside the true ones."""
    world = practice.World(seed, n=size.n, days=size.days, budget=size.budget)
    oracle = practice.run("oracle", world, practice.run("none", world))
    began = time.perf_counter()
    bot = practice.serve(world, REHEARSE)
    named, true = set(world.rep["fraud_links"]), set(world.fk)
    return {
        "seed": seed,
        "share_of_oracle": round(bot["incremental"] / max(1, oracle["incremental"]), 3),
        "incremental": bot["incremental"],
        "oracle_incremental": oracle["incremental"],
        "optouts_per_1000": bot["optouts_per_1000"],
        "oracle_optouts_per_1000": oracle["optouts_per_1000"],
        "copy_regret": bot["copy_regret"],
        "point": round(bot["said_incremental"], 1),
        "covered": bot["covered"],
        "width": bot["width"],
        "fraud": {"named": len(named), "true": len(true), "both": len(named & true)},
        "quiet_hour_nudges": bot["quiet_hour_nudges"],
        "gap_violations": bot["gap_violations"],
        "seconds": round(time.perf_counter() - began, 1),
    }


def together(worlds: list[dict[str, Any]]) -> dict[str, Any]:
    """All worlds in one set of figures."""
    shares = [each["share_of_oracle"] for each in worlds]
    named, true, both = (sum(each["fraud"][key] for each in worlds) for key in ("named", "true", "both"))
    return {
        "worlds": len(worlds),
        "share_of_oracle_median": round(median(shares), 3),
        "share_of_oracle_worst": min(shares),
        "optouts_per_1000": round(mean(each["optouts_per_1000"] or 0.0 for each in worlds), 2),
        "oracle_optouts_per_1000": round(mean(each["oracle_optouts_per_1000"] or 0.0 for each in worlds), 2),
        "copy_regret": round(mean(each["copy_regret"] or 0.0 for each in worlds), 4),
        "coverage": round(mean(each["covered"] for each in worlds), 3),
        "relative_width_median": round(median(each["width"] / max(1.0, each["point"]) for each in worlds), 2),
        "fraud_precision": round(both / named, 3) if named else 1.0,
        "fraud_recall": round(both / true, 3) if true else 1.0,
        "quiet_hour_nudges": sum(each["quiet_hour_nudges"] for each in worlds),
        "gap_violations": sum(each["gap_violations"] for each in worlds),
    }


def missed(figures: dict[str, Any]) -> list[str]:
    """The aims that these figures fall short of."""
    at_least = [name for name, aim in AIMS.items() if name != "relative_width_median" and figures[name] < aim]
    wide = ["relative_width_median"] if figures["relative_width_median"] > AIMS["relative_width_median"] else []
    broken = [name for name in ("quiet_hour_nudges", "gap_violations") if figures[name]]
    return at_least + wide + broken


def alone(seed: int, size: Size) -> dict[str, Any]:
    """One world in a process of its own."""
    args = [f"--{name}={getattr(size, name)}" for name in ("n", "days", "budget")]
    command = [sys.executable, str(Path(__file__).resolve()), "--seeds", str(seed), "--one", *args]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
    world: dict[str, Any] = json.loads(done.stdout)
    print(f"{seed}: {world['share_of_oracle']}", file=sys.stderr, flush=True)
    return world


def seeds_of(text: str) -> list[int]:
    """`1-20`, or `3,5,8`."""
    first, dash, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if dash else [int(each) for each in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("1-20"))
    parser.add_argument("--jobs", type=int, default=2)
    for name, usual in (("n", 6000), ("days", 180), ("budget", 60)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    size = Size(n=args.n, days=args.days, budget=args.budget)
    if args.one:
        print(json.dumps(play(args.seeds[0], size)))
        return
    with ThreadPoolExecutor(args.jobs) as pool:
        worlds = list(pool.map(lambda seed: alone(seed, size), args.seeds))
    figures = together(worlds)
    short = missed(figures)
    print(json.dumps({"figures": figures, "aims": AIMS, "missed": short, "worlds": worlds}, indent=1))
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
