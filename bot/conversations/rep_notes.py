"""记好评, 记投诉, 投诉了结: what a customer of the rep's own said to her, noted down."""

from __future__ import annotations

from bot.conversations.rep_customers import of_one
from bot.conversations.rep_talk import RepTalk
from referral import rep_notes
from referral.conversations.commands import NOTES, NotesDown
from referral.decisions import Customer

_NAMELESS = "这位客户"


def noted(talk: RepTalk, command: NotesDown) -> str:
    """Note it down; what was noted, or why there was nothing to."""
    if not command.name:
        return talk.say("who_note", item=NOTES[command.what])
    return of_one(talk, command.name, lambda talk, customer: _noted(talk, customer, command))


def _noted(talk: RepTalk, customer: Customer, command: NotesDown) -> str:
    person = customer.moment.person
    is_new = rep_notes.note(talk.tx, talk.facts, person, command.what, talk.rep, now=talk.now)
    key = f"noted_{command.what}" if is_new else f"noted_{command.what}_again"
    return talk.say(key, name=customer.name or _NAMELESS)
