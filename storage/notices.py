"""Notices and the windows they may go through."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, case, literal_column, select, update

from referral.notices import Notice, Window
from storage import tables as t
from storage.prepared import PreparedChange, PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_new, put

_n, _w = t.notices.c, t.windows.c
_MINE = (_n.person == bindparam("who"), _n.ref == bindparam("what"))
_TOLD = PreparedSelect(select(_n.id).where(*_MINE, _n.state == literal_column("'told'")).limit(1))
_VOID = PreparedChange(update(t.notices).where(*_MINE, _n.state == literal_column("'waiting'")).values(state="void"))
_LATEST = PreparedSelect(select(t.windows).where(_w.person == bindparam("who")).order_by(_w.said_at.desc()).limit(1))


class NoticesTable:
    """`referral.notices.Notices` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, notice: Notice) -> bool:
        """Put news in wait; False if this person was given it before, unless it was taken back unheard."""
        if insert_new(
            self._c,
            t.notices,
            id=notice.id,
            person=notice.person,
            kind=notice.kind,
            ref=notice.ref,
            state="waiting",
            created_at=ms(notice.created_at),
        ):
            return True
        same = (t.notices.c.person == notice.person, t.notices.c.kind == notice.kind, t.notices.c.ref == notice.ref)
        values = {"state": "waiting", "created_at": ms(notice.created_at)}
        return (
            self._c.execute(update(t.notices).where(*same, t.notices.c.state == "void").values(**values)).rowcount == 1
        )

    def waiting(self, person: str) -> list[Notice]:
        where = (t.notices.c.person == person, t.notices.c.state == "waiting")
        return [
            Notice(
                id=row.id,
                person=row.person,
                kind=row.kind,
                ref=row.ref,
                created_at=at(row.created_at),
                told_at=at(row.told_at),
            )
            for row in self._c.execute(select(t.notices).where(*where).order_by(t.notices.c.created_at, t.notices.c.id))
        ]

    def tell(self, notice: str, now: datetime) -> None:
        self._c.execute(update(t.notices).where(t.notices.c.id == notice).values(state="told", told_at=ms(now)))

    def wait_again(self, notice: str) -> None:
        """News that was on its way did not arrive; where newer news of the same thing is there, it is void."""
        n, newer = t.notices, t.notices.alias("newer")
        overtaken = (
            select(newer.c.id)
            .where(newer.c.person == n.c.person, newer.c.ref == n.c.ref, newer.c.created_at > n.c.created_at)
            .where(newer.c.state != "void")
            .exists()
        )
        state = case((overtaken, "void"), else_="waiting")
        self._c.execute(update(n).where(n.c.id == notice, n.c.state == "told").values(state=state, told_at=None))

    def void(self, person: str, ref: str) -> bool:
        """Take back what a person has not heard about `ref`; True if there was something and nothing had been told."""
        mine = {"who": person, "what": ref}
        told = _TOLD.first(self._c, mine)
        return _VOID.run(self._c, mine) > 0 and told is None


class WindowsTable:
    """`referral.notices.Windows` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def opened(self, desk: str, person: str, handle: str, said_at: datetime) -> None:
        """The customer wrote: the count starts anew."""
        put(self._c, t.windows, "desk", "person", desk=desk, person=person, handle=handle, said_at=ms(said_at), sent=0)

    def latest(self, person: str) -> Window | None:
        row = _LATEST.first(self._c, {"who": person})
        if row is None:
            return None
        return Window(desk=row.desk, person=row.person, handle=row.handle, said_at=at(row.said_at), sent=row.sent)

    def spend(self, desk: str, person: str, count: int) -> None:
        where = (t.windows.c.desk == desk, t.windows.c.person == person)
        self._c.execute(update(t.windows).where(*where).values(sent=t.windows.c.sent + count))
