"""What an operator can break on the platform, to see the bot cope."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """A way the platform misbehaves until told `none`; `token` ends all tokens once and leaves nothing broken."""

    NONE = "none"
    DOWN = "down"
    SLOW = "slow"
    TOKEN = "token"  # noqa: S105 (the name of a fault)
    RATE = "rate"


class Faults:
    """The fault in force. `slow_seconds` is how late a slow answer comes."""

    def __init__(self, slow_seconds: float) -> None:
        self.current = Fault.NONE
        self.slow_seconds = slow_seconds
