"""The outbox: letters written in the transaction that decided them, claimed by the sender after the commit."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, select, text, update

from referral import messages
from referral.messages import MenuItem, Message
from referral.outbox import Letter, Purpose
from storage import tables as t
from storage.prepared import PreparedChange, PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_new, insert_row

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in messages.Message.__args__}
_o = t.outbox.c


def _is_first_of_its_lane() -> ColumnElement[bool]:
    """An ask that waits for its hour holds up nothing that is due before: whoever writes meanwhile is answered."""
    o, earlier = t.outbox, t.outbox.alias("earlier")
    in_its_turn = or_(
        earlier.c.purpose != Purpose.NUDGE.value, earlier.c.state == "sending", earlier.c.due_at <= o.c.due_at
    )
    under_way = text(f"earlier.{t.UNDER_WAY}")
    before = select(earlier.c.seq).where(earlier.c.lane == o.c.lane, earlier.c.seq < o.c.seq, under_way, in_its_turn)
    return ~before.exists()


def _due(which: str, *order: ColumnElement[Any]) -> PreparedSelect:
    """Letters that may leave now; `which` as an index has it, and their order too."""
    statement = select(t.outbox).where(text(which), _o.due_at <= bindparam("now"), _is_first_of_its_lane())
    statement = statement.order_by(*order).limit(bindparam("most"))
    return PreparedSelect(statement.with_for_update(skip_locked=True, of=t.outbox))


_SOON = _due(t.SOON, _o.expires_at.is_(None), _o.seq)
_ASKS = _due("state = 'queued' and purpose = 'nudge'", _o.due_at, _o.seq)
_NEXT = PreparedSelect(
    select(_o.due_at).where(_o.state == "queued", _is_first_of_its_lane()).order_by(_o.due_at).limit(1)
)
_TOLD = PreparedSelect(
    select(func.count())
    .select_from(t.outbox)
    .where(text(t.TOLD), _o.lane == bindparam("lane_"), _o.finished_at > bindparam("since"))
)
_FINISH = PreparedChange(
    update(t.outbox)
    .where(_o.id == bindparam("letter"))
    .values(state=bindparam("end"), note=bindparam("why"), finished_at=bindparam("now"), lease_until=None)
)


class OutboxTable:
    """`referral.outbox.Outbox` over a connection, with the sender's side of it."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def post(self, letter: Letter, now: datetime) -> bool:
        return insert_new(
            self._c,
            t.outbox,
            id=letter.id,
            dedupe=letter.dedupe,
            kind=type(letter.message).__name__,
            payload=json.dumps(dataclasses.asdict(letter.message), ensure_ascii=False),
            lane=letter.lane,
            purpose=letter.purpose.value,
            person=letter.person,
            state="queued",
            due_at=ms(letter.due_at),
            expires_at=ms(letter.expires_at),
            created_at=ms(now),
        )

    def hasten(self, dedupe: str, now: datetime) -> bool:
        """Let a letter that waits for its time leave now, behind all that its lane holds.

        False where it is due, under way or over: then nothing changes.
        """
        o = t.outbox
        where = (o.c.dedupe == dedupe, o.c.state == "queued", o.c.due_at > ms(now))
        row = self._c.execute(delete(o).where(*where).returning(*(each for each in o.c if each is not o.c.seq))).first()
        if row is None:
            return False
        insert_row(self._c, o, **row._asdict() | {"due_at": ms(now)})  # written anew for a new place in its lane
        return True

    def drop_unasked(self, person: str, why: str, now: datetime) -> list[str | None]:
        """Withdraw what nobody asked for from a person's queue; the `dedupe` of each letter."""
        unasked = (Purpose.THANKS.value, Purpose.NUDGE.value)
        where = (t.outbox.c.person == person, t.outbox.c.state == "queued", t.outbox.c.purpose.in_(unasked))
        dropped = list(self._c.execute(select(t.outbox.c.dedupe).where(*where)).scalars())
        if dropped:
            values = {"state": "dropped", "note": why, "finished_at": ms(now)}
            self._c.execute(update(t.outbox).where(*where).values(**values))
        return dropped

    def is_busy(self, lane: str) -> bool:
        """Whether a letter of a lane still waits or is under way."""
        where = (t.outbox.c.lane == lane, text(t.UNDER_WAY))
        return self._c.execute(select(t.outbox.c.seq).where(*where).limit(1)).first() is not None

    def claim(self, now: datetime, *, limit: int, lease: timedelta) -> list[Letter]:
        """Take due letters, the oldest of each lane, marked before anything is sent.

        First those that soon expire, then the rest, and asks last: nobody's answer waits behind a morning's asks.
        """
        o = t.outbox
        rows = [*_SOON.all(self._c, {"now": ms(now), "most": limit})]
        if len(rows) < limit:
            rows += _ASKS.all(self._c, {"now": ms(now), "most": limit - len(rows)})
        if rows:
            values = {"state": "sending", "attempts": o.c.attempts + 1, "lease_until": ms(now + lease)}
            self._c.execute(update(o).where(o.c.seq.in_([row.seq for row in rows])).values(**values))
        return [_letter(row) for row in rows]

    def finish(self, letter: str, state: str, note: str, now: datetime) -> None:
        """Write down how a letter ended: `sent`, `dropped`, `failed` or `unknown`."""
        _FINISH.run(self._c, {"letter": letter, "end": state, "why": note, "now": ms(now)})

    def postpone(self, letter: str, until: datetime, note: str) -> None:
        values = {"state": "queued", "due_at": ms(until), "note": note, "lease_until": None}
        self._c.execute(update(t.outbox).where(t.outbox.c.id == letter).values(**values))

    def orphaned(self, now: datetime) -> list[Letter]:
        """Letters whose sender died: claimed, lease over, fate unknown."""
        where = and_(
            t.outbox.c.state == "sending", or_(t.outbox.c.lease_until.is_(None), t.outbox.c.lease_until <= ms(now))
        )
        return [_letter(row) for row in self._c.execute(select(t.outbox).where(where).order_by(t.outbox.c.seq))]

    def unfinished(self) -> list[Letter]:
        """Letters that wait or are under way, the oldest first."""
        where = t.outbox.c.state.in_(("queued", "sending"))
        return [_letter(row) for row in self._c.execute(select(t.outbox).where(where).order_by(t.outbox.c.seq))]

    def by_id(self, letter: str) -> Letter | None:
        row = self._c.execute(select(t.outbox).where(t.outbox.c.id == letter)).first()
        return _letter(row) if row else None

    def next_due(self) -> datetime | None:
        """When the next letter can leave, None if none waits; one behind another in its lane does not count."""
        due_at: int | None = _NEXT.scalar(self._c, {})
        return at(due_at)

    def told_since(self, lane: str, since: datetime) -> int:
        """How many words and cards to a rep, in whose lane they stand, went out after a time."""
        counted: int = _TOLD.scalar(self._c, {"lane_": lane, "since": ms(since)})
        return counted

    def waiting(self) -> int:
        """How many letters are still to go out, those under way included."""
        where = t.outbox.c.state.in_(("queued", "sending"))
        return self._c.execute(select(func.count()).select_from(t.outbox).where(where)).scalar_one()

    def in_flight(self) -> int:
        where = t.outbox.c.state == "sending"
        return self._c.execute(select(func.count()).select_from(t.outbox).where(where)).scalar_one()


def _letter(row: Any) -> Letter:
    return Letter(
        id=row.id,
        message=_message(row.kind, json.loads(row.payload)),
        lane=row.lane,
        purpose=Purpose(row.purpose),
        due_at=at(row.due_at),
        person=row.person,
        expires_at=at(row.expires_at),
        dedupe=row.dedupe,
        attempts=row.attempts,
    )


def _message(kind: str, payload: dict[str, Any]) -> Message:
    if "items" in payload:
        payload["items"] = tuple(MenuItem(**item) for item in payload["items"])
    if isinstance(payload.get("to"), list):
        payload["to"] = tuple(payload["to"])
    message: Message = _KINDS[kind](**payload)
    return message
