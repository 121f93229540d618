"""How connectors stand, and what they are to be told."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from referral.announcements import Announcement, AnnouncementState
from referral.connectors import Standing
from storage import tables as t
from storage.times import at, ms
from storage.upsert import put

_FIELDS = tuple(field.name for field in fields(Announcement))
_s, _a = t.connectors.c, t.announcements.c


class StandingsTable:
    """`referral.connectors.Standings` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, connector: str) -> Standing:
        row = self._c.execute(select(t.connectors).where(_s.connector == connector)).one_or_none()
        return _standing(row) if row else Standing(connector=connector)

    def save(self, standing: Standing) -> None:
        times = {name: ms(getattr(standing, name)) for name in ("failing_since", "told_at", "disabled_at")}
        put(self._c, t.connectors, "connector", connector=standing.connector, why=standing.why, **times)

    def all(self) -> list[Standing]:
        """All that ever failed, by name."""
        return [_standing(row) for row in self._c.execute(select(t.connectors).order_by(_s.connector))]


class AnnouncementsTable:
    """`referral.announcements.Announcements` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, announcement: Announcement) -> None:
        self._c.execute(insert(t.announcements).values(**_values(announcement)))

    def get(self, announcement: str) -> Announcement | None:
        return next(iter(self._where(_a.id == announcement)), None)

    def move(self, announcement: Announcement, to: AnnouncementState, **changed: object) -> Announcement:
        moved = replace(announcement, state=to, **changed)  # type: ignore[arg-type]  # names of its own
        self._c.execute(update(t.announcements).where(_a.id == announcement.id).values(**_values(moved)))
        return moved

    def undelivered(self, connector: str, since: datetime | None) -> list[Announcement]:
        """What a connector has not taken, the oldest first."""
        lately = (_a.at >= ms(since),) if since else ()
        return self._where(_a.connector == connector, _a.state != AnnouncementState.DONE.value, *lately)

    def counts(self, connector: str) -> dict[str, int]:
        """How many there are, by state."""
        statement = select(_a.state, func.count()).where(_a.connector == connector).group_by(_a.state)
        return {row.state: row[1] for row in self._c.execute(statement)}

    def _where(self, *where: ColumnElement[bool]) -> list[Announcement]:
        statement = select(t.announcements).where(*where).order_by(_a.at, _a.id)
        return [_announcement(row) for row in self._c.execute(statement)]


def _standing(row: Any) -> Standing:
    return Standing(
        connector=row.connector,
        failing_since=at(row.failing_since),
        told_at=at(row.told_at),
        disabled_at=at(row.disabled_at),
        why=row.why,
    )


def _values(announcement: Announcement) -> dict[str, Any]:
    values = {name: getattr(announcement, name) for name in _FIELDS}
    return values | {"state": announcement.state.value, "at": ms(announcement.at)}


def _announcement(row: Any) -> Announcement:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Announcement(**{**values, "at": at(row.at), "state": AnnouncementState(row.state)})
