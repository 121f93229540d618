"""What a person has given so that a thanks can reach them: where to send it, and their real name."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from bot.sealing import Seal
from referral import addresses
from referral.addresses import RealName
from referral.ids import Bits, new_id
from referral.rewards import Reward
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a parcel goes; `phone` is the receiver's, as the courier needs it."""

    name: str
    phone: str
    address: str

    def __repr__(self) -> str:
        return "Address(…)"  # so that no log and no error shows it


class Given(Protocol):
    """Reads what stands sealed in the database; None where the person has not given it (yet)."""

    def address(self, tx: Transaction, reward: Reward) -> Address | None:
        """Where this thanks is to be sent."""

    def real_name(self, tx: Transaction, reward: Reward) -> str | None:
        """The name that the platform knows the person of this thanks by."""


class Safe:
    """`Given` over the database, and the way into it. Addresses are sealed for their gift, names for themselves.

    `ships` are the connectors that send parcels.
    """

    def __init__(self, seal: Seal, ships: Collection[str] = ()) -> None:
        self._seal = seal
        self._ships = ships

    def address(self, tx: Transaction, reward: Reward) -> Address | None:
        sealed = tx.addresses.of_reward(reward.id)
        return Address(**json.loads(self._seal.open(sealed, _of_gift(reward)))) if sealed else None

    def real_name(self, tx: Transaction, reward: Reward) -> str | None:
        return self.name_of(tx, reward.person)

    def name_of(self, tx: Transaction, person: str) -> str | None:
        """The real name that a person has given and not withdrawn."""
        kept = tx.real_names.of_person(person)
        return self._seal.open(kept.sealed, _of_name(kept.id)) if kept else None

    def may_address(self, tx: Transaction, reward: Reward) -> bool:
        """Whether a thanks waits for its address, or goes to one that may still be corrected."""
        return addresses.may_address(tx, reward, self._ships)

    def take_address(self, tx: Transaction, reward: Reward, address: Address, *, now: datetime, rng: Bits) -> bool:
        """Keep where a gift goes; False where it is not waited for (any more)."""
        text = json.dumps(asdict(address), ensure_ascii=False)
        sealed = self._seal.seal(text, _of_gift(reward), rng)
        return addresses.give_address(tx, reward, sealed, self._ships, now=now)

    def take_name(self, tx: Transaction, person: str, name: str, agreed_to: str, *, now: datetime, rng: Bits) -> int:
        """Keep a real name under the words agreed to; how many thanks go on with it."""
        key = new_id(rng, "x")
        kept = RealName(id=key, person=person, sealed=self._seal.seal(name, _of_name(key), rng), at=now)
        return addresses.give_name(tx, kept, agreed_to, now=now)


def given_by(seal: bytes, ships: Collection[str] = ()) -> Safe:
    """What people have given, read with the house's sealing key."""
    return Safe(Seal(seal), ships)


def _of_gift(reward: Reward) -> str:
    return f"address:{reward.id}"


def _of_name(key: str) -> str:
    return f"real_name:{key}"
