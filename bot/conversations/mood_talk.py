"""What a customer's words to the desk tell of their mood, kept as a signal: once a day of each kind."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import due_rows, news
from referral.facts import Facts
from referral.ids import Bits
from referral.praise import Mood
from referral.signals import Signal, SignalKind
from referral.times import midnight

if TYPE_CHECKING:
    from storage.transaction import Transaction

_KEPT_AS = {Mood.PRAISE: (SignalKind.PRAISE, "desk"), Mood.COMPLAINT: (SignalKind.COMPLAINT, "chat")}


def was_heard_today(tx: Transaction, person: str, mood: Mood, now: datetime) -> bool:
    """Whether this mood of theirs was kept from the chat today already."""
    kind, source = _KEPT_AS[mood]
    today = midnight(now)
    heard = (each for each in tx.signals.of_person(person) if each.kind is kind and each.source == source)
    return any(each.at >= today for each in heard)


def keep(
    tx: Transaction, facts: Facts, person: str, mood: Mood, at: datetime, *, alone: bool, now: datetime, rng: Bits
) -> bool:
    """Keep praise or a clear complaint; False for anything else, or where it was heard today.

    Of a complaint the rep is told, and nobody asks this customer until it is closed. Praise that stands `alone`, with
    nothing to be answered, may be the very moment to ask; otherwise it only moves the due row.
    """
    if mood not in _KEPT_AS or was_heard_today(tx, person, mood, now):
        return False
    kind, source = _KEPT_AS[mood]
    signal = Signal(person=person, kind=kind, at=at, source=source)
    if alone or mood is Mood.COMPLAINT:
        return news.take_in(tx, facts, signal, now=now, rng=rng)
    return due_rows.hear(tx, facts, signal, now=now)
