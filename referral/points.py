"""Points: what a person has, what of it lapses next, and what comes back from an exchange that is undone.

The balance is the ledger's; after a refund it may be below zero. Points are used in the order in which they lapse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from referral import ledger
from referral.ids import Bits
from referral.rewards import Cause, Reward, RewardState
from referral.times import midnight

if TYPE_CHECKING:
    from referral.tx import Tx

UNIT = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """So many points are lost on the day that `at` falls in, if they are not used before."""

    points: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What a person has; `known` is false for one who never had any."""

    balance: int
    lapse: Lapse | None
    known: bool


def of(tx: Tx, person: str, now: datetime) -> Points:
    """How a person's points stand."""
    balance = balance_of(tx, person)
    granted = _granted(tx, person)
    return Points(balance=balance, lapse=next_lapse(granted, balance, now), known=bool(granted) or balance != 0)


def balance_of(tx: Tx, person: str) -> int:
    """What the books say a person has to spend."""
    return tx.ledger.balance(ledger.account_of(person, RewardState.GRANTED), UNIT)


def left_of(reward: Reward, granted: Iterable[Reward], balance: int) -> int:
    """What is not used of one thanks in points, where a person's `granted` ones leave this balance."""
    later = sum(each.amount for each in granted if lapses(each) > lapses(reward))
    return max(0, min(reward.amount, balance - later))


def next_lapse(granted: Iterable[Reward], balance: int, now: datetime) -> Lapse | None:
    """What lapses first of what is still there; thanks that lapse on one day are counted together."""
    batches = sorted(granted, key=lapses)
    lapsing = [(each.expires_at, each) for each in batches if each.expires_at and each.expires_at > now]
    left = [(at, amount) for at, each in lapsing if (amount := left_of(each, batches, balance))]
    if not left:
        return None
    first = midnight(left[0][0])
    same = [(at, amount) for at, amount in left if midnight(at) == first]
    return Lapse(points=sum(amount for _, amount in same), at=same[-1][0])


def lapses(reward: Reward) -> tuple[bool, datetime, str]:
    """The order in which points are used: those that lapse first, and those that never do at the end."""
    at = reward.expires_at or reward.granted_at
    assert at
    return reward.expires_at is None, at, reward.id


def left(tx: Tx, reward: Reward) -> int:
    """What its person has not used of one granted thanks in points."""
    return left_of(reward, _granted(tx, reward.person), balance_of(tx, reward.person))


def give_back(tx: Tx, reward: Reward, *, now: datetime, rng: Bits) -> None:
    """What was exchanged for points has come to nothing: the points return, once, and the thing goes back on the shelf.

    What returns belongs to no thanks any more and so lapses with none.
    """
    if reward.cause is not Cause.REDEMPTION:
        return
    exchange = tx.shop.of_reward(reward.id)
    if exchange and tx.shop.returned(exchange.id, now):
        mine = ledger.account_of(reward.person, RewardState.GRANTED)
        ledger.move(tx, "returned", spent_on(exchange.item), mine, UNIT, exchange.points, exchange.id, now=now, rng=rng)
        tx.shop.put_back(exchange.item)


def spent_on(item: str) -> str:
    """The account of the points that went into a thing of the shop."""
    return f"spent:{item}"


def _granted(tx: Tx, person: str) -> list[Reward]:
    return [r for r in tx.rewards.of_person(person) if r.state is RewardState.GRANTED and r.unit == UNIT]
