"""The bench of pages runs and tells what it should; how fast anything is depends on the machine and is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.browser
def test_what_a_friend_waits_for_is_told_beside_its_limits():
    command = [sys.executable, "bench/pages.py", "--quick"]

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)

    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)
    assert figures["limits"] == {"wire_kb": 60, "lcp_ms": 1000, "server_p99_ms": 20}
    assert 0 < figures["wire_kb"] < 60
    assert 0 < figures["lcp_ms"] <= figures["lcp_slowest_ms"]
    server = figures["server"]
    assert (server["visits"], server["errors"]) == (200, 0)
    assert 0 < server["p50_ms"] <= server["p99_ms"] <= server["slowest_ms"]
    assert server["cpu_ms_per_visit"] > 0
