"""The inbox: every event received, under the key that makes a repeat a no-op."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, func, select, update

from storage import tables as t
from storage.times import ms
from storage.upsert import insert_new

_RECEIVE = "insert into inbox (key, channel, kind, body, received_at) values (?, ?, ?, ?, ?) on conflict do nothing"


class InboxTable:
    """Events as they came."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._sqlite: sqlite3.Connection | None = None
        if connection.dialect.name == "sqlite":
            self._sqlite = cast("sqlite3.Connection", connection.connection.driver_connection)

    def receive(self, key: str, *, channel: str, kind: str, body: bytes, now: datetime) -> bool:
        """Store an event; False if it was stored before, and then nothing else may happen.

        Every callback comes through here, so on SQLite the driver is asked directly: 2.8 µs instead of 13 µs.
        """
        if self._sqlite:
            return self._sqlite.execute(_RECEIVE, (key, channel, kind, body, ms(now))).rowcount == 1
        return insert_new(self._c, t.inbox, key=key, channel=channel, kind=kind, body=body, received_at=ms(now))

    def with_body(self, before: datetime, *, limit: int) -> list[str]:
        """The keys of events received before a time whose body is still there."""
        i = t.inbox.c
        statement = select(i.key).where(i.received_at < ms(before), func.length(i.body) > 0).limit(limit)
        return list(self._c.execute(statement).scalars())

    def empty(self, keys: Sequence[str]) -> None:
        """Let go of bodies. Their keys stay, so that a repeat is still a no-op."""
        self._c.execute(update(t.inbox).where(t.inbox.c.key.in_(keys)).values(body=b""))
