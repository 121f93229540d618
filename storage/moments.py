"""Moments and their due rows: read and written with statements made once, since every event passes here.

What costs most is not the row but its places in the indexes, and SQLite finds each one anew that a statement so much as
names: of the due row only what has changed is written.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, bindparam, false, func, literal_column, or_, select, true, tuple_, update

from referral.moments import Due, Moment, Permission, State, Thresholds
from referral.signals import SignalKind
from storage import tables as t
from storage.prepared import PreparedChange, PreparedLookup, PreparedSelect
from storage.times import at, ms
from storage.upsert import put

_SCALE = "activity_scale"
_m, _p = t.moments.c, t.people.c

_FIELDS = Moment.__struct_fields__
_OF_PEOPLE = ("holdout", "tier")
COLUMNS = tuple(name for name in _FIELDS if name not in _OF_PEOPLE)
"""The part of a row that is not made from the rest."""

_FLAGS = ("holdout", "personal", "came_by")
_TIMES = tuple(name for name in COLUMNS if name.endswith(("_at", "_until", "_since")))
_READY = _m.state == literal_column(f"'{State.READY.value}'")  # spelled out, as in the partial indexes, to use them
_UNHEARD = _m.reason == literal_column("'consent.unknown'")
_ROW = select(*(_p[name] if name in _OF_PEOPLE else _m[name] for name in _FIELDS)).join(t.people, _p.id == _m.person)
_DUE = ("state", "reason", "score", "due_at")
_ONE = PreparedSelect(_ROW.add_columns(*(_m[name] for name in _DUE)).where(_m.person == bindparam("who")))
_SEVERAL = PreparedLookup(lambda ids: _ROW.where(_m.person.in_(ids)))
_PERSON = PreparedSelect(select(_p.holdout, _p.tier).where(_p.id == bindparam("who")))
_LATE = _ROW.where(_m.due_at <= bindparam("until")).order_by(_m.due_at).limit(bindparam("most"))


def _change(*due: str, **fixed: Any) -> PreparedChange:
    """A row's facts, and these columns of its due row."""
    values = {**{name: bindparam(name) for name in (*COLUMNS[1:], *due)}, **fixed}
    return PreparedChange(update(t.moments).where(_m.person == bindparam("who")).values(values))


_ALL, _FACTS, _SCORE = _change(*_DUE, overtaken=false()), _change(), _change("score")
_STAY = _change(overtaken=true())
_RESCORE = PreparedChange(
    update(t.moments)
    .where(_m.person == bindparam("who"), _m.score == bindparam("was"))
    .values(score=bindparam("fresh"), overtaken=false())
)
_BEST = select(_m.person).where(_READY).order_by(_m.score.desc(), _m.person.desc()).limit(bindparam("most"))
_CHOSEN = PreparedSelect(_BEST)
_SLICE = _ROW.add_columns(_m.score, _m.overtaken).where(_m.person > bindparam("who"))
_SLICE = _SLICE.order_by(_m.person).limit(bindparam("most"))
_SCORED = PreparedSelect(_SLICE.where(or_(_READY, _UNHEARD)))
_OVERTAKEN = PreparedSelect(_SLICE.where(_m.overtaken))

_UNASKED = (
    select(_m.score, _m.person).where(_UNHEARD).order_by(_m.score.desc(), _m.person.desc()).limit(bindparam("most"))
)


