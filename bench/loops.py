"""The event loop of servers and load: uvloop where that is installed, as for Taoli itself."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from importlib import import_module
from typing import Any


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run until the work is done."""
    try:
        factory = import_module("uvloop").new_event_loop
    except ImportError:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)
