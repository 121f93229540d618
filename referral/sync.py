"""Taking in what the platform knows of a rep's customers: who is whose contact, and since when.

It does not tell since when somebody is a customer, and not who brought whom: that is for the add itself to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import orders
from referral.identities import Identity, IdentityKind
from referral.ids import Bits
from referral.merges import join
from referral.people import Person, find_or_create

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

ON_ITS_WAY = timedelta(minutes=10)
"""For this long the news of an add by one of our QRs may still be coming; it, not we, says who brought the friend."""


class Met(StrEnum):
    """What a customer was to us."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A customer as one rep has them. `also` are further names of the same human; `tags` are those the rep gave.

    `mark` is that of the contact way they came by; `added_at` None where the platform does not say.
    """

    who: Identity
    nickname: str
    avatar: str
    remark: str
    also: tuple[Identity, ...]
    tags: tuple[str, ...]
    mark: str | None
    added_at: datetime | None


class Tags(Protocol):
    """Where the tags of people are kept, and which of them each rep gave."""

    def of_person(self, person: str) -> tuple[str, ...]: ...
    def given(self, person: str) -> Mapping[str, tuple[str, ...]]: ...
    def give(self, person: str, rep: str, tags: Sequence[str]) -> None: ...
    def put(self, person: str, tags: Sequence[str]) -> None: ...


def take_in(tx: Tx, facts: Facts, rep: str, told: Told, *, now: datetime, rng: Bits) -> Met:
    """Keep one customer of a rep. Told the same again, nothing changes."""
    if _is_on_its_way(tx, rep, told, now):
        return Met.LATER
    names = _names(tx, told)
    before = _named(tx, names)
    known = join(tx, facts, names, now=now, rng=rng)
    person = known or _new(tx, facts, names, now=now, rng=rng)
    has_joined = _named(tx, names) != before
    changed = [
        _become_contacts(tx, person, rep, told, now),
        _learn(tx, person, rep, told, now),
        _tag(tx, person, rep, told.tags),
    ]
    if has_joined:
        orders.reexamine(tx, facts, person.id, now=now, rng=rng)
    if known is None:
        return Met.NEW
    return Met.CHANGED if has_joined or any(changed) else Met.SAME


def _is_on_its_way(tx: Tx, rep: str, told: Told, now: datetime) -> bool:
    if told.mark is None or told.added_at is None or now - told.added_at >= ON_ITS_WAY:
        return False
    known = tx.people.find(told.who)
    is_contact = known is not None and tx.reps.contact(known.id, rep) is not None
    return not is_contact and tx.contact_ways.by_mark(told.mark) is not None


def _names(tx: Tx, told: Told) -> list[Identity]:
    """All names of this human. One that leads to another of the platform's customers is left out: phones are shared."""
    return [told.who, *(name for name in told.also if not _is_anothers(tx, name, told.who))]


def _named(tx: Tx, names: Sequence[Identity]) -> list[str | None]:
    """Whom each name leads to."""
    return [person.id if (person := tx.people.find(name)) else None for name in names]


def _is_anothers(tx: Tx, name: Identity, who: Identity) -> bool:
    person = tx.people.find(name)
    if person is None:
        return False
    return any(each.kind is IdentityKind.WECOM and each != who for each in tx.people.identities(person.id))


def _new(tx: Tx, facts: Facts, names: Sequence[Identity], *, now: datetime, rng: Bits) -> Person:
    person, _ = find_or_create(tx, names[0], now=now, rng=rng, holdout=facts.holdout)
    for name in names[1:]:
        tx.people.attach(person.id, name, now)
    return person


def _become_contacts(tx: Tx, person: Person, rep: str, told: Told, now: datetime) -> bool:
    """Whether it was not known already. An end that came after the add stands: who was deleted stays on the list."""
    known = tx.reps.contact(person.id, rep)
    added_at = told.added_at or (known.added_at if known else None) or now
    if known and known.added_at and known.added_at <= added_at and not (known.left_at and known.left_at <= added_at):
        return False
    tx.reps.add_contact(person.id, rep, added_at)
    return True


def _learn(tx: Tx, person: Person, rep: str, told: Told, now: datetime) -> bool:
    """Keep how they appear, the first rep, and as their name what the rep wrote, where none was known."""
    told_now = {"nickname": told.nickname, "avatar": told.avatar}
    known: dict[str, object] = {
        name: value for name, value in told_now.items() if value and getattr(person, name) != value
    }
    if person.rep is None:
        known["rep"] = rep
    if not person.name and told.remark and told.remark != told.nickname:
        known["name"] = told.remark
    if not known and person.profiled_at:
        return False
    tx.people.learn(person.id, profiled_at=now, **known)
    return bool(known)


def _tag(tx: Tx, person: Person, rep: str, tags: Sequence[str]) -> bool:
    """Keep the tags that this rep gives. Those that only this rep had given, and gives no more, go."""
    given = tx.tags.given(person.id)
    before = given.get(rep, ())
    if set(before) == set(tags):
        return False
    others = {tag for other, theirs in given.items() if other != rep for tag in theirs}
    gone = set(before) - set(tags) - others
    kept = [tag for tag in tx.tags.of_person(person.id) if tag not in gone]
    tx.tags.give(person.id, rep, tags)
    tx.tags.put(person.id, list(dict.fromkeys([*kept, *tags])))
    return True
