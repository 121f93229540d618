"""Domains of ours that WeChat does not open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from referral.domains import Blocked
from storage import tables as t
from storage.times import at, ms
from storage.upsert import insert_new


class DomainsTable:
    """`referral.domains.Domains` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def block(self, host: str, now: datetime) -> bool:
        """Whether it was not blocked before."""
        return insert_new(self._c, t.blocked_hosts, host=host, since=ms(now))

    def clear(self, host: str) -> bool:
        """Whether it was blocked."""
        return self._c.execute(delete(t.blocked_hosts).where(t.blocked_hosts.c.host == host)).rowcount == 1

    def blocked(self) -> list[Blocked]:
        rows = self._c.execute(select(t.blocked_hosts).order_by(t.blocked_hosts.c.since, t.blocked_hosts.c.host))
        return [Blocked(host=row.host, since=at(row.since)) for row in rows]
