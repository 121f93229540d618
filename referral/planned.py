"""An ask that is planned for somebody and may not be said any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from referral.nudges import NudgeState

if TYPE_CHECKING:
    from referral.tx import Tx


def end(tx: Tx, person: str, why: str) -> None:
    """End it, with nothing left of what was weighed; the letter that would carry it is stopped by its last look."""
    if nudge := tx.nudges.open_of(person):
        outcome = f"dropped:{why}"
        tx.nudges.save(replace(nudge, state=NudgeState.ENDED, outcome=outcome, reasons=(), features={}))