class MomentsTable:
    """`referral.moments.Moments` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._kept: dict[str, tuple[Any, ...]] = {}

    def begun(self) -> None:
        """A unit of work begins: the due rows that the last one read may have changed."""
        self._kept.clear()

    def get(self, person: str) -> Moment:
        """The moment of a person; of whom nothing is known yet, an empty one."""
        row = _ONE.first(self._c, {"who": person})
        if row is None:
            known = _PERSON.first(self._c, {"who": person})
            return Moment(person=person, holdout=bool(known[0]), tier=known[1]) if known else Moment(person=person)
        self._kept[person] = row[-len(_DUE) :]
        return moment_of(row)

    def find(self, people: Sequence[str]) -> dict[str, Moment]:
        """The moments of many, those of whom anything is known."""
        return {row.person: moment_of(row) for row in _SEVERAL.all(self._c, people)}

    def save(self, moment: Moment, due: Due) -> None:
        """Nearly always the row is there, and a plain update is a sixth cheaper than an insert that may update."""
        values, fresh = values_of(moment), due_values(due)
        change = self._narrowest(moment.person, tuple(fresh.values()))
        values.update(fresh, who=values.pop("person"))
        if change.run(self._c, values) == 0:
            put(self._c, t.moments, "person", person=values.pop("who"), **values)

    def stay(self, moment: Moment, reason: str) -> bool:
        """Keep a moment whose row has just been read, idle for this reason: so it stays, and its score is overtaken.

        False, and nothing is kept, where it stands otherwise.
        """
        if self._kept.get(moment.person, ())[:2] != (State.IDLE.value, reason):
            return False
        values = values_of(moment)
        values["who"] = values.pop("person")
        return _STAY.run(self._c, values) > 0

    def stood_at(self, person: str, reasons: Collection[str]) -> bool:
        """Whether the row that has just been read stood at one of these reasons; False where none was read."""
        kept = self._kept.get(person)
        return kept is not None and kept[1] in reasons

    def _narrowest(self, person: str, fresh: tuple[Any, ...]) -> PreparedChange:
        """The change that names no more of the due row, whose columns are in the order of `_DUE`, than has changed."""
        kept, self._kept[person] = self._kept.get(person), fresh
        if kept is None or kept[:2] != fresh[:2] or kept[3] != fresh[3]:
            return _ALL
        return _FACTS if kept[2] == fresh[2] else _SCORE

    def due(self, now: datetime, limit: int) -> list[Moment]:
        """Those whose row has to be made anew, the longest due first."""
        return [moment_of(row) for row in self._c.execute(_LATE, {"until": ms(now), "most": limit})]

    def due_after(self, person: str, now: datetime, limit: int) -> list[Moment]:
        """The same, slice by slice in the order of ids: those behind `person`; the first slice behind ''."""
        statement = _ROW.where(_m.due_at <= ms(now), _m.person > person).order_by(_m.person).limit(limit)
        return [moment_of(row) for row in self._c.execute(statement)]

    def due_rows(self, people: Sequence[str]) -> dict[str, Due]:
        """The due rows of many, those who have one."""
        statement = select(_m.person, _m.state, _m.reason, _m.score, _m.due_at).where(_m.person.in_(people))
        return {
            row.person: Due(state=State(row.state), reason=row.reason, score=row.score, due_at=at(row.due_at))
            for row in self._c.execute(statement)
        }

    def best(self, limit: int) -> list[str]:
        """Who is ready, the best first."""
        return [person for (person,) in _CHOSEN.all(self._c, {"most": limit})]

    def ready_below(self, place: tuple[float, str] | None, now: datetime, limit: int) -> list[tuple[float, str]]:
        """Score and person of those who are ready and not due, in the order of `best`, slice by slice from a place."""
        where = [_READY, or_(_m.due_at.is_(None), _m.due_at > ms(now))]
        if place:
            where.append(tuple_(_m.score, _m.person) < tuple_(*place))
        statement = select(_m.score, _m.person).where(*where).order_by(_m.score.desc(), _m.person.desc()).limit(limit)
        return [(score, person) for score, person in self._c.execute(statement)]

    def unasked_below(self, place: tuple[float, str] | None, limit: int) -> list[tuple[float, str]]:
        """Score and person of those who would be ready but have never said whether they want to hear of anything.

        The best first, slice by slice from a place.
        """
        statement = _UNASKED.where(tuple_(_m.score, _m.person) < tuple_(*place)) if place else _UNASKED
        return [(score, person) for score, person in self._c.execute(statement, {"most": limit})]

    def after(self, person: str, limit: int) -> list[Moment]:
        """Everybody, slice by slice: those behind `person` in the order of ids; the first slice behind ''."""
        statement = _ROW.where(_m.person > person).order_by(_m.person).limit(limit)
        return [moment_of(row) for row in self._c.execute(statement)]

    def scored_after(self, person: str, limit: int, *, overtaken: bool) -> list[tuple[Moment, float]]:
        """As `after`, but only who has a score, or one that is overtaken, each with the score that was kept."""
        statement = _OVERTAKEN if overtaken else _SCORED
        return [(moment_of(row), row.score) for row in statement.all(self._c, {"who": person, "most": limit})]

    def forget_own(self) -> None:
        """Nobody's own answers count any more; looks through all."""
        self._c.execute(update(t.moments).where(_m.own_seen > 0).values(own=0.0, own_seen=0.0))

    def rescore(self, rows: Sequence[tuple[str, float, float]]) -> int:
        """Person, score as it was read, and as it should be; whom news has changed since is left as they are."""
        values = [{"who": person, "was": was, "fresh": fresh} for person, was, fresh in rows]
        _RESCORE.run_many(self._c, values)
        return len(values)

    def hurry(self, reason: str) -> None:
        """Have everybody who waits for this reason looked at again at once; looks through all."""
        where = (_m.state == State.WAITING.value, _m.reason == reason)
        self._c.execute(update(t.moments).where(*where).values(due_at=0))

    def by_reason(self) -> dict[tuple[str, str], int]:
        """How many rows stand in each state for each reason; looks through all."""
        statement = select(_m.state, _m.reason, func.count()).group_by(_m.state, _m.reason)
        return {(state, reason): count for state, reason, count in self._c.execute(statement)}

    def thresholds(self) -> Thresholds:
        kept = self._c.execute(select(t.marks.c.value).where(t.marks.c.key == _SCALE)).scalar()
        return _scale(kept) if kept else Thresholds()

    def set_thresholds(self, thresholds: Thresholds) -> None:
        put(self._c, t.marks, "key", key=_SCALE, value=json.dumps(thresholds.steps))

    def all_activity(self) -> list[float]:
        return list(self._c.execute(select(_m.activity).where(_m.activity.is_not(None))).scalars())


def moment_of(row: Any) -> Moment:
    """A row that begins with the fields of a moment, in their order, as one."""
    known = dict(zip(_FIELDS, row, strict=False))
    for name in _TIMES:
        if known[name] is not None:
            known[name] = at(known[name])
    for name in _FLAGS:
        known[name] = bool(known[name])
    if known["minor"] is not None:
        known["minor"] = bool(known["minor"])
    known["consent"] = Permission(known["consent"])
    known["good"] = SignalKind(known["good"]) if known["good"] else None
    return Moment(**known)


def values_of(moment: Moment) -> dict[str, Any]:
    """The columns of a moment as they are kept."""
    values = structs.asdict(moment)
    for name in _OF_PEOPLE:
        del values[name]
    for name in _TIMES:
        if values[name] is not None:
            values[name] = ms(values[name])
    values["consent"] = moment.consent.value
    values["good"] = moment.good.value if moment.good else None
    return values


def due_values(due: Due) -> dict[str, Any]:
    """The columns of a due row as they are kept."""
    return {"state": due.state.value, "reason": due.reason, "score": due.score, "due_at": ms(due.due_at)}


@lru_cache(maxsize=4)
def _scale(kept: str) -> Thresholds:
    return Thresholds(tuple(json.loads(kept)))
