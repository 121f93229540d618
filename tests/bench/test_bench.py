"""The bench runs and tells what it should; how fast anything is depends on the machine and is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def figures():
    """What a quick run prints."""
    command = [sys.executable, "bench/callbacks.py", "--quick"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_both_sides_answer_every_request_on_the_same_loop(figures):
    ours, echo = figures["replies"]["taoli"], figures["replies"]["echo"]

    assert (ours["errors"], echo["errors"]) == (0, 0)
    assert ours["loop"] == echo["loop"] == figures["loop"]
    for side in (ours, echo):
        assert side["requests_per_second"] > 0
        assert 0 < side["p50_ms"] <= side["p99_ms"]
        assert side["cpu_us_per_request"] >= 0


def test_every_answered_request_is_in_the_database(figures):
    assert figures["replies"]["stored"] == figures["replies"]["answered"] > 0


def test_the_figures_that_are_promised_are_told(figures):
    assert figures["ratio"] > 0
    assert (figures["target_ratio"], figures["aim_ratio"]) == (0.7, 1.0)
    assert figures["pull"]["messages"] == 100
    assert figures["pull"]["messages_per_second"] > 0
    assert figures["memory"].keys() >= {"serve_limit_mb", "demo_limit_mb", "story_limit_seconds"}
