"""Due work on the database itself: the embedded adapter of the `Jobs` port."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select, update

from referral.jobs import Job
from storage import tables as t
from storage.prepared import PreparedChange
from storage.times import at, ms
from storage.upsert import with_values


class JobsTable:
    """`referral.jobs.Jobs` over a connection, with the worker's side of it."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def put(self, job: Job) -> None:
        """Add a job. An open one so named takes the new payload and the earlier time; a finished one opens again."""
        values = {"kind": job.kind, "key": job.key, "payload": json.dumps(dict(job.payload)), "due_at": ms(job.due_at)}
        _put(self._c.dialect.name).run(self._c, values)

    def cancel(self, kind: str, key: str) -> None:
        where = (t.jobs.c.kind == kind, t.jobs.c.key == key, t.jobs.c.state == "open")
        self._c.execute(update(t.jobs).where(*where).values(state="done", note="cancelled"))

    def claim(self, now: datetime, *, limit: int, lease: timedelta) -> list[Job]:
        """Take due jobs nobody holds. A claim raises the fence, so that a worker whose lease ran out cannot finish."""
        j = t.jobs
        free = or_(j.c.lease_until.is_(None), j.c.lease_until <= ms(now))
        statement = (
            select(j)
            .where(j.c.state == "open", j.c.due_at <= ms(now), free)
            .order_by(j.c.due_at, j.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._c.execute(statement).all()
        if rows:
            values = {"lease_until": ms(now + lease), "fence": j.c.fence + 1, "attempts": j.c.attempts + 1}
            self._c.execute(update(j).where(j.c.id.in_([row.id for row in rows])).values(**values))
        return [_job(row, claimed=True) for row in rows]

    def done(self, job: Job) -> bool:
        """Close a job; False if the lease was lost to another worker, or the job was put again meanwhile."""
        return self._close(job, state="done", lease_until=None)

    def retry(self, job: Job, due_at: datetime, note: str) -> bool:
        return self._close(job, due_at=ms(due_at), note=note, lease_until=None)

    def bury(self, job: Job, note: str) -> bool:
        """Give up on a job after its last attempt; it stays on record."""
        return self._close(job, state="dead", note=note, lease_until=None)

    def free_all(self) -> None:
        """Give up every lease: for the only process on a database, whose predecessor must be dead."""
        self._c.execute(update(t.jobs).where(t.jobs.c.state == "open").values(lease_until=None))

    def retrying(self) -> int:
        """How many open jobs have failed at least once."""
        where = (t.jobs.c.state == "open", t.jobs.c.attempts > 0, t.jobs.c.note != "", t.jobs.c.lease_until.is_(None))
        return self._c.execute(select(func.count()).select_from(t.jobs).where(*where)).scalar_one()

    def due(self, now: datetime) -> int:
        where = (t.jobs.c.state == "open", t.jobs.c.due_at <= ms(now))
        return self._c.execute(select(func.count()).select_from(t.jobs).where(*where)).scalar_one()

    def _close(self, job: Job, **values: Any) -> bool:
        where = (t.jobs.c.id == job.id, t.jobs.c.fence == job.fence, t.jobs.c.state == "open")
        return self._c.execute(update(t.jobs).where(*where).values(**values)).rowcount == 1


def _job(row: Any, *, claimed: bool) -> Job:
    return Job(
        kind=row.kind,
        key=row.key,
        due_at=at(row.due_at),
        payload=json.loads(row.payload),
        id=row.id,
        fence=row.fence + claimed,
        attempts=row.attempts + claimed,
    )


@lru_cache(maxsize=2)
def _put(dialect: str) -> PreparedChange:
    """The statement behind `put`; making it takes four times as long as running it."""
    j = t.jobs
    statement = with_values(dialect, j, ("kind", "key", "payload", "due_at")).values(state="open")
    new = statement.excluded
    earlier = case((and_(j.c.state == "open", j.c.due_at < new.due_at), j.c.due_at), else_=new.due_at)
    opened = {"state": "open", "attempts": 0, "note": "", "lease_until": None, "fence": j.c.fence + 1}
    changed = opened | {"payload": new.payload, "due_at": earlier}
    return PreparedChange(statement.on_conflict_do_update(index_elements=["kind", "key"], set_=changed))
