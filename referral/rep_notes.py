"""What a rep notes down of a customer: kind words, a complaint, and that it has been dealt with."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from referral import due_rows
from referral.signals import Signal, SignalKind
from referral.times import midnight

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

SOURCE = "rep"


class Noted(StrEnum):
    """What can be noted, by what it is called in the records."""

    PRAISE = "praise"
    COMPLAINT = "complaint"
    RESOLVED = "resolved"


def note(tx: Tx, facts: Facts, person: str, what: Noted, rep: str, *, now: datetime) -> bool:
    """Keep it and move the customer's due row; False where there is nothing to note.

    That is praise a second time on one day, a complaint while one is open, the end of a complaint that there is not.
    The end is that of all that were open.
    """
    known = tx.moments.get(person)
    match what:
        case Noted.PRAISE:
            signals = [] if _noted_today(tx, known.person, now) else [_signal(known.person, SignalKind.PRAISE, now)]
        case Noted.COMPLAINT:
            signals = [] if known.complaints else [_signal(known.person, SignalKind.COMPLAINT, now)]
        case Noted.RESOLVED:
            signals = [_signal(known.person, SignalKind.RESOLVED, now, each) for each in range(known.complaints)]
    kept = [due_rows.hear(tx, facts, signal, now=now) for signal in signals]
    if any(kept):
        tx.audit.note(f"rep:{rep}", f"person.{what}", known.person, "", now)
    return any(kept)


def _noted_today(tx: Tx, person: str, now: datetime) -> bool:
    today = midnight(now)
    heard = (each for each in tx.signals.of_person(person) if each.kind is SignalKind.PRAISE and each.at >= today)
    return any(each.source == SOURCE for each in heard)


def _signal(person: str, kind: SignalKind, now: datetime, place: int = 0) -> Signal:
    """`place` tells several that are noted at once apart."""
    return Signal(person=person, kind=kind, at=now, source=SOURCE, count=float(place) if place else None)
