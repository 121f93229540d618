"""申诉 in the chat: a colleague looks again at the newest thing that does not count."""

from __future__ import annotations

from datetime import datetime

from bot.conversations.telling import disputed
from referral import appeals
from referral.facts import Facts
from referral.ids import Bits
from referral.people import Person
from storage.transaction import Transaction


def raise_one(tx: Transaction, facts: Facts, person: Person, words: str, *, now: datetime, rng: Bits) -> str:
    """Open an appeal about what was explained; the key of what the customer is told."""
    told = disputed(tx, person.id, now=now)
    about, reason = (told.about, told.reason) if told else ("", "")
    _, opened = appeals.raise_one(tx, facts, person, about, reason, words, now=now, rng=rng)
    return "appeal.opened" if opened else "appeal.known"
