"""Erasing a person: what happens to what is open, before all that tells who they were is taken out.

A person who wants to be forgotten becomes an opaque id. What has happened stays under that id: touches, referrals,
orders, rewards, the ledger. What is still to happen ends here: thanks that are not theirs yet are renounced (the other
side keeps its own), nothing is said to them any more, and no friend of theirs can bring them anything. The sources are
PIPL Art. 47 and reliability.md H 88 and 92.

Somebody who comes back by an identity that was erased is a new person. Nothing here would know them again: the hashed
identities of a tombstone serve one purpose, to erase the person once more in a restored backup, and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from referral import budgets, fulfilment, ledger, points, stories
from referral.attribution import Reason
from referral.broadcasts import FOLLOW
from referral.errors import NotFound
from referral.identities import Identity
from referral.ids import Bits
from referral.jobs import Job
from referral.nudges import NudgeState
from referral.referrals import ReferralStatus
from referral.rewards import Reward, RewardState

if TYPE_CHECKING:
    from referral.tx import Tx

Mark = Callable[[Identity], str]
"""The keyed hash under which an erased identity is remembered: 64 hex digits."""

_UNDECIDED = (ReferralStatus.PENDING, ReferralStatus.UNMATCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """That a person was erased: their opaque id, the keyed hashes of their identities then, and when."""

    person: str
    marks: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How many rows of each table are about a person: those that go, those that are emptied, those that stay as is."""

    removed: Mapping[str, int]
    emptied: Mapping[str, int]
    kept: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did, or would do; `renounced` counts the thanks that were not theirs yet."""

    person: str
    renounced: int
    rows: Rows


class Erasures(Protocol):
    """Where people are erased, and who was."""

    def find(self, person: str) -> Tombstone | None: ...
    def among(self, people: Collection[str]) -> frozenset[str]: ...
    def rows(self, person: str) -> Rows: ...
    def erase(self, stone: Tombstone) -> None: ...


def look(tx: Tx, person: str) -> Erased:
    """What an erasure would do; nothing is changed. Raises `NotFound`."""
    found = _known(tx, person)
    renounced = sum(map(_is_open, tx.rewards.of_person(found)))
    return Erased(person=found, renounced=renounced, rows=tx.erasures.rows(found))


def erase(
    tx: Tx, person: str, mark: Mark, *, who: str, now: datetime, rng: Bits, before: Tombstone | None = None
) -> Erased:
    """Erase a person for good. Once more is harmless: what has come under their id since then goes too.

    `who` did it, as the audit names them; `before` is what is remembered of the first time, where this is done again
    after a restore. The first time counts as the time of the erasure. Raises `NotFound`.
    """
    stone = stone_of(tx, person, mark, now=now, before=before)
    found = stone.person
    renounced = _renounce(tx, found, now=now, rng=rng)
    _close_referrals(tx, found, now=now)
    _plan_no_more(tx, found, now=now)
    stories.forget(tx, found, now=now)
    rows = tx.erasures.rows(found)
    tx.erasures.erase(stone)
    tx.audit.note(who, "erase", found, "", now)
    return Erased(person=found, renounced=renounced, rows=rows)


def stone_of(tx: Tx, person: str, mark: Mark, *, now: datetime, before: Tombstone | None = None) -> Tombstone:
    """The tombstone that an erasure leaves, to be kept outside the database before it is done. Raises `NotFound`."""
    found = _known(tx, person)
    earlier = [stone for stone in (before, tx.erasures.find(found)) if stone]
    marks = {mark(identity) for identity in tx.people.identities(found)}.union(*(stone.marks for stone in earlier))
    at = min((stone.at for stone in earlier), default=now)
    return Tombstone(person=found, marks=tuple(sorted(marks)), at=at)


def _known(tx: Tx, person: str) -> str:
    """The id under which a person is kept now."""
    known = tx.people.get(person)
    if known is None:
        raise NotFound(f"没有找到这个人：{person}")
    return known.id


def _renounce(tx: Tx, person: str, *, now: datetime, rng: Bits) -> int:
    """Give back to the budget what is not theirs yet; how many thanks.

    What was granted stays booked, and so does what its connector has sent already, or may have.
    """
    renounced = 0
    for reward in tx.rewards.of_person(person):
        if not _is_open(reward) or not fulfilment.cancel(tx, reward, now=now):
            continue
        if tx.rewards.move(reward, RewardState.REVERSED, Reason.ERASED, now):
            ledger.record(tx, reward, RewardState.REVERSED, now=now, rng=rng)
            budgets.release(tx, reward.campaign, reward.reserved_fen, now=now)
            points.give_back(tx, reward, now=now, rng=rng)
            renounced += 1
    return renounced


def _is_open(reward: Reward) -> bool:
    return reward.state in (RewardState.HELD, RewardState.APPROVED)


def _close_referrals(tx: Tx, person: str, *, now: datetime) -> None:
    """Nothing will come of what has not been decided yet, whichever side they are on."""
    for referral in (*tx.referrals.of_advocate(person), *tx.referrals.of_friend(person)):
        if referral.status in _UNDECIDED:
            tx.referrals.decide(referral.id, ReferralStatus.REJECTED, Reason.ERASED, now)


def _plan_no_more(tx: Tx, person: str, *, now: datetime) -> None:
    """End the ask that is open, and have broadcasts that wait with them in it looked at and taken back."""
    if nudge := tx.nudges.open_of(person):
        tx.nudges.save(replace(nudge, state=NudgeState.ENDED, outcome=f"dropped:{Reason.ERASED}"))
    for broadcast in tx.broadcasts.waiting_for(person):
        tx.jobs.put(Job(kind=FOLLOW, key=broadcast, due_at=now))
