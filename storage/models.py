"""The models: what the score has learned, a version a night, the latest one in use.

Every event asks for it, and reading one out takes as long as a dozen events: what was read is remembered, by database
(PostgreSQL makes a transaction's tables anew each time), and which is the latest is asked once in a unit of work.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select

from referral.learning import Model, Version
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms

_m = t.models.c
_KEPT = 60
_SAMPLE = 2000
_LATEST = PreparedSelect(select(_m.version, _m.at, _m.examples).order_by(_m.version.desc()).limit(1))

_Name = tuple[int, int, int]
"""What tells a version from any other: a table that was emptied begins to count anew."""

_READ: WeakKeyDictionary[Engine, tuple[_Name, Model]] = WeakKeyDictionary()
"""The version of each database that was read last, of those that are kept for good."""

_PRIOR = Model()


class ModelsTable:
    """`referral.learning.Models` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._asked: Model | None = None
        self._has_saved = False

    def begun(self) -> None:
        """A unit of work begins: others may have saved since the last one, and what it saved may have been undone."""
        self._asked, self._has_saved = None, False

    def current(self) -> Model:
        """The latest version; the prior where there is none."""
        if self._asked is None or self._has_saved:
            self._asked = self._latest()
        return self._asked

    def save(self, model: Model, why: str, now: datetime) -> None:
        """Put a version into use; the oldest ones go."""
        self._has_saved = True
        state = msgspec.json.encode(model).decode()
        row = {"version": model.version, "at": ms(now), "examples": model.examples, "why": why, "state": state}
        self._c.execute(insert(t.models).values(row))
        self._c.execute(delete(t.models).where(_m.version <= model.version - _KEPT))

    def _latest(self) -> Model:
        """Read from the table, but for a version known by its name; what this unit saved may yet be undone."""
        found = _LATEST.first(self._c, {})
        if found is None:
            return _PRIOR
        name, known = (found[0], found[1], found[2]), _READ.get(self._c.engine)
        if known and known[0] == name and not self._has_saved:
            return known[1]
        state = self._c.execute(select(_m.state).where(_m.version == name[0])).scalar_one()
        model = msgspec.json.decode(state, type=Model, strict=False)
        if not self._has_saved:
            _READ[self._c.engine] = (name, model)
        return model

    def sums(self) -> tuple[int, int, tuple[int, ...]]:
        """Posters taken and friends who came to look, of all; and when some two thousand customers write, by hour.

        Looks through all. Ids are drawn, so that the first of them are as good a sample as any.
        """
        m = t.moments.c
        total = select(func.coalesce(func.sum(m.posters), 0), func.coalesce(func.sum(m.visitors), 0))
        posters, visitors = self._c.execute(total.where(m.posters > 0)).one()
        some = select(m.hours).where(m.hours.is_not(None)).order_by(m.person).limit(_SAMPLE)
        hours = [0] * 24
        for histogram in self._c.execute(some).scalars():
            hours = [count + more for count, more in zip(hours, histogram, strict=True)]
        return int(posters), int(visitors), tuple(hours)

    def versions(self, limit: int) -> list[Version]:
        """The latest ones, newest first."""
        rows = self._c.execute(select(t.models).order_by(_m.version.desc()).limit(limit))
        return [_version(row) for row in rows]


def _version(row: Any) -> Version:
    return Version(version=row.version, at=at(row.at), examples=row.examples, why=row.why)
