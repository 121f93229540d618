"""The referral forest: a row a person, counted from the rows of those who came by them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Case,
    ColumnElement,
    Connection,
    Label,
    Select,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal_column,
    select,
)

from referral.forest import Branch, Grove, Kind, Stay, Tally
from referral.referrals import ReferralStatus
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import put

_b, _r = t.branches.c, t.referrals.c


def _stays(*how: str) -> Case[int]:
    return case((_b.stays.in_([literal_column(f"'{each}'") for each in how]), 1), else_=0)


def _sum_of(what: ColumnElement[int], name: str) -> Label[int]:
    return cast(func.coalesce(func.sum(what), 0), BigInteger).label(name)


_GROVE = "forest_grove"
_TOGETHER = 500
_OPEN = _b.stays.in_([literal_column("'young'"), literal_column("'early'")])  # spelled out, as in the partial index
_LISTED = _b.kind != literal_column("''")
_COUNTS = tuple(asdict(Tally()))
_ALL = select(t.branches)
_ONE = PreparedSelect(_ALL.where(_b.person == bindparam("who")))
_SUMS: tuple[Label[Any], ...] = (
    func.count().label("brought"),
    _sum_of(_stays("early", "stayed"), "stayed"),
    _sum_of(_stays("stayed", "gone"), "ripe"),
    _sum_of(_stays("stayed"), "lasting"),
    _sum_of(_b.brought, "descendants"),
    _sum_of(_b.stayed, "further"),
)
_TALLY = PreparedSelect(select(*_SUMS).where(_b.by == bindparam("who")))
_CREDITED = (_r.status == ReferralStatus.CREDITED.value, _r.folded.is_(None))
_KEPT = PreparedSelect(select(t.marks.c.value).where(t.marks.c.key == bindparam("key")))
_FIRST_LED = PreparedSelect(
    select(func.min(_r.at).label("at")).where(_r.advocate == bindparam("who"), _r.friend != _r.advocate, *_CREDITED)
)


class BranchesTable:
    """`referral.forest.Branches` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, person: str) -> Branch:
        """Somebody's place; of whom the forest knows nothing, an empty one."""
        row = _ONE.first(self._c, {"who": person})
        return _branch(row) if row is not None else Branch(person=person)

    def find(self, people: Sequence[str]) -> dict[str, Branch]:
        """The places of many, those who have one."""
        parts = (people[start : start + _TOGETHER] for start in range(0, len(people), _TOGETHER))
        return {each.person: each for part in parts for each in self._found(_ALL.where(_b.person.in_(part)))}

    def save(self, branch: Branch) -> None:
        if branch.is_bare:
            self._c.execute(delete(t.branches).where(_b.person == branch.person))
            return
        values = {
            "by": branch.by,
            "referral": branch.referral,
            "came_at": ms(branch.came_at),
            "stays": branch.stays.value if branch.stays else None,
            "value": branch.tally.value,
            "kind": branch.kind.value,
            **asdict(branch.tally),
        }
        put(self._c, t.branches, "person", person=branch.person, **values)

    def children(self, advocate: str) -> list[Branch]:
        """Those who came by her, the latest first."""
        return self._found(_ALL.where(_b.by == advocate).order_by(_b.came_at.desc(), _b.person))

    def tally(self, advocate: str) -> Tally:
        """What the rows of her friends add up to."""
        row = _TALLY.first(self._c, {"who": advocate})
        assert row is not None  # sums are one row, of nothing too
        return Tally(**row._asdict())

    def first_led(self, person: str) -> datetime | None:
        """When the first touch was by which they brought somebody."""
        found: int | None = _FIRST_LED.scalar(self._c, {"who": person})
        return at(found)

    def unsettled(self, person: str, limit: int) -> list[Branch]:
        """Friends of whom it does not show yet whether they stay, slice by slice: those behind `person`."""
        return self._found(_ALL.where(_OPEN, _b.person > person).order_by(_b.person).limit(limit))

    def advocates(self, person: str, limit: int) -> list[Branch]:
        """Those who brought somebody, slice by slice: those behind `person`."""
        return self._found(_ALL.where(_b.brought > 0, _b.person > person).order_by(_b.person).limit(limit))

    def brought_by_anybody(self, person: str, limit: int) -> list[str]:
        """Friends of credited referrals, slice by slice: those behind `person`; planted yet or not."""
        statement = select(_r.friend).distinct().where(_r.friend > person, *_CREDITED).order_by(_r.friend)
        return list(self._c.execute(statement.limit(limit)).scalars())

    def listed(self, limit: int, kind: Kind | None = None) -> list[Branch]:
        """Who stands out in the company, the most valuable first."""
        statement = _ALL.where(_LISTED, *([_b.kind == kind.value] if kind else []))
        return self._found(statement.order_by(_b.value.desc(), _b.person).limit(limit))

    def totals(self) -> Grove:
        """Everybody's tallies added up; looks through all who brought somebody."""
        names = ("brought", "stayed", "ripe", "lasting", "descendants")
        sums = (func.coalesce(func.sum(_b[name]), 0) for name in names)
        found = self._c.execute(select(func.count(), *sums).where(_b.brought > 0)).one()
        return Grove(**dict(zip(("advocates", *names), map(int, found), strict=True)))

    def grove(self) -> Grove:
        """The totals as they were last kept."""
        kept = self._kept()
        return _grove(kept) if kept else Grove()

    def is_planted(self) -> bool:
        """Whether the forest was ever gone through as a whole."""
        return self._kept() is not None

    def set_grove(self, grove: Grove) -> None:
        put(self._c, t.marks, "key", key=_GROVE, value=json.dumps(asdict(grove)))

    def _kept(self) -> str | None:
        kept: str | None = _KEPT.scalar(self._c, {"key": _GROVE})
        return kept

    def _found(self, statement: Select[Any]) -> list[Branch]:
        return [_branch(row) for row in self._c.execute(statement)]


def _branch(row: Any) -> Branch:
    return Branch(
        person=row.person,
        by=row.by,
        referral=row.referral,
        came_at=at(row.came_at),
        stays=Stay(row.stays) if row.stays else None,
        tally=Tally(**{name: getattr(row, name) for name in _COUNTS}),
        kind=Kind(row.kind),
    )


@lru_cache(maxsize=4)
def _grove(kept: str) -> Grove:
    return replace(Grove(), **json.loads(kept))
