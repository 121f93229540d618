"""The processes that are measured: started, watched, and ended by their own id."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

import psutil

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent
_PATIENCE_S = 30.0


class Child:
    """A Python process whose lines can be read; ended when the block is left."""

    def __init__(self, *arguments: str, environ: dict[str, str] | None = None) -> None:
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | (environ or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
        self._watched = psutil.Process(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def line(self, *having: str) -> str:
        """Return the next line that holds one of the texts; raise RuntimeError if the process ends or is silent."""
        guard = threading.Timer(_PATIENCE_S, self._process.kill)
        guard.start()
        seen = ""
        try:
            for line in self._process.stdout or ():
                if not having or any(text in line for text in having):
                    return line.strip()
                seen += line
        finally:
            guard.cancel()
        raise RuntimeError(f"{' '.join(self._process.args[-3:])} ended: {seen}")  # type: ignore[union-attr]

    def order(self, **order: Any) -> dict[str, Any]:
        """Send a JSON order, return the JSON answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        result: dict[str, Any] = json.loads(self.line("{"))
        return result

    def age(self) -> float:
        """Seconds since it was started."""
        return time.perf_counter() - self._began

    def cpu_seconds(self) -> float:
        """What it has used of processors so far, user and system, with its children."""
        return sum(sum(each.cpu_times()[:2]) for each in self._family())

    def resident_mb(self) -> float:
        """Memory resident now, with its children, in MB (10⁶ bytes)."""
        return sum(each.memory_info().rss for each in self._family()) / 1e6

    def loop(self) -> str:
        """Which event loop it runs, by what it has mapped."""
        mapped = any("uvloop" in region.path for region in self._watched.memory_maps())
        return "uvloop" if mapped else "asyncio"

    def _family(self) -> list[psutil.Process]:
        return [self._watched, *self._watched.children(recursive=True)]
