"""Where each desk chat stands, how far each desk was read, and what was uploaded for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from storage import tables as t
from storage.times import at, ms
from storage.upsert import insert_new, put


class ConversationsTable:
    """The state of each chat, as plain JSON."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, desk: str, person: str) -> Mapping[str, object]:
        where = (t.conversations.c.desk == desk, t.conversations.c.person == person)
        found = self._c.execute(select(t.conversations.c.state).where(*where)).scalar()
        return json.loads(found) if found else {}

    def save(self, desk: str, person: str, state: Mapping[str, object], now: datetime) -> None:
        body = json.dumps(state, ensure_ascii=False)
        put(self._c, t.conversations, "desk", "person", desk=desk, person=person, state=body, changed_at=ms(now))


class DesksTable:
    """How far each desk was read, and its link."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def cursor(self, desk: str) -> str:
        return self._c.execute(select(t.desks.c.cursor).where(t.desks.c.id == desk)).scalar() or ""

    def read_to(self, desk: str, cursor: str) -> None:
        insert_new(self._c, t.desks, id=desk)
        self._c.execute(t.desks.update().where(t.desks.c.id == desk).values(cursor=cursor))

    def link(self, desk: str) -> str | None:
        return self._c.execute(select(t.desks.c.link).where(t.desks.c.id == desk)).scalar() or None

    def prefix(self, desk: str) -> str | None:
        return self._c.execute(select(t.desks.c.prefix).where(t.desks.c.id == desk)).scalar() or None

    def linked(self, desk: str, link: str, prefix: str) -> None:
        """What opens its chat, and the same up to the place for a code."""
        self._set(desk, link=link, prefix=prefix, failed_at=None)

    def asked_at(self, desk: str) -> datetime | None:
        return at(self._c.execute(select(t.desks.c.asked_at).where(t.desks.c.id == desk)).scalar())

    def ask(self, desk: str, now: datetime) -> None:
        """The platform is being asked for its link."""
        self._set(desk, asked_at=ms(now))

    def failed(self, desk: str, now: datetime) -> None:
        """Nothing came of the asking, or a link in which no code has a place."""
        self._set(desk, failed_at=ms(now))

    def is_lost(self, desk: str) -> bool:
        row = self._c.execute(select(t.desks.c.failed_at, t.desks.c.prefix).where(t.desks.c.id == desk)).first()
        return row is not None and row.failed_at is not None and not row.prefix

    def _set(self, desk: str, **values: Any) -> None:
        insert_new(self._c, t.desks, id=desk)
        self._c.execute(t.desks.update().where(t.desks.c.id == desk).values(**values))


class MediaTable:
    """Uploads that are still good, by content."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def find(self, key: str, now: datetime) -> str | None:
        row = self._c.execute(select(t.media).where(t.media.c.key == key)).first()
        return row.media if row and at(row.expires_at) > now else None

    def keep(self, key: str, media: str, expires_at: datetime) -> None:
        put(self._c, t.media, "key", key=key, media=media, expires_at=ms(expires_at))

    def forget(self, key: str) -> None:
        self._c.execute(t.media.delete().where(t.media.c.key == key))
