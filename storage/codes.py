"""Issued codes, and the wrong ones tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from referral.codes import Code, encode
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms

_OWNER = func.coalesce(t.people.c.merged_into, t.codes.c.advocate).label("owner")
_CODES = select(t.codes, _OWNER).join(t.people, t.people.c.id == t.codes.c.advocate)
_ONE = PreparedSelect(_CODES.where(t.codes.c.code == bindparam("what")))
"""A code stays with its row; whoever was folded into another is found under that other's name."""

_MISSES = PreparedSelect(
    select(func.count())
    .select_from(t.misses)
    .where(t.misses.c.who == bindparam("caller"), t.misses.c.at > bindparam("since"))
)


class CodesTable:
    """`referral.codes.Codes` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def find(self, code: str) -> Code | None:
        row = _ONE.first(self._c, {"what": code})
        return _code(row) if row else None

    def issue(self, key: bytes, *, campaign: str, advocate: str, channel: str, rep: str | None, now: datetime) -> Code:
        """Make the row and its code. A row whose code is taken, as after a change of key, is passed over."""
        where = (t.codes.c.campaign == campaign, t.codes.c.advocate == advocate, t.codes.c.channel == channel)
        known = self._c.execute(_CODES.where(*where)).first()
        if known:
            return _code(known)
        while True:
            made = insert(t.codes).values(
                campaign=campaign, advocate=advocate, channel=channel, rep=rep, created_at=ms(now)
            )
            row = self._c.execute(made.returning(t.codes.c.row)).scalar_one()
            text = encode(row, key)
            if self.find(text) is None:
                break
            self._c.execute(t.codes.delete().where(t.codes.c.row == row))
        self._c.execute(update(t.codes).where(t.codes.c.row == row).values(code=text))
        found = self.find(text)
        assert found
        return found

    def of_advocate(self, advocate: str) -> list[Code]:
        folded = select(t.people.c.id).where(t.people.c.merged_into == advocate)
        theirs = or_(t.codes.c.advocate == advocate, t.codes.c.advocate.in_(folded))
        statement = _CODES.where(theirs).order_by(t.codes.c.row)
        return [_code(row) for row in self._c.execute(statement)]

    def newest_of_rep(self, rep: str, campaign: str) -> Code | None:
        """The code that was issued last of those whose friends this rep greets."""
        where = (t.codes.c.rep == rep, t.codes.c.campaign == campaign, t.codes.c.code.is_not(None))
        row = self._c.execute(_CODES.where(*where).order_by(t.codes.c.row.desc()).limit(1)).first()
        return _code(row) if row else None

    def of_campaign(self, campaign: str) -> list[str]:
        """The codes of a campaign, as they stand on its posters."""
        where = (t.codes.c.campaign == campaign, t.codes.c.code.is_not(None))
        return list(self._c.execute(select(t.codes.c.code).where(*where)).scalars())

    def set_rep(self, code: str, rep: str) -> None:
        self._c.execute(update(t.codes).where(t.codes.c.code == code).values(rep=rep))

    def missed(self, who: str, when: datetime) -> None:
        self._c.execute(insert(t.misses).values(who=who, at=ms(when)))

    def misses(self, who: str, since: datetime) -> int:
        found: int = _MISSES.scalar(self._c, {"caller": who, "since": ms(since)})
        return found


def _code(row: Any) -> Code:
    return Code(
        row=row.row,
        code=row.code,
        campaign=row.campaign,
        advocate=row.owner,
        channel=row.channel,
        rep=row.rep,
        created_at=at(row.created_at),
    )
