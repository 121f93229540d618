"""Contact ways."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from referral.contact_ways import ContactWay
from storage import tables as t
from storage.times import ms


class ContactWaysTable:
    """`referral.contact_ways.ContactWays` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def of_code(self, code: str) -> ContactWay | None:
        return self._one(t.contact_ways.c.code == code)

    def of_rep(self, rep: str) -> ContactWay | None:
        return self._one(t.contact_ways.c.rep == rep, t.contact_ways.c.code.is_(None))

    def by_mark(self, mark: str) -> ContactWay | None:
        return self._one(t.contact_ways.c.mark == mark)

    def get(self, way: str) -> ContactWay | None:
        return self._one(t.contact_ways.c.id == way)

    def ask(self, way: ContactWay, now: datetime) -> None:
        self._c.execute(
            insert(t.contact_ways).values(id=way.id, code=way.code, rep=way.rep, mark=way.mark, asked_at=ms(now))
        )

    def ready(self, way: str, config: str, picture: str, now: datetime) -> None:
        values = {"config": config, "picture": picture, "ready_at": ms(now)}
        self._c.execute(update(t.contact_ways).where(t.contact_ways.c.id == way).values(**values))

    def _one(self, *where: ColumnElement[bool]) -> ContactWay | None:
        row: Any = self._c.execute(select(t.contact_ways).where(*where).order_by(t.contact_ways.c.asked_at)).first()
        return ContactWay(id=row.id, code=row.code, rep=row.rep, mark=row.mark, picture=row.picture) if row else None
