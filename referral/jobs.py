"""Due work: rows with a time, a lease and a fence, behind one port with an adapter per database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of due work, unique by `kind` and `key`.

    `fence` grows with each claim, so that a worker which lost its lease cannot finish it.
    """

    kind: str
    key: str
    due_at: datetime
    payload: Mapping[str, str] = field(default_factory=dict)
    id: int = 0
    fence: int = 0
    attempts: int = 0


class Jobs(Protocol):
    """Where due work waits. `put` on an open job moves it to the earlier time; on a finished one it opens it again."""

    def put(self, job: Job) -> None: ...
    def cancel(self, kind: str, key: str) -> None: ...
