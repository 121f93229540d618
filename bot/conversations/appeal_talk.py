"""申诉 in the chat: a colleague looks again at what does not count, with what the customer writes about it."""

from __future__ import annotations

from datetime import datetime

from bot.conversations.telling import disputes
from bot.words import Words
from referral import appeals
from referral.conversations.flow import APPEALED_WITHIN
from referral.conversations.heard import ALL
from referral.explain import Explanation
from referral.facts import Facts
from referral.ids import Bits
from referral.messages import DeskMenu, MenuItem
from referral.people import Person
from referral.times import chinese_day
from storage.transaction import Transaction

_MOST = 8
"""How many things are offered to choose from; the newest."""


def raise_one(
    tx: Transaction, facts: Facts, person: Person, about: str | None, words: str, *, now: datetime, rng: Bits
) -> str:
    """Open an appeal about what was named, or the newest that does not count; the key of what the customer is told."""
    found = disputes(tx, person.id, now=now)
    told = _newest(found) if about is None else next((each for each in found if each.about == about), None)
    at, reason = (told.about, told.reason) if told else ("", "")
    _, opened = appeals.raise_one(tx, facts, person, at, reason, words, now=now, rng=rng)
    return "appeal.opened" if opened else "appeal.known"


def which(tx: Transaction, words: Words, person: str, desk: str, to: str, *, now: datetime) -> DeskMenu:
    """Which of several things that do not count is meant?"""
    found = enumerate(disputes(tx, person, now=now)[:_MOST], 1)
    items = [MenuItem(text=_item(words, each, count, now), id=f"appeal:{each.about}") for count, each in found]
    items.append(MenuItem(text=words.say("appeal.all"), id=f"appeal:{ALL}"))
    return DeskMenu(desk=desk, to=to, head=words.say("appeal.which"), items=tuple(items))


def is_waiting(tx: Transaction, person: str, now: datetime) -> bool:
    """Whether they asked for a colleague a short while ago, and nobody has answered yet."""
    return any(each.is_open and now - each.at < APPEALED_WITHIN for each in tx.appeals.of_person(person))


def _item(words: Words, each: Explanation, count: int, now: datetime) -> str:
    whose = words.friend(each.name) if each.about.startswith("referral:") else words.say("appeal.mine")
    return words.say("appeal.item", count=count, friend=whose, when=chinese_day(each.since, now))


def _newest(found: list[Explanation]) -> Explanation | None:
    return found[0] if found else None
