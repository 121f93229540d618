"""Consent: what a person said to being written to unasked, as a history with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Answer(StrEnum):
    """What was said."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


NUDGES = "nudges"
"""The one purpose asked for so far: unprompted messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One answer. `evidence` is a hash of the words that were said, or the id of the message."""

    person: str
    purpose: str
    answer: Answer
    evidence: str
    channel: str
    at: datetime


class Consents(Protocol):
    """Where consent is kept."""

    def record(self, consent: Consent) -> None: ...
    def latest(self, person: str, purpose: str) -> Consent | None: ...
