"""Minors are neither weighed nor asked (未成年人网络保护条例 24, PIPL 31; reliability R6); our offers are for adults.

Where children are taught, somebody whose age nobody knows may be one: they are asked only when the company's file, a
rep, or they themselves have said that they are an adult or a parent. Of a minor's birthday the day is
kept on which they come of age, till then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from referral import caring, due_rows, planned

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

OF_CHILDREN = frozenset({"k12", "education", "training"})
"""Industries in which an unknown age may be that of a child."""

TAGS = ("未成年", "未成年人", "minor")
"""Tags by which a customer file marks minors."""


FORGOTTEN: Mapping[str, Any] = {"profile": 0.0, "own": 0.0, "own_seen": 0.0, "hours": None}
"""What nothing of is kept about a minor, by the names of `Moment`."""


def is_tagged(tags: Sequence[str]) -> bool:
    """Whether tags say that a customer is a minor."""
    return any(tag.strip().casefold() in TAGS for tag in tags)


def may_be_told(known: bool | None, said: bool, *, by_staff: bool) -> bool:
    """Whether what is said of somebody's age counts: a known minor is an adult only when staff say so."""
    return known is not said and (by_staff or not known)


def say(tx: Tx, facts: Facts, person: str, minor: bool, *, who: str, by_staff: bool, now: datetime) -> bool:
    """Keep whether somebody is a minor; False where it changes nothing. What is planned for a minor ends at once."""
    known = tx.moments.get(person)
    if not may_be_told(known.minor, minor, by_staff=by_staff):
        return False
    tx.audit.note(who, "person.minor" if minor else "person.adult", known.person, "", now)
    if minor:
        planned.end(tx, known.person, "minor")
        known = known.but(**FORGOTTEN)
    due_rows.keep(tx, facts, known.but(minor=minor), now=now)
    caring.end_barred(tx, facts, known.person, now=now)
    return True
