"""People, identities, reps and contacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, case, exists, func, or_, select, text, union, update

from referral.identities import Identity, IdentityKind
from referral.people import Byline, Contact, Person, Rep
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_new, insert_row

_HISTORY = (
    (t.touches, "friend"),
    (t.touches, "advocate"),
    (t.referrals, "friend"),
    (t.orders, "person"),
    (t.codes, "advocate"),
    (t.contacts, "person"),
    (t.consent, "person"),
    (t.nudges, "person"),
    (t.windows, "person"),
)
_ONE = PreparedSelect(select(t.people).where(t.people.c.id == bindparam("who")))
_NAMED = PreparedSelect(
    select(t.people)
    .join(t.identities, t.identities.c.person == t.people.c.id)
    .where(t.identities.c.kind == bindparam("kind"), t.identities.c.value == bindparam("value"))
)
_NAMES = PreparedSelect(
    select(t.identities.c.kind, t.identities.c.value)
    .where(t.identities.c.person == bindparam("who"))
    .order_by(t.identities.c.since, t.identities.c.kind)
)
_OWNERS = PreparedSelect(select(t.devices.c.person).where(t.devices.c.device == bindparam("which")))
_REP = PreparedSelect(select(t.reps).where(t.reps.c.id == bindparam("who")))
_HAS_HISTORY = PreparedSelect(
    select(case(*((exists().where(table.c[column] == bindparam("who")), 1) for table, column in _HISTORY), else_=0))
)
"""A case, since of a plain `or` SQLite works out every part."""


class PeopleTable:
    """`referral.people.People` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, person: str) -> Person | None:
        """The person of this id, or the one whom they were folded into."""
        row = _ONE.first(self._c, {"who": person})
        if row and row.merged_into:
            row = _ONE.first(self._c, {"who": row.merged_into})
        return _person(row) if row else None

    def find(self, identity: Identity) -> Person | None:
        row = _NAMED.first(self._c, {"kind": identity.kind.value, "value": identity.value})
        return _person(row) if row else None

    def identities(self, person: str) -> list[Identity]:
        return [Identity(IdentityKind(kind), value) for kind, value in _NAMES.all(self._c, {"who": person})]

    def all(self) -> list[Person]:
        rows = self._c.execute(
            select(t.people).where(t.people.c.merged_into.is_(None)).order_by(t.people.c.created_at, t.people.c.id)
        )
        return [_person(row) for row in rows]

    def create(self, person: Person, now: datetime) -> None:
        insert_row(
            self._c,
            t.people,
            id=person.id,
            nickname=person.nickname,
            name=person.name,
            avatar=person.avatar,
            byline=person.byline.value,
            rep=person.rep,
            joined_at=ms(person.joined_at),
            holdout=person.holdout,
            profiled_at=ms(person.profiled_at),
            tier=person.tier,
            staff=person.staff,
            created_at=ms(now),
        )

    def attach(self, person: str, identity: Identity, now: datetime) -> None:
        insert_new(self._c, t.identities, kind=identity.kind.value, value=identity.value, person=person, since=ms(now))

    def learn(self, person: str, **known: object) -> None:
        """Set what was learned; times are given aware, under the names of `Person`."""
        values = {key: ms(value) if isinstance(value, datetime) else value for key, value in known.items()}
        self._c.execute(update(t.people).where(t.people.c.id == person).values(**values))

    def has_history(self, person: str) -> bool:
        return bool(_HAS_HISTORY.scalar(self._c, {"who": person}))

    def own_device(self, device: str, person: str, now: datetime) -> None:
        insert_new(self._c, t.devices, device=device, person=person, since=ms(now))

    def owners_of(self, device: str) -> set[str]:
        return {row.person for row in _OWNERS.all(self._c, {"which": device})}

    def staff_among(self, people: Sequence[str]) -> frozenset[str]:
        """Those of these who work for the company."""
        named = {f"p{place}": person for place, person in enumerate(people)}
        return frozenset(row.id for row in _staff_of(tuple(named)).all(self._c, named))


@lru_cache(maxsize=32)
def _staff_of(names: tuple[str, ...]) -> PreparedSelect:
    """By way of all staff, who have an index of their own: they are few, and people's rows are scattered."""
    whose = t.people.c.id.concat("").in_([bindparam(name) for name in names])
    return PreparedSelect(select(t.people.c.id).where(whose, text("staff")))


