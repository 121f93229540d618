"""People: advocates and friends alike, under one opaque id with any number of identities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from referral.holdout import is_held_out
from referral.identities import Identity, IdentityKind
from referral.ids import Bits, new_id
from referral.nicknames import legible

OWN_NUMBERS = (IdentityKind.CRM, IdentityKind.WECOM, IdentityKind.UNIONID)
"""Identities of which a human being has one."""

NAMELESS = "您的好友"
"""How a friend is told of an advocate who has no name that can be read."""

UNNAMED = "一位还没留名字的客户"
"""How staff are told of somebody who has none."""


class Byline(StrEnum):
    """How an advocate appears on posters and in welcomes."""

    FACE = "face"
    NICKNAME = "nickname"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human being as far as we know. `joined_at` is when they became a customer, never WeCom's add time."""

    id: str
    nickname: str = ""
    name: str = ""
    avatar: str = ""
    byline: Byline = Byline.NICKNAME
    rep: str | None = None
    joined_at: datetime | None = None
    holdout: bool = False
    profiled_at: datetime | None = None
    tier: str = ""
    staff: bool = False

    @property
    def called(self) -> str:
        """The nickname as others may read it, empty where there is none or nothing of it can be seen."""
        return legible(self.nickname)

    @property
    def shown_name(self) -> str | None:
        """The name this person agreed to be shown by, None for 不署名."""
        return None if self.byline is Byline.NONE else (self.called or NAMELESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rep:
    """A member of staff, by the id of the company's directory."""

    id: str
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """That a person and a rep are, or were, contacts.

    `added_at` is the first add, None while only an end is known; `left_at` is None while they are contacts, and
    `returned_at` is when they last became contacts again after an end.
    """

    person: str
    rep: str
    added_at: datetime | None
    left_at: datetime | None
    returned_at: datetime | None = None


class People(Protocol):
    """Where people, their identities, their reps and their contacts are kept."""

    def get(self, person: str) -> Person | None: ...
    def find(self, identity: Identity) -> Person | None: ...
    def identities(self, person: str) -> list[Identity]: ...
    def create(self, person: Person, now: datetime) -> None: ...
    def attach(self, person: str, identity: Identity, now: datetime) -> None: ...
    def learn(self, person: str, **known: object) -> None: ...
    def has_history(self, person: str) -> bool: ...
    def own_device(self, device: str, person: str, now: datetime) -> None: ...
    def owners_of(self, device: str) -> set[str]: ...
    def staff_among(self, people: Sequence[str]) -> frozenset[str]: ...


class Reps(Protocol):
    """Where reps and their contacts with customers are kept."""

    def get(self, rep: str) -> Rep | None: ...
    def active(self) -> list[Rep]: ...
    def see(self, rep: str, name: str, *, active: bool = True) -> bool: ...
    def retire_all_but(self, reps: Sequence[str]) -> None: ...
    def contact(self, person: str, rep: str) -> Contact | None: ...
    def contacts_of(self, person: str) -> list[Contact]: ...
    def count_customers(self, rep: str, most: int) -> int: ...
    def add_contact(self, person: str, rep: str, at: datetime) -> None: ...
    def end_contact(self, person: str, rep: str, at: datetime) -> None: ...


class HasPeople(Protocol):
    """The part of a transaction that this noun needs."""

    @property
    def people(self) -> People: ...


def find_or_create(
    tx: HasPeople, identity: Identity, *, now: datetime, rng: Bits, holdout: float = 0.0
) -> tuple[Person, bool]:
    """Return the person with this identity, made if unknown, and whether they were made.

    `holdout` is the share of people, 0-1, who are never nudged, settled once when a person becomes known.
    """
    known = tx.people.find(identity)
    if known:
        return known, False
    id_ = new_id(rng, "p")
    person = Person(id=id_, holdout=is_held_out(id_, holdout))
    tx.people.create(person, now)
    tx.people.attach(person.id, identity, now)
    return person, True
