"""The tags of people, and which of them each rep gave."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select, update

from storage import tables as t


class TagsTable:
    """`referral.sync.Tags` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def of_person(self, person: str) -> tuple[str, ...]:
        found = self._c.execute(select(t.people.c.tags).where(t.people.c.id == person)).scalar()
        return tuple(json.loads(found or "[]"))

    def given(self, person: str) -> Mapping[str, tuple[str, ...]]:
        """The tags that each rep gave, by rep."""
        rows = self._c.execute(select(t.contacts.c.rep, t.contacts.c.tags).where(t.contacts.c.person == person))
        return {rep: tuple(json.loads(tags)) for rep, tags in rows}

    def give(self, person: str, rep: str, tags: Sequence[str]) -> None:
        where = (t.contacts.c.person == person, t.contacts.c.rep == rep)
        self._c.execute(update(t.contacts).where(*where).values(tags=_list(tags)))

    def put(self, person: str, tags: Sequence[str]) -> None:
        self._c.execute(update(t.people).where(t.people.c.id == person).values(tags=_list(tags)))


def _list(tags: Sequence[str]) -> str:
    return json.dumps(list(tags), ensure_ascii=False)