_MOST: BindParameter[int] = bindparam("most")
_THEIRS = select(t.contacts.c.person).where(t.contacts.c.rep == bindparam("who"), t.contacts.c.left_at.is_(None))
_OWN = select(t.people.c.id).where(t.people.c.rep == bindparam("who"), t.people.c.merged_into.is_(None))
_MINE, _OTHER = t.reps.alias("mine"), t.reps.alias("other")
_SHARED = select(_OTHER.c.id).where(_OTHER.c.name == _MINE.c.name, _OTHER.c.id != _MINE.c.id, _OTHER.c.active)
_NAME = select(_MINE.c.name).where(_MINE.c.id == bindparam("who"), _MINE.c.name != "", ~_SHARED.exists())
_BY_NAME = select(t.people.c.id).where(t.people.c.rep.in_(_NAME), t.people.c.merged_into.is_(None))
_ALL = (_THEIRS, _OWN, _BY_NAME)
_SOME = (select(each.limit(_MOST).subquery()) for each in _ALL)  # or a union reads all before it counts any
_COUNT = PreparedSelect(select(func.count()).select_from(union(*_SOME).limit(_MOST).subquery()))
_ACTIVE = PreparedSelect(select(t.reps.c.id, t.reps.c.name).where(t.reps.c.active).order_by(t.reps.c.id))


class RepsTable:
    """`referral.people.Reps` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, rep: str) -> Rep | None:
        row = _REP.first(self._c, {"who": rep})
        return Rep(id=row.id, name=row.name, active=bool(row.active)) if row else None

    def active(self) -> list[Rep]:
        return [Rep(id=row.id, name=row.name) for row in _ACTIVE.all(self._c, {})]

    def see(self, rep: str, name: str, *, active: bool = True) -> bool:
        """Note a rep, `active` if they serve customers; True if they were unknown. Nobody known is retired by it.

        What is known already is not written again.
        """
        known = self.get(rep)
        if known is None and insert_new(self._c, t.reps, id=rep, name=name, active=active):
            return True
        learned: dict[str, Any] = ({"active": True} if active else {}) | ({"name": name} if name else {})
        if known is None or any(getattr(known, key) != value for key, value in learned.items()):
            self._c.execute(update(t.reps).where(t.reps.c.id == rep).values(id=rep, **learned))
        return False

    def retire_all_but(self, reps: Sequence[str]) -> None:
        self._c.execute(update(t.reps).where(t.reps.c.id.not_in(reps)).values(active=False))

    def contact(self, person: str, rep: str) -> Contact | None:
        where = (t.contacts.c.person == person, t.contacts.c.rep == rep)
        row = self._c.execute(select(t.contacts).where(*where)).first()
        return _contact(row) if row else None

    def contacts_of(self, person: str) -> list[Contact]:
        statement = select(t.contacts).where(t.contacts.c.person == person)
        statement = statement.order_by(func.coalesce(t.contacts.c.added_at, t.contacts.c.left_at), t.contacts.c.rep)
        return [_contact(row) for row in self._c.execute(statement)]

    def count_customers(self, rep: str, most: int) -> int:
        """How many customers a rep has now, contacts or by the company's own list, counted no further than `most`."""
        counted: int = _COUNT.scalar(self._c, {"who": rep, "most": most})
        return counted

    def add_contact(self, person: str, rep: str, added_at: datetime) -> None:
        """Note that two became contacts, in whatever order it is told; an end that came later stays."""
        added, c = ms(added_at), t.contacts.c
        if insert_new(self._c, t.contacts, person=person, rep=rep, added_at=added, last_added_at=added):
            return
        known = {
            "added_at": case((c.added_at < added, c.added_at), else_=added),
            "last_added_at": case((c.last_added_at > added, c.last_added_at), else_=added),
            "left_at": case((c.left_at > added, c.left_at), else_=None),
            "returned_at": case((c.left_at < added, added), else_=c.returned_at),
        }
        self._c.execute(update(t.contacts).where(c.person == person, c.rep == rep).values(known))

    def end_contact(self, person: str, rep: str, left_at: datetime) -> None:
        """Note that two are contacts no longer, even if their add is not known yet; an add that came later stands."""
        left, c = ms(left_at), t.contacts.c
        if insert_new(self._c, t.contacts, person=person, rep=rep, left_at=left):
            return
        newer = (or_(c.last_added_at.is_(None), c.last_added_at <= left), or_(c.left_at.is_(None), c.left_at < left))
        self._c.execute(update(t.contacts).where(c.person == person, c.rep == rep, *newer).values(left_at=left))


def _person(row: Any) -> Person:
    return Person(
        id=row.id,
        nickname=row.nickname,
        name=row.name,
        avatar=row.avatar,
        byline=Byline(row.byline),
        rep=row.rep,
        joined_at=at(row.joined_at),
        holdout=bool(row.holdout),
        profiled_at=at(row.profiled_at),
        tier=row.tier,
        staff=bool(row.staff),
    )


def _contact(row: Any) -> Contact:
    return Contact(
        person=row.person,
        rep=row.rep,
        added_at=at(row.added_at),
        left_at=at(row.left_at),
        returned_at=at(row.returned_at),
    )
