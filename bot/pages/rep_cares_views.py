"""What the list shows of a customer who is to be cared for and asked for nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CareLine:
    """One customer: what helps (`action`), why today, and words to make her own.

    `score` asks for a number, 0-10, besides; `later` is the button that leaves it, `done` the one that says it is done.
    """

    id: str
    name: str
    action: str
    why: str
    words: str
    done: str
    later: str
    score: bool = False
