"""Who did what from the command line or the console."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, insert, select

from storage import tables as t
from storage.times import ms
from storage.upsert import put


class AuditTable:
    """Append-only."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def note(self, who: str, action: str, subject: str, detail: str, now: datetime) -> None:
        self._c.execute(insert(t.audit).values(at=ms(now), who=who, action=action, subject=subject, detail=detail))

    def details(self, action: str, subject: str) -> list[str]:
        """What was noted each time that this was done to this subject, the first time first."""
        where = (t.audit.c.action == action, t.audit.c.subject == subject)
        return list(self._c.execute(select(t.audit.c.detail).where(*where).order_by(t.audit.c.at)).scalars())

    def knows(self, action: str, subject: str) -> bool:
        """Whether this was done to this subject before."""
        where = (t.audit.c.action == action, t.audit.c.subject == subject)
        return bool(self._c.execute(select(exists().where(*where))).scalar())

    def did(self, who: str, action: str, subject: str) -> bool:
        """Whether they did this to this subject before."""
        where = (t.audit.c.who == who, t.audit.c.action == action, t.audit.c.subject == subject)
        return bool(self._c.execute(select(exists().where(*where))).scalar())


class MarksTable:
    """Facts about this database itself."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, key: str) -> str | None:
        return self._c.execute(t.marks.select().where(t.marks.c.key == key).with_only_columns(t.marks.c.value)).scalar()

    def set(self, key: str, value: str) -> None:
        put(self._c, t.marks, "key", key=key, value=value)
