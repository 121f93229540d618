"""Touches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from referral.touches import Touch, TouchKind
from storage import tables as t
from storage.times import at, ms


class TouchesTable:
    """`referral.touches.Touches` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, touch: Touch) -> None:
        self._c.execute(
            insert(t.touches).values(
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
        )

    def of_friend(self, friend: str) -> list[Touch]:
        statement = select(t.touches).where(t.touches.c.friend == friend).order_by(t.touches.c.row)
        return [_touch(row) for row in self._c.execute(statement)]

    def seen_by(self, device: str, code: str, since: datetime) -> bool:
        where = (t.touches.c.device == device, t.touches.c.code == code, t.touches.c.arrived_at > ms(since))
        return self._c.execute(select(t.touches.c.row).where(*where).limit(1)).first() is not None

    def codes_of(self, person: str) -> list[str]:
        return list(self._c.execute(select(t.touches.c.code).distinct().where(t.touches.c.friend == person)).scalars())


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
