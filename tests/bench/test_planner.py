"""The planner's bench runs and tells what it should; how fast anything is depends on the machine and is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_quick_run_tells_every_figure_that_is_promised():
    command = [sys.executable, "bench/planner.py", "--quick"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr

    told = json.loads(ran.stdout)

    assert told["limits"] == {
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
    assert set(told["holds"]) == set(told["limits"])
    assert list(told["customers"]) == ["1000", "4000"]
    for company in told["customers"].values():
        assert company["ready_percent"] >= 3
        assert company["best"]["best_200_ms"] > 0
        assert company["upkeep"]["row_us"] > 0
        assert company["plan"]["asks"] > 100
    assert told["night"]["learned_from"] == told["night"]["asks"] == 100
    assert told["night"]["rescored"] > 200  # whoever has a score
    assert told["rehearsal"] is None or told["rehearsal"]["seconds"] > 0
