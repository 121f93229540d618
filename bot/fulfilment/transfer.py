"""Transfers as a port: what a merchant's platform can be asked, and what it can say, in our words.

One number stands for one transfer for ever. Whoever does not know what became of it asks; nobody ever makes another.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class TransferState(StrEnum):
    """How far a transfer has come, as the platform names it (reference/platform.md 7.9)."""

    ACCEPTED = "ACCEPTED"
    PROCESSING = "PROCESSING"
    WAIT_USER_CONFIRM = "WAIT_USER_CONFIRM"
    TRANSFERING = "TRANSFERING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    CANCELING = "CANCELING"
    CANCELLED = "CANCELLED"

    @property
    def is_over_without_money(self) -> bool:
        """Whether it is certain that no money moved, nor ever will under this number."""
        return self in (TransferState.FAIL, TransferState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be transferred: `amount_fen` to `openid`; `name` is the real name, where the amount demands it."""

    number: str
    openid: str
    amount_fen: int
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """How a transfer stands. `package` opens the person's confirmation in WeChat, known only when it is made."""

    state: TransferState
    external: str = ""
    package: str = ""
    why: str = ""


class Unclear(Exception):
    """No answer that can be relied on: what was asked may have happened or not. `note` is a slug for staff."""

    def __init__(self, note: str) -> None:
        super().__init__(note)
        self.note = note


class Transfers(Protocol):
    """The platform. Every method raises `Unclear` where it cannot be known what happened."""

    async def create(self, order: Order) -> Transfer:
        """Make a transfer, or find the one that was made under this number before."""

    async def query(self, number: str) -> Transfer | None:
        """How the transfer of this number stands; None where the platform knows of none."""

    async def cancel(self, number: str) -> None:
        """Ask for a transfer back that its person has not confirmed; `query` says what came of it."""
