"""Announcements: what another system of the company is told of referrals and rewards, row by row with the change.

A row names only what it is about; the words are made when it is sent, so that nothing personal waits in a queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral.ids import Bits, new_id
from referral.jobs import Job

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

ANNOUNCE = "announce"
"""The job that sends an announcement; its key is the announcement's id."""

REFERRAL_CREDITED = "referral.credited"
REFERRAL_REVERSED = "referral.reversed"
REWARD_GRANTED = "reward.granted"
REWARD_REVERSED = "reward.reversed"
OF_REFERRALS = (REFERRAL_CREDITED, REFERRAL_REVERSED)
TYPES = (*OF_REFERRALS, REWARD_GRANTED, REWARD_REVERSED)


class AnnouncementState(StrEnum):
    """How far it has come."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """That `type` happened to the referral or reward `ref`; `id` is what the receiver knows it by.

    A referral may be handed on to another advocate before this is sent: `touch` is the one it counted by then, `order`
    what credited it and `reason` what stood for it. They are empty where it is about a reward.
    """

    id: str
    connector: str
    type: str
    ref: str
    at: datetime
    touch: str | None = None
    order: str | None = None
    reason: str = ""
    state: AnnouncementState = AnnouncementState.WAITING
    tries: int = 0
    note: str = ""


class Announcements(Protocol):
    """Where they wait."""

    def add(self, announcement: Announcement) -> None: ...
    def get(self, announcement: str) -> Announcement | None: ...
    def move(self, announcement: Announcement, to: AnnouncementState, **changed: object) -> Announcement: ...
    def undelivered(self, connector: str, since: datetime | None) -> list[Announcement]: ...


Listeners = Mapping[str, tuple[str, ...]]
"""Which connectors are told of which type."""


def announce(tx: Tx, facts: Facts, type_: str, ref: str, *, now: datetime, rng: Bits) -> None:
    """Have every connector that listens told of a change, in the change's own transaction."""
    referral = tx.referrals.get(ref) if type_ in OF_REFERRALS else None
    for connector in facts.listeners.get(type_, ()):
        announcement = Announcement(
            id=new_id(rng, "e"),
            connector=connector,
            type=type_,
            ref=ref,
            at=now,
            touch=referral.touch if referral else None,
            order=referral.order if referral else None,
            reason=str(referral.reason) if referral else "",
        )
        tx.announcements.add(announcement)
        tx.jobs.put(Job(kind=ANNOUNCE, key=announcement.id, due_at=now))


def replay(tx: Tx, connector: str, since: datetime | None, *, now: datetime) -> int:
    """Send a connector once more what it has not taken; how many that are."""
    waiting = tx.announcements.undelivered(connector, since)
    for announcement in waiting:
        tx.announcements.move(announcement, AnnouncementState.WAITING, tries=0, note="")
        tx.jobs.put(Job(kind=ANNOUNCE, key=announcement.id, due_at=now))
    return len(waiting)


def resume(tx: Tx, connector: str, *, now: datetime) -> int:
    """Go on with what waited for a connector; how many that are."""
    waiting = [a for a in tx.announcements.undelivered(connector, None) if a.state is AnnouncementState.WAITING]
    for announcement in waiting:
        tx.jobs.put(Job(kind=ANNOUNCE, key=announcement.id, due_at=now))
    return len(waiting)
