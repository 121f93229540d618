"""What a person gives so that a thanks can reach them: where to send a gift, and their real name for cash.

Both are kept sealed: what is read and written here are bytes that only the house's own key opens. Each is asked for
only where it is needed, and the name for a purpose of its own that may be withdrawn (PIPL 29: separate consent).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from referral import fulfilment
from referral.consent import Answer, Consent
from referral.fulfilment import NAME, BillState
from referral.rewards import Reward, RewardState

if TYPE_CHECKING:
    from referral.tx import Tx

REAL_NAME = "real_name"
"""The purpose under which the consent to keep a real name stands."""

KEPT = timedelta(days=30)
"""How long an address is kept after its gift was sent, for what goes wrong on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealName:
    """A name, sealed; `id` is what it was sealed for."""

    id: str
    person: str
    sealed: bytes
    at: datetime


class Addresses(Protocol):
    """Where addresses are kept, one per gift."""

    def keep(self, reward: str, sealed: bytes, now: datetime) -> None: ...
    def of_reward(self, reward: str) -> bytes | None: ...
    def outlived(self, before: datetime, limit: int) -> list[str]: ...
    def forget(self, rewards: Sequence[str]) -> None: ...


class RealNames(Protocol):
    """Where real names are kept."""

    def keep(self, name: RealName) -> None: ...
    def of_person(self, person: str) -> RealName | None: ...
    def forget(self, person: str) -> None: ...


def may_address(tx: Tx, reward: Reward, ships: Collection[str]) -> bool:
    """Whether a thanks waits for its address, or goes to one that may still be corrected.

    `ships` are the connectors that send parcels: to no other an address is of any use.
    """
    bill = tx.bills.of_reward(reward.id)
    if bill is None or bill.connector not in ships or reward.state is not RewardState.APPROVED:
        return False
    return bill.state in (BillState.WAITING, BillState.NEEDS, BillState.SENT)


def needs_name(tx: Tx, reward: Reward) -> bool:
    """Whether a thanks waits for its person's real name."""
    bill = tx.bills.of_reward(reward.id)
    return bill is not None and bill.state is BillState.NEEDS and bill.needs == NAME


def parcel_of(tx: Tx, reward: Reward) -> str:
    """The courier's number of a gift that was sent, empty where none was."""
    bill = tx.bills.of_reward(reward.id) if reward.kind == "gift" else None
    return bill.external if bill and bill.state is BillState.DONE else ""


def give_address(tx: Tx, reward: Reward, sealed: bytes, ships: Collection[str], *, now: datetime) -> bool:
    """Keep where a gift goes and let it go on; False where it is not waited for (any more)."""
    if not may_address(tx, reward, ships):
        return False
    tx.addresses.keep(reward.id, sealed, now)
    tx.notices.void(reward.person, reward.id)
    bill = tx.bills.of_reward(reward.id)
    if bill and bill.state is BillState.NEEDS:
        fulfilment.given(tx, bill, now=now)
    return True


def give_name(tx: Tx, name: RealName, agreed_to: str, *, now: datetime) -> int:
    """Keep a real name with the consent to it, and let every thanks go on that waited for it; how many those are."""
    tx.real_names.forget(name.person)
    tx.real_names.keep(name)
    _say(tx, name.person, Answer.GRANTED, agreed_to, now)
    waiting = [reward for reward in tx.rewards.of_person(name.person) if needs_name(tx, reward)]
    bills = [bill for reward in waiting if (bill := tx.bills.of_reward(reward.id))]
    return sum(fulfilment.given(tx, bill, now=now) is not None for bill in bills)


def withdraw_name(tx: Tx, person: str, agreed_to: str, *, now: datetime) -> bool:
    """Forget a real name; what was sent under it stays sent. False where none is kept."""
    if tx.real_names.of_person(person) is None:
        return False
    tx.real_names.forget(person)
    _say(tx, person, Answer.WITHDRAWN, agreed_to, now)
    return True


def _say(tx: Tx, person: str, answer: Answer, words: str, now: datetime) -> None:
    proof = sha256(words.encode()).hexdigest()
    tx.consent.record(Consent(person=person, purpose=REAL_NAME, answer=answer, evidence=proof, channel="me", at=now))
