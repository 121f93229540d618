"""Signals: what is heard about customers, from surveys, shops, the CRM and reps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class SignalKind(StrEnum):
    """The kinds of design 5.4, under the names that webhooks give them; behind them those that only we know of."""

    SURVEY = "survey.answered"
    PRAISE = "praise.given"
    DELIVERY = "delivery.completed"
    RENEWAL = "renewal.done"
    MILESTONE = "milestone.reached"
    PURCHASE = "purchase.made"
    COMPLAINT = "complaint.opened"
    RESOLVED = "complaint.closed"
    ACTIVITY = "activity.seen"

    REFUND = "order.given_back"
    ANNIVERSARY = "anniversary.reached"
    UNSEEN = "poster.unseen"


TOLD = tuple(kind for kind in SignalKind if kind not in (SignalKind.REFUND, SignalKind.ANNIVERSARY, SignalKind.UNSEEN))
"""The kinds that webhooks and files may tell of; the others follow from what we know ourselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing heard about one person.

    `score` is a survey's, 0-10; `count` that of an activity, the years of an anniversary, the share of an order that
    was given back, 0-1; `source` says who told it (hook, file, desk, chat, rep, order, calendar).
    """

    person: str
    kind: SignalKind
    at: datetime
    source: str
    score: float | None = None
    count: float | None = None

    @property
    def value(self) -> str:
        """Score or count as text: two signals of one kind, moment and value are one."""
        told = self.score if self.score is not None else self.count
        return "" if told is None else f"{told:g}"


class Signals(Protocol):
    """Where signals are kept. `add` is False for one that was heard before."""

    def add(self, signal: Signal, now: datetime) -> bool: ...
    def of_person(self, person: str) -> list[Signal]: ...
