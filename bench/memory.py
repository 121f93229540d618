"""Scenario C: what `serve` and `demo` hold when idle, and how long the story takes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from house import port_of
from processes import ROOT, Child

_REST_S = 1.2  # the first ticks of the clock pass


def idle(serve: Path, demo: Path) -> dict[str, Any]:
    """Both, with these data folders; `serve` rests while `demo` plays."""
    with _example(serve) as server:
        port_of(server)
        started = round(server.age(), 2)
        told = _told(demo)
        return {"serve_idle_mb": round(server.resident_mb(), 1), "serve_start_seconds": started, **told}


def _example(folder: Path) -> Child:
    """`serve` on the example configuration, sandbox and all, on a free port."""
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    file = folder / "taoli.toml"
    file.write_text(example.replace("port = 8000", "port = 0", 1), encoding="utf-8")
    return Child("-m", "bot", "serve", "--config", str(file))


def _told(folder: Path) -> dict[str, float]:
    """`demo` after its story; the seconds go from the command to the last tick."""
    with Child("-m", "bot", "demo", "--port", "0", "--data", str(folder)) as demo:
        told = demo.line("已就绪", "✗")
        story = demo.age()
        if "✗" in told:
            raise RuntimeError(told)
        time.sleep(_REST_S)
        return {"demo_idle_mb": round(demo.resident_mb(), 1), "story_seconds": round(story, 2)}
