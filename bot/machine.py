"""Time and chance as the machine has them: they enter here only, and are handed on as arguments."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from referral.times import Clock


def machine_clock() -> datetime:
    """The one place where the wall clock is read."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Time and chance, as the machine has them; tests bring their own."""

    clock: Clock = machine_clock
    monotonic: Callable[[], float] = time.monotonic
    rng: random.Random = random.SystemRandom()  # noqa: RUF009  # stateless
    random_bytes: Callable[[int], bytes] = os.urandom
