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

    def of_code(self, code: str, rep: str) -> ContactWay | None:
        return self._one(t.contact_ways.c.code == code, t.contact_ways.c.rep == rep)

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

    def ask_again(self, way: str, now: datetime, *, asked_before: datetime) -> bool:
        """Note a new asking, unless the QR is here or the last asking is not that old; whether it was noted."""
        w = t.contact_ways.c
        where = (w.id == way, w.picture.is_(None), w.asked_at <= ms(asked_before))
        return self._c.execute(update(t.contact_ways).where(*where).values(asked_at=ms(now))).rowcount == 1

    def made(self, way: str, config: str, source: str) -> None:
        """The platform has made it; its picture is still to be fetched from `source`."""
        values = {"config": config, "source": source}
        self._c.execute(update(t.contact_ways).where(t.contact_ways.c.id == way).values(**values))

    def ready(self, way: str, picture: str, now: datetime) -> None:
        values = {"picture": picture, "ready_at": ms(now)}
        self._c.execute(update(t.contact_ways).where(t.contact_ways.c.id == way).values(**values))

    def _one(self, *where: ColumnElement[bool]) -> ContactWay | None:
        row: Any = self._c.execute(select(t.contact_ways).where(*where).order_by(t.contact_ways.c.asked_at)).first()
        if row is None:
            return None
        return ContactWay(id=row.id, code=row.code, rep=row.rep, mark=row.mark, source=row.source, picture=row.picture)
