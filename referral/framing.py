"""Which framing a person's words take, and what those words may claim about her.

A plain word, helping a friend, both gaining, early access and gratitude are tested against each other (science:
prosocial wording is the best supported lever, but arms are tested, not hard-coded), so each person keeps one framing
for the life of a campaign.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256

from referral.history import UNKNOWN, History
from referral.times import whole_months


class Framing(StrEnum):
    """Why it is said: `PLAIN` it is there, `HELP` it may help you, `BOTH` we both gain, `EARLY` you have it sooner,
    `THANKS` she would like to thank the company, and names no reward.
    """

    PLAIN = "plain"
    HELP = "help"
    BOTH = "both"
    EARLY = "early"
    THANKS = "thanks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that words may say about an advocate: nothing here is guessed.

    `joined_on` is the day she became a customer, None when unknown; `today` is the Beijing date of writing; `history`
    is what else is held of her; `industry` is the company's, which says what of it nobody else may know.
    """

    person: str
    campaign: str
    company: str
    product: str
    nickname: str
    joined_on: date | None
    today: date
    history: History = UNKNOWN
    industry: str = "other"


def framing_for(person: str, campaign: str, among: Collection[Framing] = tuple(Framing)) -> Framing:
    """The framing of a person in a campaign, of those that its offer has: stable for ever, equal shares.

    Each framing draws for itself and the highest wins (rendezvous hashing, Thaler and Ravishankar 1998), so that one
    that is added or left out later moves only those who come to it or had it.
    """
    return max(among, key=lambda framing: _draw(f"framing:{framing}", person, campaign))


def variant_for(person: str, campaign: str, count: int) -> int:
    """Which of `count` equal wordings a person gets, so that one circle of friends does not read one text."""
    return _draw("variant", person, campaign) % count


def tenure_words(joined_on: date | None, today: date) -> str:
    """How long she has been a customer ("两年多", "七个月"); empty when under a month or unknown."""
    months = whole_months(joined_on, today) if joined_on else 0
    if months < 1:
        return ""
    years, rest = divmod(months, 12)
    if years:
        return f"{_count(years)}年{'多' if rest else ''}"
    return "半年" if months == 6 else f"{_count(months)}个月"


def pronoun_for(name: str) -> str:
    """她, 他 or 对方, by how the name addresses the person; never guessed from a bare name."""
    if name.endswith(("姐", "姨", "妈", "婶", "嫂", "妹", "奶奶", "女士", "小姐", "太太", "姑姑")):
        return "她"
    if name.endswith(("哥", "叔", "爸", "伯", "弟", "爷爷", "先生", "舅舅", "大爷")):
        return "他"
    return "对方"


def _draw(purpose: str, person: str, campaign: str) -> int:
    return int.from_bytes(sha256(f"{purpose}\0{campaign}\0{person}".encode()).digest()[:8])


def _count(number: int) -> str:
    words = "零一两三四五六七八九十"
    return words[number] if number < len(words) else str(number)
