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
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from referral.consent import NUDGES, Answer
from referral.identities import Identity, IdentityKind
from referral.intake import CHANNEL, Profile
from referral.moments import Due, Moment
from storage import tables as t
from storage.moments import COLUMNS, due_values, values_of
from storage.times import at, ms
from storage.upsert import insert_into

_CACHE_KIB = 96 * 1024
_CHECKPOINT_PAGES = 30_000

_i, _p, _m, _c = t.identities.c, t.people.c, t.moments.c, t.consent.c
_PROFILES = select(_p.id, _p.name, _p.nickname, _p.rep, _p.tier, _p.tags, _p.joined_at, _p.profiled_at).where(
    _p.id.in_(bindparam("people", expanding=True))
)
_ACTIVITY = (
    select(_m.person, _m.activity)
    .where(_m.person > bindparam("after"), _m.activity.is_not(None))
    .order_by(_m.person)
    .limit(bindparam("most"))
)
_WAITING = (
    select(t.order_buyers.c.kind, t.order_buyers.c.value)
    .join(t.orders, t.orders.c.id == t.order_buyers.c.order)
    .where(t.orders.c.person.is_(None))
)
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

    def awaited(self) -> set[Identity]:
        """The identities that orders of nobody yet were made under."""
        return {Identity(IdentityKind(kind), value) for kind, value in self._c.execute(_WAITING)}

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

    def add_people(self, people: Sequence[tuple[str, bool, Mapping[str, Any]]], now: datetime) -> None:
        """Make people: id, whether they are never nudged, and their profiles."""
        since = ms(now)
        rows = [
            (
                person,
                holdout,
                since,
                profile.get("name", ""),
                profile.get("nickname", ""),
                profile.get("rep"),
                profile.get("tier", ""),
                _tags(profile.get("tags", ())),
                ms(profile.get("joined_at")),
            )
            for person, holdout, profile in people
        ]
        names = ("id", "holdout", "created_at", "name", "nickname", "rep", "tier", "tags", "joined_at")
        self._many(t.people, names, rows)

    def change(self, person: str, profile: Mapping[str, Any]) -> None:
        """Set what is new of a profile."""
        values = {name: _kept(value) for name, value in profile.items()}
        self._c.execute(update(t.people).where(_p.id == person).values(**values))

    def attach(self, named: Iterable[tuple[Identity, str]], now: datetime) -> None:
        """Note that identities, unknown so far, are people's."""
        since = ms(now)
        rows = [(str(identity.kind), identity.value, person, since) for identity, person in named]
        self._many(t.identities, ("kind", "value", "person", "since"), rows)

    def add_moments(self, moments: Sequence[tuple[Moment, Due]]) -> None:
        """Keep the first moments of people."""
        kept = [values_of(moment) | due_values(due) for moment, due in moments]
        if kept:
            self._many(t.moments, tuple(kept[0]), [tuple(row.values()) for row in kept])

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

    def add_answers(self, answers: Iterable[tuple[str, Answer, str]], now: datetime) -> None:
        """Keep what was said about being written to: person, answer, evidence."""
        at = ms(now)
        rows = [(person, str(said), proof, NUDGES, CHANNEL, at) for person, said, proof in answers]
        self._many(t.consent, ("person", "answer", "evidence", "purpose", "channel", "at"), rows)

    def make_room(self) -> None:
        """On SQLite, let the writer keep more pages in memory and move them to the file less often, until it closes."""
        if self._c.dialect.name == "sqlite":
            self._c.exec_driver_sql(f"pragma cache_size={-_CACHE_KIB}")
            self._c.exec_driver_sql(f"pragma wal_autocheckpoint={_CHECKPOINT_PAGES}")

    def _many(self, table: Table, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        if rows:
            statement, pick = _inserting(self._c.dialect.name, table, names)
            self._c.exec_driver_sql(statement, list(map(pick, rows)))

    def _list(self, values: Sequence[str]) -> object:
        """Many values as one parameter: an array, or on SQLite its JSON."""
        return json.dumps(values) if self._c.dialect.name == "sqlite" else values


@lru_cache
def _whom(dialect: str) -> Select[Any]:
    """Who is named by any of a list: one parameter for it costs a tenth of one for each."""
    if dialect == "sqlite":
        listed = func.json_each(bindparam("values", type_=Text)).table_valued("value")
        among: ColumnElement[bool] = _i.value.in_(select(listed.c.value))
    else:
        among = _i.value == any_(bindparam("values", type_=ARRAY(Text)))
    return select(_i.value, _i.person).where(_i.kind == bindparam("kind"), among)


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
        own=row.profiled_at is not None,
    )


def _kept(value: object) -> object:
    if isinstance(value, tuple):
        return _tags(value)
    return ms(value) if isinstance(value, datetime) else value


@lru_cache(maxsize=1024)
def _tags(tags: tuple[str, ...]) -> str:
    return json.dumps(tags, ensure_ascii=False)
