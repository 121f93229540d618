"""A lesson with what there is to say of it, and how it reaches customers: whose table changes gets its effect anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from referral import due_rows
from referral.lessons import Lesson, Profile

if TYPE_CHECKING:
    from referral.tx import Tx

NOTICED = 0.01
"""Log-odds: an effect that differs by less is not written again."""


class Tally(NamedTuple):
    """How many customers a company has, of how many it is known what they brought before, how many of these brought
    anybody, and how many friends.
    """

    company: int
    customers: int
    referrers: int
    referrals: int


NONE = Tally(0, 0, 0, 0)
"""Nobody at all."""


class Skill(Struct, frozen=True):
    """How much of all friends the best fifth of customers had brought, 0-1, ranked by each rule.

    `lesson` is the score with what was learned from others, `profile` the score without, `tenure` the oldest customers.
    """

    lesson: float
    profile: float
    tenure: float


class Finding(Struct, frozen=True, kw_only=True):
    """What strikes the eye about one trait: a `part` of the customers, 0-1, brought this `share` of all friends.

    Of a scale the part lies `above` a number (and then at or above it) and below `below`, where these are not None, the
    `rank`-th fifth from below; of a word it is those whom `word` names.
    """

    trait: str
    part: float
    share: float
    word: str = ""
    above: float | None = None
    below: float | None = None
    rank: int = 0

    @property
    def times(self) -> float:
        """How many times as many friends as the average customer's."""
        return self.share / self.part


class Taught(Struct, frozen=True, kw_only=True):
    """A lesson, how it ranks customers it was not learned from, and what strikes the eye.

    It was learned in a `company` of so many customers; of those whose history is known `referrers` brought anybody.
    """

    lesson: Lesson
    skill: Skill
    findings: tuple[Finding, ...]
    company: int
    referrers: int

    @property
    def tally(self) -> Tally:
        """The company as it was learned of."""
        return Tally(self.company, self.lesson.customers, self.referrers, self.lesson.referrals)


class Lessons(Protocol):
    """Where lessons are kept, and what is told of customers."""

    def latest(self) -> Taught | None: ...
    def learned_at(self) -> datetime | None: ...
    def keep(self, taught: Taught, now: datetime) -> None: ...
    def tally(self) -> Tally: ...
    def profiles(self, people: Sequence[str], now: datetime) -> Mapping[str, Profile]: ...


def refresh(tx: Tx, people: Sequence[str], now: datetime) -> None:
    """Give these customers anew what the lesson says of them: their tables have been brought together, or parted."""
    taught = tx.lessons.latest()
    if taught is None:
        return
    for person, profile in tx.lessons.profiles(people, now).items():
        moment = tx.moments.get(person)
        effect = taught.lesson.effect(profile) if moment.may_be_learned else 0.0
        if abs(effect - moment.profile) > NOTICED:
            due_rows.hurry(tx, moment.but(profile=effect))
