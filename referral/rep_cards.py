"""The card in the morning that opens a rep's list: how many customers there are, the first of them by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from referral.ids import Bits
from referral.messages import RepCard
from referral.outbox import Purpose, post

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

_NAMED = 3


def call(
    tx: Tx, facts: Facts, rep: str, day: str, people: Sequence[str], words: str, *, now: datetime, rng: Bits
) -> None:
    """Tell a rep of these customers, once a day; `words` names the group of copy that says what for."""
    say = facts.words.say
    names = [customer.name or "一位客户" for customer in tx.customers.load(people[:_NAMED], now)]
    listed = "、".join(names)
    card = RepCard(
        rep=rep,
        title=say(f"{words}.card_title", count=len(people)),
        text=say(f"{words}.card_text", names=f"{listed}等" if len(people) > len(names) else listed),
        url=facts.rep_page(rep, now),
        button=say("rep.card_button"),
    )
    post(tx, card, lane=f"rep:{rep}", purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=f"card:{rep}:{day}")
