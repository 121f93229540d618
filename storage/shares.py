"""Shares by level."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from referral.shares import Share, ShareLevel
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_new

_FIRST = PreparedSelect(
    select(t.shares.c.first_at).where(t.shares.c.code == bindparam("what"), t.shares.c.level == bindparam("how"))
)


class SharesTable:
    """`referral.shares.Shares` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def reach(self, share: Share) -> bool:
        return insert_new(
            self._c,
            t.shares,
            code=share.code,
            level=share.level.value,
            person=share.person,
            campaign=share.campaign,
            channel=share.channel,
            first_at=ms(share.first_at),
            evidence=share.evidence,
        )

    def first_at(self, code: str, level: ShareLevel) -> datetime | None:
        first: datetime | None = at(_FIRST.scalar(self._c, {"what": code, "how": level.value}))
        return first

    def of_person(self, person: str) -> list[Share]:
        statement = select(t.shares).where(t.shares.c.person == person).order_by(t.shares.c.first_at)
        return [
            Share(
                person=row.person,
                campaign=row.campaign,
                code=row.code,
                channel=row.channel,
                level=ShareLevel(row.level),
                first_at=at(row.first_at),
                evidence=row.evidence,
            )
            for row in self._c.execute(statement)
        ]
