"""The engine's bench runs and tells what it should; how fast anything is depends on the machine and is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_quick_run_tells_every_figure_that_is_promised():
    command = [sys.executable, "bench/engine.py", "--quick"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr

    told = json.loads(ran.stdout)

    assert told["limits"] == {
        "p99_ms": 5.0,
        "growth": 1.3,
        "per_second": 200_000,
        "p50_append_us": 50.0,
        "p50_proof_ms": 1.0,
        "verify_seconds_per_million": 20.0,
        "peak_mb": 400,
    }
    assert list(told["touches"]) == ["10000", "20000"]
    assert told["codes"]["per_second"] > 0
    assert told["growth"] > 0
    assert told["peak_mb"] > 0  # as large as whoever started it, here a whole test run
    for company in told["touches"].values():
        assert company["ledger"]["entries"] == 10 * company["past_orders"]
        assert company["ledger"]["verify_seconds"] > 0
        assert company["ledger"]["p50_proof_ms"] > 0
        assert 0 < company["ledger"]["p50_append_us"] < company["ledger"]["p99_append_with_commit_us"]
        assert company["order"]["orders"] >= 20
        assert 0 < company["order"]["p50_ms"] < company["order"]["p99_with_commit_ms"]
