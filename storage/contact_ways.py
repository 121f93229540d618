"""Contact ways."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, insert, or_, select, update

from referral.contact_ways import ContactWay, WayKind
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms

_w = t.contact_ways.c
_OF_CODE = PreparedSelect(
    select(t.contact_ways)
    .where(_w.code == bindparam("what"), _w.rep == bindparam("who"), _w.kind == bindparam("how"))
    .order_by(_w.asked_at)
)


class ContactWaysTable:
    """`referral.contact_ways.ContactWays` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def of_code(self, code: str, rep: str, kind: WayKind = WayKind.QR) -> ContactWay | None:
        row = _OF_CODE.first(self._c, {"what": code, "who": rep, "how": kind.value})
        return _way(row) if row else None

    def of_rep(self, rep: str, kind: WayKind = WayKind.QR) -> ContactWay | None:
        w = t.contact_ways.c
        return self._one(w.rep == rep, w.code.is_(None), w.kind == kind.value)

    def by_mark(self, mark: str) -> ContactWay | None:
        return self._one(t.contact_ways.c.mark == mark)

    def get(self, way: str) -> ContactWay | None:
        return self._one(t.contact_ways.c.id == way)

    def ask(self, way: ContactWay, now: datetime) -> None:
        told = {"id": way.id, "code": way.code, "rep": way.rep, "mark": way.mark, "kind": way.kind.value}
        self._c.execute(insert(t.contact_ways).values(**told, payload=way.payload, asked_at=ms(now)))

    def ask_again(self, way: str, now: datetime, *, asked_before: datetime) -> bool:
        """Note a new asking, unless all is here or the last asking is not that old; whether it was noted."""
        w = t.contact_ways.c
        where = (w.id == way, or_(w.picture.is_(None), w.payload.is_(None)), w.asked_at <= ms(asked_before))
        return self._c.execute(update(t.contact_ways).where(*where).values(asked_at=ms(now))).rowcount == 1

    def made(self, way: str, config: str, source: str) -> None:
        """The platform has made it; the picture of a QR is still to be fetched from `source`."""
        values = {"config": config, "source": source}
        self._c.execute(update(t.contact_ways).where(t.contact_ways.c.id == way).values(**values))

    def ready(self, way: str, picture: str, payload: str, now: datetime) -> None:
        """Its picture lies here, and this is what that says."""
        values = {"picture": picture, "payload": payload, "ready_at": ms(now), "failed_at": None}
        self._c.execute(update(t.contact_ways).where(t.contact_ways.c.id == way).values(**values))

    def failed(self, way: str, now: datetime) -> None:
        """Nothing came of the asking."""
        self._c.execute(update(t.contact_ways).where(t.contact_ways.c.id == way).values(failed_at=ms(now)))

    def _one(self, *where: ColumnElement[bool]) -> ContactWay | None:
        row: Any = self._c.execute(select(t.contact_ways).where(*where).order_by(t.contact_ways.c.asked_at)).first()
        return _way(row) if row else None


def _way(row: Any) -> ContactWay:
    return ContactWay(
        id=row.id,
        code=row.code,
        rep=row.rep,
        mark=row.mark,
        kind=WayKind(row.kind),
        source=row.source,
        picture=row.picture,
        payload=row.payload,
        asked_at=at(row.asked_at),
        failed_at=at(row.failed_at),
    )
