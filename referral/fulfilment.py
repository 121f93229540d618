"""Fulfilment: what a connector of the company does to make a thanks real, and how far it has come.

A bill's number is fixed before the first try and never changes, so that a try whose fate is unknown is asked about and
never repeated under another number (reliability B 18, 19). The connectors themselves live at the edge.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.rewards import Reward

if TYPE_CHECKING:
    from referral.tx import Tx

FULFIL = "fulfil"
"""The job that takes a bill one step further; its key is the bill's number."""


class BillState(StrEnum):
    """How far a bill has come. `NEEDS` waits for its person (an address, a name, a yes), `UNKNOWN` for an enquiry."""

    WAITING = "waiting"
    NEEDS = "needs"
    SENT = "sent"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ADDRESS, NAME, OPENID, CONFIRM = "address", "name", "openid", "confirm"
"""What a bill may need: where to send it, the person's real name, the id a transfer goes to, their yes to taking it."""

OPEN = (BillState.WAITING, BillState.NEEDS, BillState.SENT, BillState.UNKNOWN)
NEXT = {
    BillState.WAITING: {BillState.NEEDS, BillState.SENT, BillState.UNKNOWN, BillState.DONE, BillState.FAILED}
    | {BillState.CANCELLED},
    BillState.NEEDS: {BillState.WAITING, BillState.DONE, BillState.FAILED, BillState.CANCELLED},
    BillState.SENT: {BillState.NEEDS, BillState.UNKNOWN, BillState.DONE, BillState.FAILED, BillState.CANCELLED},
    BillState.UNKNOWN: {BillState.NEEDS, BillState.WAITING, BillState.SENT, BillState.DONE, BillState.FAILED}
    | {BillState.CANCELLED},
    BillState.DONE: set[BillState](),
    BillState.FAILED: {BillState.WAITING, BillState.DONE, BillState.CANCELLED},
    BillState.CANCELLED: set[BillState](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One thanks given to one connector. `id` is the number that the other side knows it by; `note` is for staff.

    `needs` names what its person has still to give, or to do where it was sent already; `external` is what the other
    side said: its own number, a coupon's code, a parcel's number. `sent_at` is when it first went out.
    """

    id: str
    reward: str
    connector: str
    state: BillState
    created_at: datetime
    changed_at: datetime
    needs: str = ""
    external: str = ""
    note: str = ""
    tries: int = 0
    sent_at: datetime | None = None


class Bills(Protocol):
    """Where bills are kept: one per reward."""

    def add(self, bill: Bill) -> None: ...
    def get(self, bill: str) -> Bill | None: ...
    def of_reward(self, reward: str) -> Bill | None: ...
    def move(self, bill: Bill, to: BillState, now: datetime, **changed: object) -> Bill | None: ...
    def open_since(self, connector: str, before: datetime, limit: int) -> list[Bill]: ...
    def of_connector(self, connector: str, states: Collection[BillState], since: datetime | None) -> list[Bill]: ...


def begin(tx: Tx, reward: Reward, connector: str, *, now: datetime, rng: Bits) -> None:
    """Give an approved thanks to its connector; the number it goes by is made here, once."""
    if tx.bills.of_reward(reward.id):
        return
    bill = Bill(
        id=new_id(rng, "b"),
        reward=reward.id,
        connector=connector,
        state=BillState.WAITING,
        created_at=now,
        changed_at=now,
    )
    tx.bills.add(bill)
    tx.jobs.put(Job(kind=FULFIL, key=bill.id, due_at=now))


def given(tx: Tx, bill: Bill, *, now: datetime) -> Bill | None:
    """Its person has given what the bill needs, or staff say to go on: it is taken up again at once."""
    moved = tx.bills.move(bill, BillState.WAITING, now, needs="")
    if moved:
        tx.jobs.put(Job(kind=FULFIL, key=bill.id, due_at=now))
    return moved


def cancel(tx: Tx, reward: Reward, *, now: datetime) -> bool:
    """Call back what has not reached the person, a parcel on our own list too; False where it has, or may have.

    What waits for the person's own yes at the other side is asked back there; it ends when the other side agrees. What
    nobody knows the fate of is looked into at once.
    """
    bill = tx.bills.of_reward(reward.id)
    if bill is None:
        return True
    if bill.state is BillState.UNKNOWN or (bill.state is BillState.SENT and bill.needs == CONFIRM):
        tx.jobs.put(Job(kind=FULFIL, key=bill.id, due_at=now))
    if bill.state not in _NOT_THERE and not is_listed(tx, bill):
        return False
    tx.jobs.cancel(FULFIL, bill.id)
    return bill.state is BillState.CANCELLED or tx.bills.move(bill, BillState.CANCELLED, now) is not None


_NOT_THERE = (BillState.WAITING, BillState.NEEDS, BillState.FAILED, BillState.CANCELLED)


def is_listed(tx: Tx, bill: Bill) -> bool:
    """Whether it is a parcel that stands on our own list: its address is known, and nobody has said that it is out."""
    return bill.state is BillState.SENT and tx.addresses.of_reward(bill.reward) is not None


_WAITS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2)),
    *(timedelta(hours=5), timedelta(hours=10), timedelta(hours=10)),
)
TRIES = len(_WAITS) + 1
_SPREAD = 0.1


def retry_in(tries: int, rng: Bits) -> timedelta | None:
    """How long to wait after this many tries, None when there were enough.

    Eight tries over 27.6 hours (Svix, docs.svix.com/retries), each up to a tenth later, so that what failed together
    does not come again together.
    """
    if tries >= TRIES:
        return None
    return _WAITS[tries - 1] * (1 + _SPREAD * rng.getrandbits(16) / 2**16)


Connectors = Mapping[str, str]
"""Which connector makes which kind of thanks real, by kind; a kind that is not named needs none."""
