"""Posters that nobody came to see: known when two weeks are over, without looking through those who took one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import due_rows
from referral.jobs import Job
from referral.shares import BEEN_SEEN, UNSEEN_FOR, Share, ShareLevel
from referral.signals import Signal, SignalKind

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

LOOK = "posters.unseen"
"""The job that looks whether a poster was seen; its key is the code on it."""


def watch(tx: Tx, code: str, taken_at: datetime) -> None:
    """Look at it again when the two weeks are over."""
    tx.jobs.put(Job(kind=LOOK, key=code, due_at=taken_at + UNSEEN_FOR))


def look(tx: Tx, facts: Facts, code: str, *, now: datetime) -> bool:
    """Whether a poster was seen by nobody for two weeks: then it is kept, and its advocate's row moves.

    Only the latest one counts: with a newer one in hand the older tells nothing.
    """
    known = tx.codes.find(code)
    shares = tx.shares.of_person(known.advocate) if known else []
    taken = _latest(shares)
    if known is None or taken is None or taken.code != known.code or _was_seen(taken, shares):
        return False
    over = taken.first_at + UNSEEN_FOR
    signal = Signal(person=known.advocate, kind=SignalKind.UNSEEN, at=over, source="calendar")
    return due_rows.hear(tx, facts, signal, now=now)


def _latest(shares: list[Share]) -> Share | None:
    """The poster that was taken last; one that an operator made was taken by nobody."""
    taken = [each for each in shares if each.level is ShareLevel.PREPARED and each.evidence != "cli"]
    return max(taken, key=lambda each: each.first_at, default=None)


def _was_seen(taken: Share, shares: list[Share]) -> bool:
    return any(each.code == taken.code and each.level in BEEN_SEEN for each in shares)
