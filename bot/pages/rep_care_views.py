"""What the page of a customer's four gates shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stands = Literal["open", "first", "weak"]
"""A gate is open, or the first that holds the customer, or weak as well behind that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """One gate and what it shows by; at the first weak one, what helps (`care`) and `words` to say."""

    title: str
    shows: str
    stands: Stands
    care: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepCareView:
    """A customer's four gates, in their order."""

    company: str
    id: str
    name: str
    gates: tuple[GateRow, ...]
