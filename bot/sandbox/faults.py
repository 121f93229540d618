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


class TransferFault(StrEnum):
    """How transfers misbehave until told `none`: answers get lost (`lost`: it is made, `deaf`: it is not), money is
    late, transfers fail, requests are refused."""

    NONE = "none"
    LOST = "lost"
    DEAF = "deaf"
    LATE = "late"
    FAIL = "fail"
    POOR = "poor"


class Faults:
    """The faults in force. `slow_seconds` is how late a slow answer comes."""

    def __init__(self, slow_seconds: float) -> None:
        self.current = Fault.NONE
        self.transfers = TransferFault.NONE
        self.slow_seconds = slow_seconds
