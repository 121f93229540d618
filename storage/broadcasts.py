"""Broadcasts and the customers each is for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update

from referral.broadcasts import Broadcast, BroadcastState, End, Target
from referral.identities import IdentityKind
from storage import tables as t
from storage.times import at, ms

_AT_ONCE = 500


class BroadcastsTable:
    """`referral.broadcasts.Broadcasts` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, broadcast: Broadcast, targets: Sequence[Target]) -> None:
        self._c.execute(
            insert(t.broadcasts).values(
                id=broadcast.id,
                rep=broadcast.rep,
                text=broadcast.text,
                state=broadcast.state.value,
                created_at=ms(broadcast.created_at),
            )
        )
        rows = [
            {"broadcast": broadcast.id, "person": target.person, "handle": target.handle, "nudge": target.nudge}
            for target in targets
        ]
        self._c.execute(insert(t.broadcast_targets), rows)

    def get(self, broadcast: str) -> Broadcast | None:
        row = self._c.execute(select(t.broadcasts).where(t.broadcasts.c.id == broadcast)).first()
        return _broadcast(row) if row else None

    def all(self) -> list[Broadcast]:
        rows = self._c.execute(select(t.broadcasts).order_by(t.broadcasts.c.created_at, t.broadcasts.c.id))
        return [_broadcast(row) for row in rows]

    def of_rep(self, rep: str, since: datetime) -> list[Broadcast]:
        """A rep's broadcasts made at a time or later, the newest first."""
        b = t.broadcasts.c
        where = (b.rep == rep, b.created_at >= ms(since))
        rows = self._c.execute(select(t.broadcasts).where(*where).order_by(b.created_at.desc(), b.id))
        return [_broadcast(row) for row in rows]

    def carried(self, rep: str, since: datetime) -> dict[str, str]:
        """The asks that travel in a rep's broadcasts of a time or later, each with its broadcast."""
        b, target = t.broadcasts.c, t.broadcast_targets.c
        statement = select(target.nudge, target.broadcast).join(t.broadcasts, b.id == target.broadcast)
        where = (b.rep == rep, b.created_at >= ms(since), target.nudge.is_not(None))
        return {row[0]: row[1] for row in self._c.execute(statement.where(*where))}

    def targets(self, broadcast: str) -> list[Target]:
        where = t.broadcast_targets.c.broadcast == broadcast
        rows = self._c.execute(select(t.broadcast_targets).where(where).order_by(t.broadcast_targets.c.person))
        return [_target(row) for row in rows]

    def handles(self, rep: str, people: Sequence[str]) -> dict[str, str]:
        """The platform's ids of those among `people` who are contacts of a rep now."""
        i, c = t.identities.c, t.contacts.c
        found: dict[str, str] = {}
        for some in _chunks(people):
            statement = (
                select(c.person, func.min(i.value))
                .join(t.identities, i.person == c.person)
                .where(c.rep == rep, c.left_at.is_(None), c.person.in_(some), i.kind == IdentityKind.WECOM.value)
                .group_by(c.person)
            )
            found |= dict(tuple(row) for row in self._c.execute(statement))
        return found

    def asked(self, broadcast: str, asked_at: datetime | None) -> None:
        """Note that the platform is being asked for it now; None when it has certainly not made it."""
        self._set(broadcast, asked_at=ms(asked_at))

    def made(self, broadcast: str, task: str) -> None:
        self._set(broadcast, task=task, state=BroadcastState.WAITING.value)

    def waiting_for(self, person: str) -> list[str]:
        """The broadcasts that wait for their rep with this person in them."""
        b, to = t.broadcasts.c, t.broadcast_targets.c
        statement = select(b.id).join(t.broadcast_targets, to.broadcast == b.id)
        where = (to.person == person, to.status == "waiting", b.state == BroadcastState.WAITING.value)
        return list(self._c.execute(statement.where(*where)).scalars())

    def waiting_in(self, campaign: str) -> list[str]:
        """The broadcasts that wait for their rep with asks of this campaign in them."""
        b, to, asks = t.broadcasts.c, t.broadcast_targets.c, t.nudges.c
        statement = select(b.id).join(t.broadcast_targets, to.broadcast == b.id).join(t.nudges, asks.id == to.nudge)
        where = (b.state == BroadcastState.WAITING.value, to.status == "waiting", asks.campaign == campaign)
        return list(self._c.execute(statement.where(*where).distinct()).scalars())

    def is_known(self, task: str) -> bool:
        return bool(self._c.execute(select(exists().where(t.broadcasts.c.task == task))).scalar())

    def finish(self, broadcast: str, state: BroadcastState, now: datetime) -> None:
        self._set(broadcast, state=state.value, finished_at=ms(now))

    def end(self, broadcast: str, person: str, end: End, ended_at: datetime) -> bool:
        b = t.broadcast_targets.c
        where = (b.broadcast == broadcast, b.person == person, b.status == "waiting")
        values = {"status": end.value, "at": ms(ended_at)}
        return self._c.execute(update(t.broadcast_targets).where(*where).values(**values)).rowcount == 1

    def _set(self, broadcast: str, **values: Any) -> None:
        self._c.execute(update(t.broadcasts).where(t.broadcasts.c.id == broadcast).values(**values))


def _chunks(people: Sequence[str]) -> list[Sequence[str]]:
    return [people[start : start + _AT_ONCE] for start in range(0, len(people), _AT_ONCE)]


def _broadcast(row: Any) -> Broadcast:
    return Broadcast(
        id=row.id,
        rep=row.rep,
        text=row.text,
        state=BroadcastState(row.state),
        created_at=at(row.created_at),
        task=row.task,
        asked_at=at(row.asked_at),
        finished_at=at(row.finished_at),
    )


def _target(row: Any) -> Target:
    return Target(
        person=row.person,
        handle=row.handle,
        nudge=row.nudge,
        end=None if row.status == "waiting" else End(row.status),
        at=at(row.at),
    )
