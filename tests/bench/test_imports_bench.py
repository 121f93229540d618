"""The bench of imports runs and tells what it should; how fast anything is depends on the machine and is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_file_comes_in_and_once_more_changes_nothing():
    command = [sys.executable, "bench/imports.py", "--rows", "500"]

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)

    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)
    assert (figures["new"], figures["again"]["same"]) == (500, 500)
    assert (figures["limit_seconds"], figures["limit_peak_mb"]) == (120, 400)
    assert figures["seconds"] > 0
    assert figures["peak_mb"] > 0
