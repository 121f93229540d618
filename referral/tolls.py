"""Tolls: what asks cost in goodwill, counted as it happens: by campaign and the Beijing day of the ask.

Of the customers who were asked, how many opted out or complained within a week after? Each event touches one counter
row, so that nobody has to look through asks; what the counts mean is for `guardrails`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral.intervals import Interval, share
from referral.times import SHANGHAI

if TYPE_CHECKING:
    from referral.nudges import Nudge
    from referral.tx import Tx

WITHIN = timedelta(days=7)
"""So long after an ask an opt-out or a complaint is held against it; so long back asks are counted."""


class Upset(StrEnum):
    """How somebody takes an ask amiss."""

    OPTOUT = "optout"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Toll:
    """Of `asked` customers, how many opted out and how many complained."""

    asked: int = 0
    optout: int = 0
    complaint: int = 0

    def rate(self, kind: Upset) -> Interval:
        """The share that was upset in one way, looked at as often as one likes."""
        return share(min(self.count(kind), self.asked), self.asked)

    def count(self, kind: Upset) -> int:
        """How many were upset in one way."""
        return self.optout if kind is Upset.OPTOUT else self.complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """That a guardrail paused a campaign: why, and on what figures. Asks up to `since` count no more."""

    campaign: str
    since: datetime
    why: Upset
    asked: int
    upset: int


class Guards(Protocol):
    """Where asks and upsets are counted, by the Beijing day of the ask; `upset` is False for one counted before."""

    def asked(self, campaign: str, day: int) -> None: ...
    def unasked(self, campaign: str, day: int) -> None: ...
    def upset(self, nudge: str, campaign: str, day: int, kind: Upset, at: datetime) -> bool: ...
    def toll(self, campaign: str, since: int) -> Toll: ...
    def trip_of(self, campaign: str) -> Trip | None: ...
    def trip(self, trip: Trip) -> None: ...


def said(tx: Tx, nudge: Nudge) -> None:
    """An ask was said, at its `sent_at`."""
    if nudge.campaign and nudge.sent_at:
        tx.guards.asked(nudge.campaign, _day(nudge.sent_at))


def unsaid(tx: Tx, nudge: Nudge) -> None:
    """An ask that counted as said at its `sent_at` was not said after all."""
    if nudge.campaign and nudge.sent_at and _counts(tx, nudge.campaign, nudge.sent_at):
        tx.guards.unasked(nudge.campaign, _day(nudge.sent_at))


def followed(tx: Tx, nudge: Nudge, kind: Upset, at: datetime) -> bool:
    """Count what followed on an ask; False where it does not count, or was counted before."""
    if nudge.campaign is None or nudge.sent_at is None or not _counts(tx, nudge.campaign, nudge.sent_at):
        return False
    return tx.guards.upset(nudge.id, nudge.campaign, _day(nudge.sent_at), kind, at)


def of_week(tx: Tx, campaign: str, now: datetime) -> Toll:
    """What the asks of the last week have cost a campaign so far."""
    return tx.guards.toll(campaign, _day(now - WITHIN))


def _counts(tx: Tx, campaign: str, said_at: datetime) -> bool:
    """Whether an ask of that time counts, or came before the last pause."""
    before = tx.guards.trip_of(campaign)
    return before is None or said_at > before.since


def _day(at: datetime) -> int:
    return at.astimezone(SHANGHAI).toordinal()
