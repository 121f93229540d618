"""Ticks: the fixed jobs that the clock runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One fixed job: `run` every so often; a late or long run swallows the ones it missed."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]
