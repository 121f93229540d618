"""Rewards: what is owed to whom for a friend's own act, and the states it may pass through.

A reward names only the direct advocate or the friend: there is one level, by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Side(StrEnum):
    """Who is thanked."""

    ADVOCATE = "advocate"
    FRIEND = "friend"


class RewardState(StrEnum):
    """How far a reward has come."""

    HELD = "held"
    APPROVED = "approved"
    GRANTED = "granted"
    REVERSED = "reversed"
    REJECTED = "rejected"
    EXPIRED = "expired"


NEXT = {
    RewardState.HELD: {
        RewardState.APPROVED,
        RewardState.GRANTED,
        RewardState.REVERSED,
        RewardState.REJECTED,
        RewardState.EXPIRED,
    },
    RewardState.APPROVED: {RewardState.GRANTED, RewardState.REVERSED},
    RewardState.GRANTED: {RewardState.REVERSED},
    RewardState.REVERSED: set[RewardState](),
    RewardState.REJECTED: set[RewardState](),
    RewardState.EXPIRED: set[RewardState](),
}

COUNTED = (RewardState.HELD, RewardState.APPROVED, RewardState.GRANTED)
"""States in which a reward uses budget and cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """One thanks. `amount` is in `unit` (fen, points, days or pieces); `cost_fen` is what it costs the company."""

    id: str
    campaign: str
    referral: str
    friend: str
    person: str
    side: Side
    rule: str
    kind: str
    unit: str
    amount: int
    cost_fen: int
    state: RewardState
    reason: str
    order: str
    held_at: datetime | None = None
    due_at: datetime | None = None
    granted_at: datetime | None = None
    reversed_at: datetime | None = None


class Rewards(Protocol):
    """Where rewards are kept: one per campaign, friend, rule and side."""

    def add(self, reward: Reward) -> None: ...
    def get(self, reward: str) -> Reward | None: ...
    def of_referral(self, referral: str) -> list[Reward]: ...
    def of_person(self, person: str) -> list[Reward]: ...
    def counted_since(self, campaign: str, advocate: str, since: datetime) -> int: ...
    def move(self, reward: Reward, to: RewardState, reason: str, now: datetime) -> bool: ...
