"""What somebody who answers for the house is told: budgets, connectors, work that came to nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral.ids import Bits
from referral.messages import RepText
from referral.outbox import Purpose, post

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


def tell(
    tx: Tx, facts: Facts, key: str, stock: dict[str, object], *, now: datetime, rng: Bits, dedupe: str = ""
) -> None:
    """Write to each of the managers in the app; where the company named none, to one who serves customers.

    Of messages with the same `dedupe` only the first is sent.
    """
    for staff in told(tx, facts):
        text = RepText(rep=staff, text=facts.words.say(key, stock))
        lane, own = f"rep:{staff}", f"{dedupe}:{staff}" if dedupe else None
        post(tx, text, lane=lane, purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=own)


def told(tx: Tx, facts: Facts) -> list[str]:
    """Whom that concerns."""
    return list(facts.managers) or sorted(rep.id for rep in tx.reps.active())[:1]
