"""Batches of rows on their way in, and what is said of each row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.files.orders import OrderRow
from bot.files.signals import SignalTold
from referral.intake import Told
from referral.moments import Permission


class Verdict(StrEnum):
    """What a row was."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


Found = tuple[Verdict, Permission]
OrderFound = Verdict | str
"""What an order was; any other text is what is wrong with its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleBatch:
    """Rows about different people: those behind the first `place` of `of`.

    `digest` is the file's SHA-256; `steps` the scale of activity, None as it is.
    """

    digest: str
    place: int
    of: int
    steps: tuple[float, ...] | None
    rows: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsBatch:
    """Rows of a signals file."""

    rows: tuple[SignalTold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersBatch:
    """Rows of an orders file, about different orders."""

    rows: tuple[OrderRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """That a whole file was taken in: which kind, its SHA-256, and how many rows were what."""

    what: str
    digest: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """That the customers behind `after` are to get what the lesson says of them."""

    after: str


Batch = PeopleBatch | SignalsBatch | OrdersBatch
