"""Lessons, and the customers whom they are learned from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, case, delete, func, insert, select, update

from referral.lessons import Profile, profile_of
from referral.moments import Moment
from referral.taught import Tally, Taught
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import put

_l, _m, _p = t.lessons.c, t.moments.c, t.people.c
_KEPT = 10
_SWITCH = "history"
_LATEST = PreparedSelect(select(func.max(_l.version)))
_TOLD = select(
    _m.person,
    _m.customer_since,
    _m.satisfaction,
    _m.activity,
    _m.rank,
    _m.last_order_at,
    _m.orders,
    _m.past_referrals,
    _p.tier,
    _p.rep,
    _p.tags,
).join(t.people, _p.id == _m.person)
_COMPANY = (_m.personal, ~_p.staff)


class LessonsTable:
    """`referral.taught.Lessons` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._version = 0
        self._known: Taught | None = None

    def latest(self) -> Taught | None:
        """What was learned last; None if nothing ever was."""
        version = _LATEST.scalar(self._c, {}) or 0
        if version != self._version:
            state = self._c.execute(select(_l.state).where(_l.version == version)).scalar()
            self._known = msgspec.json.decode(state, type=Taught) if state else None
            self._version = version
        return self._known

    def learned_at(self) -> datetime | None:
        """When that was."""
        return at(self._c.execute(select(_l.at).order_by(_l.version.desc()).limit(1)).scalar())

    def keep(self, taught: Taught, now: datetime) -> None:
        """Put a lesson in the place of the last one; the oldest ones go."""
        version = (_LATEST.scalar(self._c, {}) or 0) + 1
        row = {"version": version, "at": ms(now), "state": msgspec.json.encode(taught).decode()}
        self._c.execute(insert(t.lessons).values(row))
        self._c.execute(delete(t.lessons).where(_l.version <= version - _KEPT))

    def switch(self, *, on: bool) -> None:
        """Whether the company's history teaches at all; switched off, what it taught is forgotten of everybody."""
        put(self._c, t.marks, "key", key=_SWITCH, value="on" if on else "off")
        if not on:
            self._c.execute(delete(t.lessons))
            self._c.execute(update(t.moments).where(_m.profile != 0).values(profile=0.0))
            self._version, self._known = 0, None

    def is_on(self) -> bool:
        """Whether it does."""
        return self._c.execute(select(t.marks.c.value).where(t.marks.c.key == _SWITCH)).scalar() != "off"

    def tally(self) -> Tally:
        """How many customers there are, and of how many the history is known; looks through all."""
        friends = _m.past_referrals
        known = func.count(friends), func.count(case((friends > 0, 1))), func.coalesce(func.sum(friends), 0)
        statement = (
            select(func.count(), *known).select_from(t.moments).join(t.people, _p.id == _m.person).where(*_COMPANY)
        )
        return Tally(*map(int, self._c.execute(statement).one()))

    def told_after(self, person: str, limit: int) -> Sequence[Any]:
        """What is told of customers, slice by slice in the order of ids, behind `person`, for `profile`."""
        statement = _TOLD.where(_m.person > person, *_COMPANY).order_by(_m.person).limit(limit)
        return self._c.execute(statement).all()

    def profiles(self, people: Sequence[str], now: datetime) -> dict[str, Profile]:
        """What is told of these."""
        rows = self._c.execute(_TOLD.where(_m.person.in_(people)))
        return {row.person: profile(row, now) for row in rows}


def profile(row: Any, now: datetime) -> Profile:
    """What a row tells of a customer."""
    told = Moment(
        person=row.person,
        customer_since=at(row.customer_since),
        satisfaction=row.satisfaction,
        activity=row.activity,
        rank=row.rank,
        last_order_at=at(row.last_order_at),
        orders=row.orders,
        past_referrals=row.past_referrals,
    )
    return profile_of(told, tier=row.tier, rep=row.rep, tags=json.loads(row.tags), now=now)
