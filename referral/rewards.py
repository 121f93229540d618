"""Rewards: what is owed to whom for a friend's own act, and the states it may pass through.

A reward names only the direct advocate or the friend: there is one level, by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from referral.terms import Choice


class Side(StrEnum):
    """Who is thanked."""

    ADVOCATE = "advocate"
    FRIEND = "friend"


class Cause(StrEnum):
    """What for: a friend's own act, the so-many-th such friend, a selected story, two people's decision, own points."""

    REFERRAL = "referral"
    MILESTONE = "milestone"
    STORY = "story"
    MANUAL = "manual"
    REDEMPTION = "redemption"


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
    RewardState.APPROVED: {RewardState.GRANTED, RewardState.REVERSED, RewardState.REJECTED, RewardState.EXPIRED},
    RewardState.GRANTED: {RewardState.REVERSED, RewardState.EXPIRED},
    RewardState.REVERSED: set[RewardState](),
    RewardState.REJECTED: set[RewardState](),
    RewardState.EXPIRED: set[RewardState](),
}

COUNTED = (RewardState.HELD, RewardState.APPROVED, RewardState.GRANTED)
"""States in which a reward uses budget and cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """One thanks. `amount` is in `unit` (fen, points, days or pieces).

    `cost_fen` is what it costs the company and `reserved_fen` what was taken from the budget for it, which is more
    while the person may still choose a dearer form, and less once part of it has lapsed unused. `says` words it,
    `value` names its tier or privilege, `former` the tier that it took the place of. `friend`, their `advocate`,
    `referral` and `order` are empty where it is not for a friend's act. It is good for `valid_days` from its grant, 0
    for ever.
    """

    id: str
    campaign: str
    referral: str | None
    friend: str | None
    person: str
    side: Side
    rule: str
    kind: str
    unit: str
    amount: int
    cost_fen: int
    state: RewardState
    reason: str
    order: str | None
    says: str
    created_at: datetime
    advocate: str | None = None
    cause: Cause = Cause.REFERRAL
    story: str | None = None
    reserved_fen: int = 0
    value: str = ""
    tax_class: str = "none"
    note: str = ""
    former: str = ""
    valid_days: int = 0
    held_at: datetime | None = None
    due_at: datetime | None = None
    chosen_at: datetime | None = None
    granted_at: datetime | None = None
    reversed_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def form(self) -> Choice:
        """The form it takes."""
        return Choice(
            kind=self.kind,
            unit=self.unit,
            amount=self.amount,
            cost_fen=self.cost_fen,
            says=self.says,
            value=self.value,
            valid_days=self.valid_days,
            tax_class=self.tax_class,
        )

    @property
    def is_counted(self) -> bool:
        """Whether it uses budget and cap."""
        return self.state in COUNTED

    @property
    def was_had(self) -> bool:
        """Whether it is, or was, its person's."""
        return self.is_counted or self.state is RewardState.EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """That somebody must say yes to a thanks before it may be granted; whoever asked may not be the one."""

    reward: str
    why: str
    asked_by: str
    asked_at: datetime
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None


class Rewards(Protocol):
    """Where rewards are kept: one that counts per campaign, friend, rule and side."""

    def add(self, reward: Reward) -> None: ...
    def get(self, reward: str) -> Reward | None: ...
    def of_referral(self, referral: str) -> list[Reward]: ...
    def of_person(self, person: str) -> list[Reward]: ...
    def of_story(self, story: str) -> list[Reward]: ...
    def counted_friends(self, campaign: str, advocate: str | None, since: datetime | None) -> int: ...
    def has_milestone(self, campaign: str, advocate: str, rule: str) -> bool: ...
    def move(
        self, reward: Reward, to: RewardState, reason: str, now: datetime, *, reserved_fen: int | None = None
    ) -> Reward | None: ...
    def reassign(self, referral: str, order: str, due_at: datetime) -> None: ...
    def explain(self, reward: str, reason: str) -> None: ...
    def was_for(self, reward: str, friend: str) -> None: ...
    def remember_tier(self, reward: str, former: str) -> None: ...
    def choose(self, reward: Reward) -> bool: ...
    def ask(self, approval: Approval) -> None: ...
    def approval(self, reward: str) -> Approval | None: ...
    def answer(self, reward: str, answer: str, who: str, now: datetime) -> bool: ...
    def unanswered(self, limit: int) -> list[Reward]: ...
