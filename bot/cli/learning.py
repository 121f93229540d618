"""What a customer file teaches of who brings friends: learned when it is in, and told to every customer's row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.intake import Verdict
from bot.lessons import is_news
from referral.taught import NONE, Tally, Taught

if TYPE_CHECKING:
    from bot.cli.door import Door

Stage = Callable[[str, int], Callable[[int], None]]
"""Begins a stage of long work, named, of so much; what it returns is told how much is done."""


@dataclass(frozen=True, slots=True)
class History:
    """How much history the company has, and what it has taught; None where that is too little."""

    tally: Tally = NONE
    taught: Taught | None = None


async def learn(door: Door, verdicts: Counter[str], stage: Stage) -> History:
    """Learn from the history that is there now, and tell everybody's row; a file that brought nothing teaches nothing.

    New customers alone, who have the effect of the last lesson already, make no new one unless they are many.
    """
    known = await door.here.store.read(lambda tx: tx.lessons.latest())
    tally = await door.tally() if verdicts[Verdict.NEW] or verdicts[Verdict.CHANGED] else None
    if tally is None:
        return History(known.tally, known) if known else History()
    if not (verdicts[Verdict.CHANGED] or is_news(tally, known)):
        return History(tally, known)
    taught = await door.learned(stage("学习", tally.company))
    if taught is None:
        return History(tally, known)
    await door.teach(taught, stage("评分", tally.company))
    return History(tally, taught)
