"""Match aids: a phone brings an order and its buyer together, told by their rep or by the buyer (design §2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from referral import orders
from referral.errors import RuleViolation
from referral.identities import Identity, IdentityKind
from referral.ids import Bits
from referral.merges import are_two, join

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

TRIES = 5
TRY_SPAN = timedelta(minutes=10)
MOST_PHONES = 2
"""How many phones a person may give of themselves."""


class Matched(StrEnum):
    """What became of a phone that a rep entered."""

    JOINED = "joined"
    KNOWN = "known"


def phone_by_rep(
    tx: Tx, facts: Facts, person: str, phone: Identity, *, by: str, now: datetime, rng: Bits
) -> tuple[Matched, str]:
    """A rep knows this customer's phone: it joins them with whoever was known by it, and their orders are looked at.

    Returns what became of it and who the customer is now. Raises `RuleViolation` where the phone is that of somebody
    who is known to be another, by a number of their own; nothing was learned then.
    """
    known, owner = tx.people.identities(person), tx.people.find(phone)
    if phone in known:
        return Matched.KNOWN, person
    if owner and are_two(tx, person, owner.id):
        raise _another()
    kept = join(tx, facts, [*known, phone], now=now, rng=rng)
    owner = tx.people.find(phone)
    if kept is None or owner is None or owner.id != kept.id:
        raise _another()
    tx.audit.note(f"rep:{by}", "person.phone", kept.id, "", now)
    orders.reexamine(tx, facts, kept.id, now=now, rng=rng)
    return Matched.JOINED, kept.id


def _another() -> RuleViolation:
    return RuleViolation("phone.another", "这个手机号已经是另一位客户的，请跟对方再核对一下。")


def phone_by_self(tx: Tx, facts: Facts, person: str, phone: Identity, *, now: datetime, rng: Bits) -> None:
    """A person says which phone they bought with. Whether it was taken is never told: it could be anybody's.

    A number that is only claimed proves nothing: it is taken where something was bought with it, at most two of one
    person, and never from somebody who is known by more than phones.
    """
    known = tx.people.identities(person)
    owner = tx.people.find(phone)
    if phone in known or not known or (owner and not _is_phone_only(tx.people.identities(owner.id))):
        return
    bought = tx.orders.of_person(owner.id) if owner else tx.orders.waiting_for(phone)
    if not bought or _phones(known) >= MOST_PHONES:
        return
    kept = join(tx, facts, [*known, phone], now=now, rng=rng)
    if kept:
        tx.audit.note(f"person:{person}", "person.phone", kept.id, "", now)
        orders.reexamine(tx, facts, kept.id, now=now, rng=rng)


def may_try(tx: Tx, person: str, *, now: datetime) -> bool:
    """Whether a person may give a phone once more; each time counts, whatever comes of it."""
    who = f"phone:{person}"
    if tx.codes.misses(who, now - TRY_SPAN) >= TRIES:
        return False
    tx.codes.missed(who, now)
    return True


def _phones(identities: Sequence[Identity]) -> int:
    return sum(identity.kind is IdentityKind.PHONE for identity in identities)


def _is_phone_only(identities: Sequence[Identity]) -> bool:
    return _phones(identities) == len(identities)
