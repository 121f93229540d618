"""Writing a batch of a customer file: few questions and few statements for many people, however large the company.

New rows go by the thousand to the driver's own `executemany`, with statements made once; by way of SQLAlchemy's each
row costs 4 µs more, and a new person has six.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from referral.consent import NUDGES, Answer
from referral.identities import Identity
from referral.intake import CHANNEL, Profile
from referral.moments import Due, Moment
from storage import tables as t
from storage.moments import COLUMNS, due_values, values_of
from storage.times import at, ms
from storage.upsert import insert_into

NewRows = list[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]
"""Rows to be inserted: the table, the names of its columns, and their values."""

IDENTITIES = t.identities.name
"""The table of identities."""

_PERSON = (
    *("id", "holdout", "created_at", "name", "nickname", "rep", "tier", "tags", "joined_at", "staff"),
    *("birthday", "adult_on"),
)
_IDENTITY = ("kind", "value", "person", "since")
_CONSENT = ("person", "answer", "evidence", "purpose", "channel", "at")

_i, _p, _m, _c = t.identities.c, t.people.c, t.moments.c, t.consent.c
_PROFILES = select(
    *(_p.id, _p.name, _p.nickname, _p.rep, _p.tier, _p.tags, _p.joined_at, _p.staff, _p.profiled_at),
    *(_p.birthday, _p.adult_on),
).where(_p.id.in_(bindparam("people", expanding=True)))
_ACTIVITY = (
    select(_m.person, _m.activity)
    .where(_m.person > bindparam("after"), _m.activity.is_not(None))
    .order_by(_m.person)
    .limit(bindparam("most"))
)
_ANY_WAITING = select(exists().where(t.orders.c.person.is_(None)))
_DIALECTS: Mapping[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}


class IntakeTable:
    """What the import reads and writes over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def whose(self, names: Iterable[str]) -> dict[str, str]:
        """The people whom identities, given as text, name: those that are known."""
        statement = _whom(self._c.dialect.name)
        return {
            f"{kind}:{value}": person
            for kind, values in _by_kind(names).items()
            for value, person in self._c.execute(statement, {"kind": kind, "values": self._list(values)})
        }

    def awaited(self, names: Iterable[str]) -> set[str]:
        """Those identities, as text, that an order of nobody yet was made under."""
        if not self._c.execute(_ANY_WAITING).scalar():
            return set()
        statement = _waiting(self._c.dialect.name)
        return {
            f"{kind}:{value}"
            for kind, values in _by_kind(names).items()
            for value in self._c.execute(statement, {"kind": kind, "values": self._list(values)}).scalars()
        }

    def profiles(self, people: Sequence[str]) -> dict[str, Profile]:
        """What is known of people beside their moments."""
        return {row.id: _profile(row) for row in self._c.execute(_PROFILES, {"people": people})}

    def reps(self) -> dict[str, str]:
        """Whom a name in a file means: reps by their id, and by a name that only one of them bears."""
        known = [tuple(row) for row in self._c.execute(select(t.reps.c.id, t.reps.c.name))]
        names = [name for _, name in known]
        return {name: rep for rep, name in known if name and names.count(name) == 1} | {rep: rep for rep, _ in known}

    def own_words(self, person: str, evidence: str) -> tuple[bool, bool]:
        """Whether a consent with this evidence was kept already, and whether the latest did not come from a file."""
        statement = select(_c.evidence, _c.channel).where(_c.person == person, _c.purpose == NUDGES)
        said = self._c.execute(statement.order_by(_c.row)).all()
        return any(row.evidence == evidence for row in said), bool(said) and said[-1].channel != CHANNEL

    def activity(self, after: str, limit: int) -> list[tuple[str, float]]:
        """People and their activity, slice by slice in the order of ids, behind `after`."""
        return [(row.person, row.activity) for row in self._c.execute(_ACTIVITY, {"after": after, "most": limit})]

    def of_age(self, day: str, limit: int) -> list[str]:
        """Who has come of age by a day, `YYYY-MM-DD`, and is still known not to have."""
        where = (_p.adult_on <= day, _p.merged_into.is_(None))
        return list(self._c.execute(select(_p.id).where(*where).order_by(_p.adult_on).limit(limit)).scalars())

    def add(self, new: NewRows) -> None:
        """Keep new rows."""
        for table, names, rows in new:
            if rows:
                statement, pick = _inserting(self._c.dialect.name, t.metadata.tables[table], names)
                self._c.exec_driver_sql(statement, list(map(pick, rows)))

    def add_sorted(self, new: NewRows) -> None:
        """Keep new rows of one table in the order of their first two columns, which are its key."""
        if new:
            table, names, _ = new[0]
            self.add([(table, names, sorted(row for _, _, rows in new for row in rows))])

    def change(self, person: str, profile: Mapping[str, Any]) -> None:
        """Set what is new of a profile."""
        values = {name: _kept(value) for name, value in profile.items()}
        self._c.execute(update(t.people).where(_p.id == person).values(**values))

    def keep_moments(self, moments: Sequence[tuple[Moment, Due]]) -> None:
        """Keep changed moments."""
        if not moments:
            return
        statement = insert_into(self._c, t.moments)
        names = [name for name in (*COLUMNS, "state", "reason", "score", "due_at") if name != "person"]
        statement = statement.on_conflict_do_update(
            index_elements=["person"], set_={name: statement.excluded[name] for name in names}
        )
        self._c.execute(statement, [values_of(moment) | due_values(due) for moment, due in moments])

    def _list(self, values: Sequence[str]) -> object:
        """Many values as one parameter: an array, or on SQLite its JSON."""
        return json.dumps(values) if self._c.dialect.name == "sqlite" else values


