"""The posters' bench runs and tells what it should; how fast anything is depends on the machine and is no test."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.browsers import NAMES
from tests.fixtures.missing import missing

ROOT = Path(__file__).parents[2]


@pytest.mark.browser
def test_a_quick_run_tells_every_figure_that_is_promised():
    if not any(map(shutil.which, NAMES)):
        missing("Chromium")
    command = [sys.executable, "bench/posters.py", "--quick"]

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)

    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert {
        name: told["limits"][name] for name in ("of_encode", "of_chromium", "first_ms", "peak_mb", "kilobytes")
    } == {
        "of_encode": 0.5,
        "of_chromium": 10.0,
        "first_ms": 400,
        "peak_mb": 150,
        "kilobytes": 350,
    }
    assert all(told["per_processor_second"][way] > 0 for way in ("encode", "poster", "chromium"))
    assert told["of_encode"] > 0
    assert told["of_chromium"] > 1
    assert told["first_cpu_ms"] > 0
    assert told["first_ms"] > 0
    assert 0 < told["kilobytes"] <= 350
    callbacks = told["callbacks"]
    assert callbacks["posters"] == 19
    for side in (callbacks["alone"], callbacks["beside"]):
        assert side["texts"] >= 50
        assert 0 < side["p50_ms"] <= side["p99_ms"] <= side["worst_ms"]
