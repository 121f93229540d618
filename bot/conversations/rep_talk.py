"""One message of a member of staff being answered, and how lists stay within what a passive answer may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.words import Words
from referral.facts import Facts
from referral.ids import Bits
from referral.times import SHANGHAI
from storage.transaction import Transaction

REPLY_BYTES = 2048
"""What the platform lets through of a passive answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepTalk:
    """Who wrote, and what is needed to answer."""

    tx: Transaction
    facts: Facts
    words: Words
    rep: str
    now: datetime
    rng: Bits

    def say(self, key: str, stock: Mapping[str, object] | None = None, /, **values: object) -> str:
        """The words of a `rep.` key."""
        return self.words.say(f"rep.{key}", stock, **values)

    def listing(self, head: str, lines: Sequence[str], *tail: str, most: int = 8, more: str = "more") -> str:
        """A list of at most `most` lines, fewer where the answer would be too long, with how many are left out."""
        for shown in range(min(most, len(lines)), -1, -1):
            left = [self.say(more, count=len(lines) - shown)] if shown < len(lines) else []
            text = "\n".join([head, *lines[:shown], *left, *(each for each in tail if each)])
            if len(text.encode()) <= REPLY_BYTES:
                break
        return text

    def day(self, at: datetime) -> str:
        """A day as people write it, with its year where that is another one."""
        local, today = at.astimezone(SHANGHAI), self.now.astimezone(SHANGHAI)
        year = "" if local.year == today.year else f"{local.year}年"
        return f"{year}{local.month}月{local.day}日"

    def hour(self, at: datetime) -> str:
        """A day with its hour."""
        local = at.astimezone(SHANGHAI)
        return f"{local.month}月{local.day}日 {local:%H:%M}"
