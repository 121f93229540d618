"""Desk links: what opens the desk's chat, also with a code that it tells us on entering."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from referral.ids import Bits
from referral.messages import MakeDeskLink
from referral.outbox import Purpose, post

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

SCENE = "taoli"
"""The mark of our own links; the platform lets only marked ones carry anything (platform.md 5.1)."""


_PATIENCE = timedelta(minutes=2)


class Desks(Protocol):
    """Where the links of desks are kept. `prefix` is a desk's link up to the place for a code, None until known.

    `is_lost` is whether nothing came of the last asking for that.
    """

    def link(self, desk: str) -> str | None: ...
    def prefix(self, desk: str) -> str | None: ...
    def asked_at(self, desk: str) -> datetime | None: ...
    def is_lost(self, desk: str) -> bool: ...
    def ask(self, desk: str, now: datetime) -> None: ...
    def failed(self, desk: str, now: datetime) -> None: ...


def entering_with(tx: Tx, facts: Facts, code: str) -> str | None:
    """The link that opens the desk's chat and tells this code on entering, None until the platform gave us one."""
    prefix = tx.desks.prefix(facts.desk) if facts.desk else None
    return prefix + code if prefix else None


def is_lost(tx: Tx, facts: Facts) -> bool:
    """Whether nobody should wait for a link that can tell codes now."""
    return facts.desk is None or tx.desks.is_lost(facts.desk)


def ask(tx: Tx, facts: Facts, *, now: datetime, rng: Bits, lane: str = "") -> None:
    """Ask for the desk's link, unless that has just been done."""
    if facts.desk:
        ask_for(tx, facts.desk, now=now, rng=rng, lane=lane)


def ask_for(tx: Tx, desk: str, *, now: datetime, rng: Bits, lane: str = "") -> None:
    """Ask for the link of a desk, unless it is known or has just been asked for; in `lane`, where one is given.

    Posters do not wait for what has not come for so long that it may be asked for again.
    """
    asked_at, own = tx.desks.asked_at(desk), f"link:{desk}"
    if tx.desks.prefix(desk) is not None or (asked_at and asked_at > now - _PATIENCE):
        return
    if asked_at and not tx.desks.is_lost(desk):
        tx.desks.failed(desk, now)
    if not tx.outbox.is_busy(own):
        tx.desks.ask(desk, now)
        post(tx, MakeDeskLink(desk=desk, scene=SCENE), lane=lane or own, purpose=Purpose.SYSTEM, now=now, rng=rng)
