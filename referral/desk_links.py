"""Desk links: what opens the desk's chat, also with a code that it tells us on entering."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from referral.ids import Bits
from referral.messages import MakeDeskLink
from referral.outbox import Purpose, post

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

SCENE = "taoli"
"""The mark of our own links; the platform lets only marked ones carry anything (platform.md 5.1)."""


class Desks(Protocol):
    """Where the links of desks are kept. `prefix` is a desk's link up to the place for a code, None until known."""

    def link(self, desk: str) -> str | None: ...
    def prefix(self, desk: str) -> str | None: ...


def entering_with(tx: Tx, facts: Facts, code: str) -> str | None:
    """The link that opens the desk's chat and tells this code on entering, None until the platform gave us one."""
    prefix = tx.desks.prefix(facts.desk) if facts.desk else None
    return prefix + code if prefix else None


def ask(tx: Tx, facts: Facts, *, now: datetime, rng: Bits, lane: str = "") -> None:
    """Ask for the desk's link, unless that has been done."""
    if facts.desk:
        ask_for(tx, facts.desk, now=now, rng=rng, lane=lane)


def ask_for(tx: Tx, desk: str, *, now: datetime, rng: Bits, lane: str = "") -> None:
    """Ask for the link of a desk, unless it is known or has been asked for; in `lane`, where one is given."""
    own = lane or f"link:{desk}"
    if tx.desks.prefix(desk) is None and not tx.outbox.is_busy(own):
        post(tx, MakeDeskLink(desk=desk, scene=SCENE), lane=own, purpose=Purpose.SYSTEM, now=now, rng=rng)
