"""Broadcasts: one text from one rep to many of their customers. It is put before the rep, who alone can send it.

What the platform says of it is followed until every customer's part has come to an end, or three days are over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import notices
from referral import nudges as asks
from referral.errors import BadInput
from referral.floor import barrier
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.messages import MakeBroadcast
from referral.outbox import Purpose, post

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

FEWEST, MOST = 2, 10_000
"""For one customer there is the chat; more than this the platform does not take (platform.md 4.7)."""

FOLLOW = "broadcasts.follow"
"""The job that asks how a broadcast stands; its key is the broadcast."""

EVERY = timedelta(minutes=10)
PATIENCE = timedelta(days=3)
"""A rep who has not pressed send by then will not: the rest is taken back."""


class BroadcastState(StrEnum):
    """Where a broadcast stands: not made yet, before the rep, at its end, taken back, fate not known, not made."""

    QUEUED = "queued"
    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    FAILED = "failed"


class End(StrEnum):
    """What became of it for one customer: sent, no contact any more, more than they may get, or never sent."""

    SENT = "sent"
    NOT_FRIEND = "not_friend"
    CAP = "cap"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """One broadcast. `task` is the platform's name for it; `asked_at` is when the platform was first asked for it."""

    id: str
    rep: str
    text: str
    state: BroadcastState
    created_at: datetime
    task: str | None = None
    asked_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One customer of a broadcast, under the platform's id `handle`; `end` is None while it is still to come."""

    person: str
    handle: str
    nudge: str | None = None
    end: End | None = None
    at: datetime | None = None


class Broadcasts(Protocol):
    """Where broadcasts are kept. `end` is False for a target that has come to its end before."""

    def add(self, broadcast: Broadcast, targets: Sequence[Target]) -> None: ...
    def get(self, broadcast: str) -> Broadcast | None: ...
    def targets(self, broadcast: str) -> list[Target]: ...
    def handles(self, rep: str, people: Sequence[str]) -> dict[str, str]: ...
    def asked(self, broadcast: str, at: datetime | None) -> None: ...
    def made(self, broadcast: str, task: str) -> None: ...
    def waiting_for(self, person: str) -> list[str]: ...
    def waiting_in(self, campaign: str) -> list[str]: ...
    def is_known(self, task: str) -> bool: ...
    def finish(self, broadcast: str, state: BroadcastState, now: datetime) -> None: ...
    def end(self, broadcast: str, person: str, end: End, at: datetime) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What the platform tells of one customer's part."""

    handle: str
    end: End
    at: datetime


def ask(
    tx: Tx,
    rep: str,
    people: Sequence[str],
    text: str,
    *,
    now: datetime,
    rng: Bits,
    nudges: Mapping[str, str] | None = None,
    expires_at: datetime | None = None,
) -> Broadcast:
    """Put a text before a rep for these people, to be made at the platform after the commit.

    `nudges` are the asks that it carries, by person. Raises `BadInput` for fewer than 2 or more than 10 000 people,
    for a blank text, and for people who are not, or no longer, the rep's contacts.
    """
    wanted = list(dict.fromkeys(people))
    if not text.strip():
        raise BadInput("text", "不能是空白的")
    if not FEWEST <= len(wanted) <= MOST:
        raise BadInput("people", f"群发要有 {FEWEST} 到 {MOST} 位客户，这里是 {len(wanted)} 位")
    handles = tx.broadcasts.handles(rep, wanted)
    if strangers := [person for person in wanted if person not in handles]:
        raise BadInput("people", f"有 {len(strangers)} 位不是这位顾问的客户：{'、'.join(strangers[:3])}")
    made = Broadcast(id=new_id(rng, "b"), rep=rep, text=text, state=BroadcastState.QUEUED, created_at=now)
    carried = nudges or {}
    targets = [Target(person=each, handle=handles[each], nudge=carried.get(each)) for each in wanted]
    tx.broadcasts.add(made, targets)
    post(
        tx,
        MakeBroadcast(broadcast=made.id, rep=rep, to=tuple(target.handle for target in targets), text=text),
        lane=f"broadcast:{made.id}",
        purpose=Purpose.SYSTEM,
        now=now,
        rng=rng,
        expires_at=expires_at,
        dedupe=f"broadcast:{made.id}",
    )
    return made


def made(tx: Tx, broadcast: str, task: str, unreachable: Iterable[str], *, now: datetime) -> None:
    """The platform has put it before the rep; those it will not reach have come to their end."""
    tx.broadcasts.made(broadcast, task)
    tx.jobs.put(Job(kind=FOLLOW, key=broadcast, due_at=now + EVERY))
    followed(tx, broadcast, [Ended(handle=handle, end=End.FAILED, at=now) for handle in unreachable], now=now)


def followed(tx: Tx, broadcast: str, told: Iterable[Ended], *, now: datetime) -> bool:
    """Keep what the platform tells of each customer's part; whether all have come to an end."""
    at_work = {target.handle: target for target in tx.broadcasts.targets(broadcast) if target.end is None}
    for each in told:
        if target := at_work.pop(each.handle, None):
            _end(tx, broadcast, target, each.end, at=each.at, why=each.end.value)
    if not at_work:
        tx.broadcasts.finish(broadcast, BroadcastState.DONE, now)
    return not at_work


def is_unwanted(tx: Tx, facts: Facts, broadcast: str, *, now: datetime) -> bool:
    """Whether something has come up against somebody who would still get it."""
    waiting = (each for each in tx.broadcasts.targets(broadcast) if each.end is None)
    return any(is_held(tx, facts, each, now=now) for each in waiting)


def is_held(tx: Tx, facts: Facts, target: Target, *, now: datetime) -> bool:
    """Whether a customer must not get it any more: silence for any, the whole floor for one who is asked by it.

    An ask also ends with its campaign, and rests while that is paused.
    """
    if notices.is_silent(tx, target.person):
        return True
    ask = tx.nudges.get(target.nudge) if target.nudge else None
    if ask and not asks.is_spoken_of(tx, ask, now):
        return True
    moment = tx.moments.get(target.person).but(nudged_at=None)  # but for this very ask
    return target.nudge is not None and barrier(moment, facts.policy, now) is not None


def leave_out(tx: Tx, broadcast: str, people: Iterable[str], why: str, *, now: datetime) -> None:
    """End the part of people who must not get it any more."""
    leaving = set(people)
    for target in tx.broadcasts.targets(broadcast):
        if target.person in leaving and target.end is None:
            _end(tx, broadcast, target, End.FAILED, at=now, why=why)


def close(tx: Tx, broadcast: str, state: BroadcastState, why: str, *, now: datetime) -> None:
    """End a broadcast as it stands: whoever has not got it will not."""
    for target in tx.broadcasts.targets(broadcast):
        if target.end is None:
            _end(tx, broadcast, target, End.FAILED, at=now, why=why)
    tx.broadcasts.finish(broadcast, state, now)
    tx.jobs.cancel(FOLLOW, broadcast)


def _end(tx: Tx, broadcast: str, target: Target, end: End, *, at: datetime, why: str) -> None:
    """A target's own end, and with it that of the ask it carries."""
    if not tx.broadcasts.end(broadcast, target.person, end, at) or target.nudge is None:
        return
    if end is End.SENT:
        asks.heard_at(tx, target.nudge, at)
    else:
        asks.failed(tx, target.nudge, why)
