"""The outbox of a person who is erased: what waits is dropped, what has gone loses its words."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from referral.messages import MakeBroadcast
from storage import tables as t
from storage.erasure_about import Whose
from storage.erasure_rules import RULES
from storage.times import ms

_ENDS = {"queued": "dropped", "sending": "unknown"}
_STAY = {"desk", "rep", "way", "broadcast", "edition", "template", "scene"}
"""Fields of letters that name something of the company's; every other text in one is emptied."""


class LettersEraser:
    """Goes through the letters that are to a person or speak of them."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def erase(self, whose: Whose, now: datetime) -> None:
        """Nothing more goes out to them; a broadcast to many goes to the others."""
        about = RULES["outbox"].about
        assert about
        rows = self._c.execute(select(t.outbox).where(about(whose, self._c.dialect.name))).all()
        for row in rows:
            others = self._others(row, whose)
            values = {"payload": others} if others else self._emptied(row, now)
            self._c.execute(update(t.outbox).where(t.outbox.c.seq == row.seq).values(**values))

    def _others(self, row: Any, whose: Whose) -> str | None:
        """The letter of a broadcast to the others, None where there are none, or it is not one."""
        payload = json.loads(row.payload)
        if row.kind != MakeBroadcast.__name__:
            return None
        payload["to"] = [handle for handle in payload["to"] if handle not in whose.words]
        return json.dumps(payload, ensure_ascii=False) if payload["to"] else None

    def _emptied(self, row: Any, now: datetime) -> dict[str, Any]:
        payload = json.dumps(_empty(json.loads(row.payload)), ensure_ascii=False)
        values: dict[str, Any] = {**RULES["outbox"].emptied, "payload": payload}
        if row.state in _ENDS:
            values |= {"state": _ENDS[row.state], "note": "person.erased", "finished_at": ms(now), "lease_until": None}
        return values


def _empty(value: Any, key: str = "") -> Any:
    """The same shape without its words."""
    if isinstance(value, dict):
        return {name: _empty(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return []
    return "" if isinstance(value, str) and key not in _STAY else value
