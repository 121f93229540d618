"""What a rehearsal takes: `taoli rehearse` beside a world that is given as a program, with a clock on it.

`python bench/rehearsed.py FILE COMMAND...` runs the command on its own standard input and output, and writes to FILE
what it took. A world starts it as if it were the bot.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORLD = ROOT / "tests" / "rehearsal" / "practice.py"
BOT = (sys.executable, "-m", "bot", "rehearse")


def rehearsed(world: Path | None, *, customers: int, days: int) -> dict[str, Any] | None:
    """Play one; `seconds` is from the bot's start to its end, the world's own share in it. None without a world."""
    world = world or WORLD
    if not world.exists():
        return None
    size = ("--seed", "1", "--days", str(days), "--n", str(customers))
    with tempfile.TemporaryDirectory(prefix="taoli-bench-") as folder:
        file = Path(folder, "took.json")
        bot = (sys.executable, __file__, str(file), *BOT)
        subprocess.run([sys.executable, str(world), *size, "--", *bot], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        took: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {"customers": customers, "days": days} | took


def main() -> None:
    """Run the bot and note what it took."""
    began = time.perf_counter()
    done = subprocess.run(sys.argv[2:], check=False)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = {
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss * 1024 / 1e6),
    }
    Path(sys.argv[1]).write_text(json.dumps(took), encoding="utf-8")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
