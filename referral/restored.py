"""After a restore: what was on its way when the backup was made.

Nobody can say what became of it meanwhile, so none of it is sent again (design 3.5). Questions to the platform that
change nothing there are asked once more.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import broadcasts, caring, nudges
from referral.broadcasts import BroadcastState
from referral.messages import FetchProfile, FetchReps, MakeBroadcast, MakeDeskLink
from referral.outbox import Purpose

if TYPE_CHECKING:
    from referral.tx import Tx

WHY = "restored"
_HARMLESS = (FetchProfile, FetchReps, MakeDeskLink)


def give_up_letters(tx: Tx, *, now: datetime) -> int:
    """End every letter that waited or was under way, its fate unknown; how many."""
    given_up = [letter for letter in tx.outbox.unfinished() if not isinstance(letter.message, _HARMLESS)]
    for letter in given_up:
        tx.outbox.finish(letter.id, "unknown", WHY, now)
        if letter.purpose is Purpose.NUDGE:
            nudges.letter_ended(tx, nudges.carried(letter.dedupe), "unknown", WHY, now=now)
            caring.letter_ended(tx, letter.dedupe, "unknown", WHY)
        if isinstance(letter.message, MakeBroadcast):
            broadcasts.close(tx, letter.message.broadcast, BroadcastState.UNKNOWN, WHY, now=now)
    return len(given_up)
