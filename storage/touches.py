"""Touches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from referral.touches import Touch, TouchKind
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_row

_t = t.touches.c
_OF_FRIEND = PreparedSelect(select(t.touches).where(_t.friend == bindparam("who")).order_by(_t.row))
_SEEN = PreparedSelect(
    select(_t.row)
    .where(_t.device == bindparam("which"), _t.code == bindparam("what"), _t.arrived_at > bindparam("since"))
    .limit(1)
)
_CODES = PreparedSelect(select(_t.code).distinct().where(_t.friend == bindparam("who")))


class TouchesTable:
    """`referral.touches.Touches` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, touch: Touch) -> None:
        insert_row(
            self._c,
            t.touches,
            id=touch.id,
            code=touch.code,
            campaign=touch.campaign,
            advocate=touch.advocate,
            friend=touch.friend,
            kind=touch.kind.value,
            channel=touch.channel,
            device=touch.device,
            version=touch.version,
            at=ms(touch.at),
            arrived_at=ms(touch.arrived_at),
            void=touch.void,
        )

    def of_friend(self, friend: str) -> list[Touch]:
        return [_touch(row) for row in _OF_FRIEND.all(self._c, {"who": friend})]

    def seen_by(self, device: str, code: str, since: datetime) -> bool:
        return _SEEN.first(self._c, {"which": device, "what": code, "since": ms(since)}) is not None

    def codes_of(self, person: str) -> list[str]:
        return [row.code for row in _CODES.all(self._c, {"who": person})]


def _touch(row: Any) -> Touch:
    return Touch(
        id=row.id,
        code=row.code,
        campaign=row.campaign,
        advocate=row.advocate,
        friend=row.friend,
        kind=TouchKind(row.kind),
        channel=row.channel,
        version=row.version,
        at=at(row.at),
        arrived_at=at(row.arrived_at),
        device=row.device,
        row=row.row,
        void=row.void,
    )
