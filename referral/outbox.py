"""The outbox: what is to be said, written in the transaction that decided it and sent after the commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from referral.ids import Bits, new_id
from referral.messages import Message


class Purpose(StrEnum):
    """Why something goes out. An opt-out stops `THANKS` and `NUDGE`; a reply answers the person's own words."""

    REPLY = "reply"
    THANKS = "thanks"
    NUDGE = "nudge"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One outgoing message with what governs its sending.

    Letters of one `lane` leave in order. `dedupe`, where given, makes a second letter of the same cause a no-op.
    """

    id: str
    message: Message
    lane: str
    purpose: Purpose
    due_at: datetime
    person: str | None = None
    expires_at: datetime | None = None
    dedupe: str | None = None
    attempts: int = 0


class Outbox(Protocol):
    """Where letters wait."""

    def post(self, letter: Letter, now: datetime) -> bool: ...
    def hasten(self, dedupe: str, now: datetime) -> bool: ...
    def is_busy(self, lane: str) -> bool: ...
    def drop_unasked(self, person: str, why: str, now: datetime) -> list[str | None]: ...
    def unfinished(self) -> list[Letter]: ...
    def finish(self, letter: str, state: str, note: str, now: datetime) -> None: ...


class HasOutbox(Protocol):
    """The part of a transaction that this noun needs."""

    @property
    def outbox(self) -> Outbox: ...


def post(
    tx: HasOutbox,
    message: Message,
    *,
    lane: str,
    purpose: Purpose,
    now: datetime,
    rng: Bits,
    person: str | None = None,
    expires_at: datetime | None = None,
    dedupe: str | None = None,
) -> bool:
    """Queue a message; False if a letter of the same cause was queued before."""
    letter = Letter(
        id=new_id(rng, "m"),
        message=message,
        lane=lane,
        purpose=purpose,
        due_at=now,
        person=person,
        expires_at=expires_at,
        dedupe=dedupe,
    )
    return tx.outbox.post(letter, now)
