"""Erasing a person: runs `erasure_rules` over all tables, and remembers that it was done."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from referral.erasure import Rows, Tombstone
from referral.identities import Identity, IdentityKind
from storage import tables as t
from storage.erasure_about import Whose
from storage.erasure_letters import LettersEraser
from storage.erasure_rules import RULES, End
from storage.ledger import LedgerTable
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import put

_CHANNEL = "erasure"
_REASON = "person.erased"
_ONE = PreparedSelect(select(t.erasures).where(t.erasures.c.person == bindparam("who")))


@lru_cache(maxsize=32)
def _erased_of(names: tuple[str, ...]) -> PreparedSelect:
    whose = t.erasures.c.person.in_([bindparam(name) for name in names])
    return PreparedSelect(select(t.erasures.c.person).where(whose))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leavings:
    """What lies outside the database: the invite codes that posters show, and the files of contact QRs."""

    codes: tuple[str, ...]
    pictures: tuple[str, ...]


class ErasuresTable:
    """`referral.erasure.Erasures` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def find(self, person: str) -> Tombstone | None:
        row = _ONE.first(self._c, {"who": person})
        return _stone(row) if row else None

    def among(self, people: Collection[str]) -> frozenset[str]:
        """Those of these who were erased."""
        named = {f"p{place}": person for place, person in enumerate(people)}
        return frozenset(row.person for row in _erased_of(tuple(named)).all(self._c, named)) if named else frozenset()

    def all(self) -> list[Tombstone]:
        """Every erasure, the oldest first."""
        rows = self._c.execute(select(t.erasures).order_by(t.erasures.c.at, t.erasures.c.person))
        return [_stone(row) for row in rows]

    def known_then(self, stone: Tombstone, marked: Mapping[Identity, str]) -> list[str]:
        """The people of a restored database whom a tombstone means: under its id, or by an identity that it remembers.

        `marked` are the identities kept here with their hashes. An identity that came after the erasure is somebody
        new.
        """
        named = {identity for identity, mark in marked.items() if mark in stone.marks}
        rows = self._c.execute(select(t.identities).where(t.identities.c.since <= ms(stone.at)))
        found = {row.person for row in rows if Identity(IdentityKind(row.kind), row.value) in named}
        there = select(t.people.c.id).where(t.people.c.id == stone.person)
        return sorted(found.union(self._c.execute(there).scalars()))

    def identities(self) -> list[Identity]:
        """Every identity of anybody."""
        rows = self._c.execute(select(t.identities.c.kind, t.identities.c.value))
        return [Identity(IdentityKind(row.kind), row.value) for row in rows]

    def leavings(self, person: str) -> Leavings:
        """What has to be removed beside the database."""
        codes = self._whose(person).codes
        ways = select(t.contact_ways.c.picture).where(t.contact_ways.c.code.in_(codes))
        return Leavings(codes=codes, pictures=tuple(p for p in self._c.execute(ways).scalars() if p))

    def rows(self, person: str) -> Rows:
        """How many rows an erasure finds, by what becomes of them."""
        whose = self._whose(person)
        found = {name: self._count(name, whose) for name, rule in RULES.items() if rule.about}
        ends = {name: RULES[name].end for name, count in found.items() if count}
        removed, emptied, kept = ({n: found[n] for n, its in ends.items() if its is end} for end in End)
        return Rows(removed=removed, emptied=emptied, kept=kept)

    def erase(self, stone: Tombstone) -> None:
        """Empty and remove what the rules say, and remember it. What is freed in a SQLite file is overwritten."""
        whose = self._whose(stone.person)
        if self._c.dialect.name == "sqlite":
            self._c.execute(text("pragma secure_delete = on"))
        while LedgerTable(self._c).sequence():  # a salt that goes before its entry has a place would leave it without
            continue
        LettersEraser(self._c).erase(whose, stone.at)
        self._leave_broadcasts(whose)
        for table in reversed(t.metadata.sorted_tables):
            self._apply(table.name, whose)
        self._keep_silent(stone)
        values = {"marks": json.dumps(stone.marks), "at": ms(stone.at)}
        put(self._c, t.erasures, "person", person=stone.person, **values)

    def _whose(self, person: str) -> Whose:
        folded = select(t.people).where((t.people.c.id == person) | (t.people.c.merged_into == person))
        rows = self._c.execute(folded).all()
        ids = (person, *(row.id for row in rows if row.id != person))
        i, w, b = t.identities, t.windows, t.broadcast_targets
        identities = self._c.execute(select(i.c.kind, i.c.value).where(i.c.person.in_(ids)))
        handles = {*self._all(w.c.handle, w.c.person, ids), *self._all(b.c.handle, b.c.person, ids)}
        names = {name for row in rows for name in (row.nickname, row.name)}
        return Whose(
            ids=ids,
            identities=tuple(Identity(IdentityKind(kind), value) for kind, value in identities),
            handles=tuple(sorted(handles - {""})),
            names=tuple(sorted(names - {""})),
            codes=self._all(t.codes.c.code, t.codes.c.advocate, ids),
            devices=self._all(t.devices.c.device, t.devices.c.person, ids),
        )

    def _all(self, wanted: Any, of: Any, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(value for value in self._c.execute(select(wanted).where(of.in_(ids))).scalars() if value)

    def _count(self, name: str, whose: Whose) -> int:
        about = RULES[name].about
        assert about
        statement = select(func.count()).select_from(t.metadata.tables[name])
        return self._c.execute(statement.where(about(whose, self._c.dialect.name))).scalar_one()

    def _apply(self, name: str, whose: Whose) -> None:
        rule, table = RULES[name], t.metadata.tables[name]
        if rule.about is None or rule.end is End.KEPT or table is t.outbox:
            return
        where = rule.about(whose, self._c.dialect.name)
        self._c.execute(delete(table).where(where) if rule.gone else update(table).where(where).values(**rule.emptied))

    def _leave_broadcasts(self, whose: Whose) -> None:
        """End their part in broadcasts that the platform has not been asked for yet."""
        to = t.broadcast_targets
        queued = select(t.broadcasts.c.id).where(t.broadcasts.c.state == "queued")
        where = (to.c.person.in_(whose.ids), to.c.status == "waiting", to.c.broadcast.in_(queued))
        self._c.execute(update(to).where(*where).values(status="failed"))

    def _keep_silent(self, stone: Tombstone) -> None:
        """What makes sure that the opaque id is never asked anything: the same no that a person can say."""
        said = {"consent": "withdrawn", "consent_at": ms(stone.at), "reason": _REASON}
        self._c.execute(insert(t.moments).values(person=stone.person, **said))
        self._c.execute(
            insert(t.consent).values(
                person=stone.person,
                purpose="nudges",
                answer="withdrawn",
                evidence="",
                channel=_CHANNEL,
                at=ms(stone.at),
            )
        )


def _stone(row: Any) -> Tombstone:
    return Tombstone(person=row.person, marks=tuple(json.loads(row.marks)), at=at(row.at))
