"""Referrals: that a friend came through an advocate in a campaign, and what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ReferralStatus(StrEnum):
    """`PENDING` until the friend's own act is credited, whatever became of the rewards."""

    PENDING = "pending"
    UNMATCHED = "unmatched"
    CREDITED = "credited"
    REJECTED = "rejected"
    REVERSED = "reversed"


class Disclosure(StrEnum):
    """Whether the friend lets the advocate know that they came."""

    UNASKED = "unasked"
    ASKED = "asked"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """One friend in one campaign: `at` is the touch that counts, `version` the rules it met, `order` its credit."""

    id: str
    campaign: str
    friend: str
    advocate: str
    code: str
    touch: str
    version: int
    method: str
    status: ReferralStatus
    reason: str
    at: datetime
    disclosed: Disclosure = Disclosure.UNASKED
    decided_at: datetime | None = None
    order: str | None = None


class Referrals(Protocol):
    """Where referrals are kept: one per campaign and friend."""

    def get(self, referral: str) -> Referral | None: ...
    def find(self, campaign: str, friend: str) -> Referral | None: ...
    def of_friend(self, friend: str) -> list[Referral]: ...
    def of_advocate(self, advocate: str) -> list[Referral]: ...
    def save(self, referral: Referral) -> None: ...
    def decide(self, referral: str, status: ReferralStatus, reason: str, now: datetime) -> None: ...
    def disclose(self, referral: str, disclosed: Disclosure) -> None: ...
