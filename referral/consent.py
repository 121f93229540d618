"""Consent: what a person said to being written to unasked, as a history with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from referral import due_rows
from referral.moments import Permission

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


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


def say(tx: Tx, facts: Facts, person: str, answer: Answer, *, evidence: str, channel: str, now: datetime) -> None:
    """Keep what a person said, with a hash of its evidence, and move their due row.

    不用 after 不再提醒 changes nothing: only a yes of their own ends the silence.
    """
    known = tx.moments.get(person)
    if answer is Answer.REFUSED and known.consent is Permission.WITHDRAWN:
        return
    proof = sha256(evidence.encode()).hexdigest()
    tx.consent.record(Consent(person=person, purpose=NUDGES, answer=answer, evidence=proof, channel=channel, at=now))
    tx.nudges.end_permission(person, answer.value)
    moment = known.but(consent=Permission(answer.value), consent_at=now)
    due_rows.keep(tx, facts, moment, now=now)


def asked(tx: Tx, facts: Facts, person: str, *, now: datetime) -> None:
    """Note that a person was asked whether they want to hear of anything: once is enough for half a year."""
    due_rows.keep(tx, facts, tx.moments.get(person).but(consent_asked_at=now), now=now)
