"""What the page of a customer's four gates shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stands = Literal["open", "unknown", "first", "weak"]
"""A gate is open, or nothing is known that opens it, or it is the first that holds, or weak as well behind that one."""


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

    @property
    def is_passed(self) -> bool:
        """Whether every gate is known to be open."""
        return all(gate.stands == "open" for gate in self.gates)

    @property
    def is_free(self) -> bool:
        """Whether no gate holds the customer; what is unknown holds nobody."""
        return all(gate.stands in ("open", "unknown") for gate in self.gates)
