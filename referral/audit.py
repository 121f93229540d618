"""Audit: who decided what, for later questions."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Audit(Protocol):
    """Where decisions of people are kept; nothing is ever changed or taken away."""

    def details(self, action: str, subject: str) -> list[str]: ...
    def note(self, who: str, action: str, subject: str, detail: str, now: datetime) -> None: ...
