"""Finding a person by what somebody types of their name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from referral.conversations.commands import visible

_SHAPES = "\ufe0e\ufe0f"  # whether a symbol is drawn in colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A person by their own nickname, and by the name or remark that staff know."""

    person: str
    nickname: str
    name: str


def fold(text: str) -> str:
    """A name for comparing: width, case, spaces, direction marks and the shape of emoji do not matter."""
    return "".join(each for each in visible(text).casefold() if not each.isspace() and each not in _SHAPES)


def called(people: Iterable[Named], asked: str) -> list[Named]:
    """Those whose nickname or name contains what was asked; only who is called exactly so, if that is one person."""
    wanted = fold(asked)
    found = [each for each in people if wanted and any(wanted in name for name in _names(each))]
    exactly = [each for each in found if wanted in _names(each)]
    return exactly if len(exactly) == 1 else found


def _names(person: Named) -> tuple[str, str]:
    return fold(person.nickname), fold(person.name)