def new_rows(
    *,
    people: Sequence[tuple[str, bool, Mapping[str, Any]]] = (),
    identities: Sequence[tuple[Identity, str]] = (),
    moments: Sequence[tuple[Moment, Due]] = (),
    answers: Sequence[tuple[str, Answer, str]] = (),
    now: datetime,
) -> NewRows:
    """Rows of new people (id, whether never nudged, profile), identities, moments, and answers with their evidence."""
    at = ms(now)
    moment_rows = [values_of(moment) | due_values(due) for moment, due in moments]
    return [
        ("people", _PERSON, [_person(person, holdout, profile, at) for person, holdout, profile in people]),
        (IDENTITIES, _IDENTITY, [(str(each.kind), each.value, person, at) for each, person in identities]),
        ("moments", tuple(moment_rows[0]) if moment_rows else (), [tuple(row.values()) for row in moment_rows]),
        ("consent", _CONSENT, [(person, str(said), proof, NUDGES, CHANNEL, at) for person, said, proof in answers]),
    ]


def _person(person: str, holdout: bool, profile: Mapping[str, Any], at: int) -> tuple[Any, ...]:
    words = (profile.get("name", ""), profile.get("nickname", ""), profile.get("rep"), profile.get("tier", ""))
    joined_at, staff = ms(profile.get("joined_at")), profile.get("staff", False)
    born = (profile.get("birthday"), profile.get("adult_on"))
    return person, holdout, at, *words, _tags(profile.get("tags", ())), joined_at, staff, *born


@lru_cache
def _whom(dialect: str) -> Select[Any]:
    """Who is named by any of a list."""
    return select(_i.value, _i.person).where(_i.kind == bindparam("kind"), _among(dialect, _i.value))


@lru_cache
def _waiting(dialect: str) -> Select[Any]:
    """Which identities of a list orders of nobody yet were made under."""
    buyers, orders = t.order_buyers.c, t.orders.c
    waiting = select(buyers.value).join(t.orders, orders.id == buyers.order).where(orders.person.is_(None))
    return waiting.where(buyers.kind == bindparam("kind"), _among(dialect, buyers.value))


def _among(dialect: str, column: Column[Any]) -> ColumnElement[bool]:
    """Whether a column is in a list that is one parameter; one for each value costs ten times as much."""
    if dialect == "sqlite":
        listed = func.json_each(bindparam("values", type_=Text)).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(bindparam("values", type_=ARRAY(Text)))


@lru_cache
def _inserting(
    dialect: str, table: Table, names: tuple[str, ...]
) -> tuple[str, Callable[[tuple[Any, ...]], tuple[Any, ...]]]:
    """The driver's own statement, and what brings values into the order of its parameters."""
    statement = insert(table).values({name: bindparam(name) for name in names})
    compiled = statement.compile(dialect=_DIALECTS[dialect])
    return str(compiled), itemgetter(*(names.index(name) for name in compiled.positiontup or ()))


def _by_kind(names: Iterable[str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        kind, _, value = name.partition(":")
        found[kind].append(value)
    return found


def _profile(row: Any) -> Profile:
    return Profile(
        name=row.name,
        nickname=row.nickname,
        rep=row.rep,
        tier=row.tier,
        tags=tuple(json.loads(row.tags)),
        joined_at=at(row.joined_at),
        staff=bool(row.staff),
        birthday=row.birthday,
        adult_on=row.adult_on,
        own=row.profiled_at is not None,
    )


def _kept(value: object) -> object:
    if isinstance(value, tuple):
        return _tags(value)
    return ms(value) if isinstance(value, datetime) else value


@lru_cache(maxsize=1024)
def _tags(tags: tuple[str, ...]) -> str:
    return json.dumps(tags, ensure_ascii=False)
