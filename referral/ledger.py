"""The ledger: double entry per unit, every entry moving an amount between two accounts, provable and append-only.

An entry moves `amount` out of the `credit` account into the `debit` account. Balances are derived, never stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring as quoted
from typing import Protocol

from referral.ids import Bits, new_id
from referral.rewards import Reward, RewardState

UNITS = ("fen", "points", "days", "pieces")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement. Holds opaque ids only, so that erasing a person never breaks the chain."""

    id: str
    at: datetime
    kind: str
    debit: str
    credit: str
    unit: str
    amount: int
    ref: str

    def as_leaf(self) -> Mapping[str, object]:
        """The JSON object that is hashed (design 5.1): times in ISO 8601 UTC with milliseconds."""
        return {
            "amount": self.amount,
            "at": _spoken(self.at),
            "credit": self.credit,
            "debit": self.debit,
            "id": self.id,
            "kind": self.kind,
            "ref": self.ref,
            "unit": self.unit,
        }


def spelled(entry: Entry, at: datetime) -> bytes:
    """`merkle.canonical` of an entry's `as_leaf`, written out at once, for a ledger is spelled again and again.

    Of a row with an entry's columns too, whose time the caller has read. Raises TypeError for a text that is none and
    an amount that is no whole number, ValueError for lone surrogates.
    """
    return (
        f'{{"amount":{int.__repr__(entry.amount)},"at":"{_spoken(at)}","credit":{quoted(entry.credit)},'
        f'"debit":{quoted(entry.debit)},"id":{quoted(entry.id)},"kind":{quoted(entry.kind)},"ref":{quoted(entry.ref)},'
        f'"unit":{quoted(entry.unit)}}}'
    ).encode()


def _spoken(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")[:23] + "Z"  # without the offset


class Ledger(Protocol):
    """Where entries are kept. `append` is the only way to write."""

    def append(self, entry: Entry, salt: bytes) -> None: ...
    def balance(self, account: str, unit: str) -> int: ...
    def length(self) -> int: ...
    def about(self, refs: Collection[str], *, after: int = 0) -> list[Entry]: ...


class HasLedger(Protocol):
    """The part of a transaction that this noun needs."""

    @property
    def ledger(self) -> Ledger: ...


def record(
    tx: HasLedger, reward: Reward, to: RewardState, *, now: datetime, rng: Bits, amount: int | None = None
) -> None:
    """Write the movement of a reward into state `to` from the state it is in; of `amount` where not of all of it."""
    credit, debit = _accounts(reward, to)
    move(
        tx,
        to.value,
        credit,
        debit,
        reward.unit,
        reward.amount if amount is None else amount,
        reward.id,
        now=now,
        rng=rng,
    )


def move(
    tx: HasLedger, kind: str, credit: str, debit: str, unit: str, amount: int, ref: str, *, now: datetime, rng: Bits
) -> None:
    """Move an amount out of the `credit` account into the `debit` account; `ref` names what it is about."""
    entry = Entry(id=new_id(rng, "e"), at=now, kind=kind, debit=debit, credit=credit, unit=unit, amount=amount, ref=ref)
    tx.ledger.append(entry, rng.getrandbits(128).to_bytes(16, "big"))


def _accounts(reward: Reward, to: RewardState) -> tuple[str, str]:
    """Out of which account and into which; what is approved is still held until it is granted."""
    purse = f"campaign:{reward.campaign}"
    held, granted = account_of(reward.person, RewardState.HELD), account_of(reward.person, RewardState.GRANTED)
    if (reward.state, to) == (RewardState.HELD, RewardState.HELD):
        return purse, held
    if to is RewardState.GRANTED:
        return held, granted
    return (granted if reward.state is RewardState.GRANTED else held), purse


def account_of(person: str, state: RewardState) -> str:
    """The account that holds what is `held` for or `granted` to a person."""
    return f"{person}:{state.value}"
