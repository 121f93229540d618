"""Keys of the JSON API, and the answers that are given again under an idempotency key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from referral.api_keys import ApiKey
from storage import tables as t
from storage.times import at, ms

KEPT = timedelta(hours=48)
"""How long an answer is given again; at least 24 hours are promised."""


class ApiKeysTable:
    """`referral.api_keys.ApiKeys` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, key: ApiKey) -> None:
        self._c.execute(
            insert(t.api_keys).values(
                id=key.id,
                name=key.name,
                prefix=key.prefix,
                digest=key.digest,
                scopes=json.dumps(key.scopes),
                created_at=ms(key.created_at),
            )
        )

    def all(self) -> list[ApiKey]:
        """The revoked ones too, oldest first."""
        rows = self._c.execute(select(t.api_keys).order_by(t.api_keys.c.created_at, t.api_keys.c.id))
        return [_key(row) for row in rows]

    def living(self, name: str) -> ApiKey | None:
        where = (t.api_keys.c.name == name, t.api_keys.c.revoked_at.is_(None))
        row = self._c.execute(select(t.api_keys).where(*where)).first()
        return _key(row) if row else None

    def recognise(self, digest: str) -> ApiKey | None:
        """The living key with this digest."""
        where = (t.api_keys.c.digest == digest, t.api_keys.c.revoked_at.is_(None))
        row = self._c.execute(select(t.api_keys).where(*where)).first()
        return _key(row) if row else None

    def use(self, key: str, now: datetime) -> None:
        self._c.execute(update(t.api_keys).where(t.api_keys.c.id == key).values(used_at=ms(now)))

    def revoke(self, key: str, now: datetime) -> None:
        self._c.execute(update(t.api_keys).where(t.api_keys.c.id == key).values(revoked_at=ms(now)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """What was answered under an idempotency key; `digest` tells one request from another."""

    digest: str
    status: int
    body: str


class ApiAnswersTable:
    """Answers by the API key they were given to and the idempotency key they were asked under."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, key: str, name: str) -> ApiAnswer | None:
        answers = t.api_answers.c
        row = self._c.execute(select(t.api_answers).where(answers.key == key, answers.name == name)).first()
        return ApiAnswer(digest=row.digest, status=row.status, body=row.body) if row else None

    def add(self, key: str, name: str, answer: ApiAnswer, now: datetime) -> None:
        self._c.execute(
            insert(t.api_answers).values(
                key=key, name=name, digest=answer.digest, status=answer.status, body=answer.body, at=ms(now)
            )
        )

    def forget_old(self, now: datetime) -> None:
        """Let go of what was kept long enough."""
        self._c.execute(delete(t.api_answers).where(t.api_answers.c.at < ms(now - KEPT)))


def _key(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        digest=row.digest,
        scopes=tuple(json.loads(row.scopes)),
        created_at=at(row.created_at),
        used_at=at(row.used_at),
        revoked_at=at(row.revoked_at),
    )
