"""The inbox: every event received, under the key that makes a repeat a no-op."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from storage import tables as t
from storage.times import ms
from storage.upsert import insert_new


class InboxTable:
    """Events as they came."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def receive(self, key: str, *, channel: str, kind: str, body: bytes, now: datetime) -> bool:
        """Store an event; False if it was stored before, and then nothing else may happen."""
        return insert_new(self._c, t.inbox, key=key, channel=channel, kind=kind, body=body, received_at=ms(now))
