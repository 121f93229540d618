"""What a rep may write to the app, and the passive answer."""

from __future__ import annotations

from datetime import datetime

from bot.words import Words
from referral.events import RepOpened, RepSaid
from referral.times import SHANGHAI
from storage.transaction import Transaction


def said(tx: Transaction, words: Words, event: RepSaid, *, now: datetime) -> str:
    """Answer a rep's message."""
    if event.kind != "text":
        return words.say("rep.not_text")
    match event.text.strip():
        case "业绩":
            return _results(tx, words, event.rep, now)
        case "帮助" | "?" | "？" | "help":
            return words.say("rep.help")
        case _:
            return words.say("rep.unknown")


def opened(tx: Transaction, words: Words, event: RepOpened) -> str | None:
    """Greet whoever opens the app for the first time; later openings need no answer.

    Any of the staff may open it: whether they serve customers is for the platform's list to say.
    """
    if not tx.reps.see(event.rep, "", active=False):
        return None
    return words.say("rep.hello", rep="顾问")


def _results(tx: Transaction, words: Words, rep: str, now: datetime) -> str:
    month = now.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = tx.results.of_rep(rep, month)
    if not (found.advocates or found.friends or found.bought or found.granted):
        return words.say("rep.results_none")
    return words.say(
        "rep.results",
        advocates=found.advocates,
        friends=found.friends,
        bought=found.bought,
        granted=found.granted,
    )
