"""Nudges."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from referral.decisions import Route
from referral.nudges import Nudge, NudgeState, Purpose
from storage import tables as t
from storage.times import at, ms
from storage.upsert import insert_new, put

_n = t.nudges.c
_ASKS = (_n.purpose == Purpose.ASK.value, _n.decision == "send")


class NudgesTable:
    """`referral.nudges.Nudges` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, nudge: str) -> Nudge | None:
        return self._first(_n.id == nudge)

    def add(self, nudge: Nudge) -> bool:
        """Keep a new one; False if this person has an open one already."""
        return insert_new(self._c, t.nudges, **_values(nudge))

    def save(self, nudge: Nudge) -> None:
        put(self._c, t.nudges, "id", **_values(nudge))

    def open_of(self, person: str) -> Nudge | None:
        return self._first(_n.person == person, _n.state.in_((NudgeState.LISTED.value, NudgeState.QUEUED.value)))

    def of_person(self, person: str) -> list[Nudge]:
        """Every decision about a person, oldest first."""
        statement = select(t.nudges).where(_n.person == person).order_by(_n.created_at, _n.id)
        return [_nudge(row) for row in self._c.execute(statement)]

    def latest_of(self, person: str) -> Nudge | None:
        """The latest decision of any kind about a person."""
        return self._first(_n.person == person)

    def latest_ask(self, person: str) -> Nudge | None:
        """The latest time a person was to be asked anything, whatever came of it."""
        return self._first(_n.person == person, _n.decision == "send")

    def last_sent(self, person: str, since: datetime) -> Nudge | None:
        """The latest ask that was said to a person after a time."""
        return self._first(_n.person == person, _n.state == NudgeState.SENT.value, _n.sent_at >= ms(since), *_ASKS)

    def sent_before(self, person: str, nudge: str) -> Nudge | None:
        """The latest other ask that was said to a person."""
        return self._first(_n.person == person, _n.id != nudge, _n.sent_at.is_not(None), *_ASKS)

    def planned_since(self, since: datetime) -> int:
        """How many asks are planned for a time or later."""
        statement = select(func.count()).select_from(t.nudges).where(_n.planned_at >= ms(since), *_ASKS)
        return self._c.execute(statement).scalar_one()

    def listed_since(self, since: datetime) -> Mapping[str, int]:
        """How many asks each rep got on the list for a time or later."""
        return self._by_rep(since, Purpose.ASK)

    def end_permission(self, person: str, outcome: str) -> None:
        """The customer has answered, wherever it was: nobody needs to ask them any more."""
        where = (_n.person == person, _n.purpose == Purpose.CONSENT.value, _n.state == NudgeState.LISTED.value)
        values = {"state": NudgeState.ENDED.value, "outcome": outcome}
        self._c.execute(update(t.nudges).where(*where).values(**values))

    def permissions_since(self, since: datetime) -> Mapping[str, int]:
        """How many customers each rep was to ask for permission, at a time or later."""
        return self._by_rep(since, Purpose.CONSENT)

    def _by_rep(self, since: datetime, purpose: Purpose) -> Mapping[str, int]:
        where = (_n.planned_at >= ms(since), _n.channel == Route.REP.value, _n.purpose == purpose.value)
        reps = self._c.execute(select(_n.rep).where(*where, _n.decision == "send")).scalars()
        return Counter(reps)  # counted here: grouping them would tempt the database to walk through all by rep

    def reps_waiting(self, moment: datetime) -> list[str]:
        """The reps who will have somebody to ask on their list at that time."""
        where = (_n.state == NudgeState.LISTED.value, _n.planned_at <= ms(moment), _n.expires_at > ms(moment))
        statement = select(_n.rep).where(*where, _n.rep.is_not(None), *_ASKS).distinct().order_by(_n.rep)
        return [str(rep) for rep in self._c.execute(statement).scalars()]

    def on_list(self, rep: str, now: datetime) -> list[Nudge]:
        """A rep's list as it stands: what is to be said, the best first, and what was said of it today."""
        where = (
            _n.rep == rep,
            _n.planned_at <= ms(now),
            _n.expires_at > ms(now),
            _n.decision == "send",
            or_(_n.state != NudgeState.ENDED.value, _n.outcome.like("skipped:%")),
        )
        rows = self._c.execute(select(t.nudges).where(*where).order_by(_n.purpose, _n.score.desc(), _n.id))
        return [_nudge(row) for row in rows]

    def run_out(self, now: datetime, limit: int) -> list[Nudge]:
        """Those still on a list, or in a queue, whose time is over."""
        where = (_n.state.in_((NudgeState.LISTED.value, NudgeState.QUEUED.value)), _n.expires_at <= ms(now))
        return [_nudge(row) for row in self._c.execute(select(t.nudges).where(*where).limit(limit))]

    def _first(self, *where: ColumnElement[bool]) -> Nudge | None:
        statement = select(t.nudges).where(*where).order_by(_n.created_at.desc(), _n.id.desc()).limit(1)
        row = self._c.execute(statement).first()
        return _nudge(row) if row else None


def _values(nudge: Nudge) -> dict[str, Any]:
    return {
        "id": nudge.id,
        "person": nudge.person,
        "campaign": nudge.campaign,
        "purpose": nudge.purpose.value,
        "decision": nudge.decision,
        "why": nudge.why,
        "reasons": json.dumps(nudge.reasons, ensure_ascii=False),
        "copy": nudge.copy,
        "words": nudge.words,
        "channel": None if nudge.route is Route.NONE else nudge.route.value,
        "rep": nudge.rep,
        "score": nudge.score,
        "features": json.dumps(dict(nudge.features)),
        "state": nudge.state.value,
        "created_at": ms(nudge.created_at),
        "planned_at": ms(nudge.planned_at),
        "expires_at": ms(nudge.expires_at),
        "sent_at": ms(nudge.sent_at),
        "delivered_at": ms(nudge.delivered_at),
        "read_at": ms(nudge.read_at),
        "took_at": ms(nudge.took_at),
        "outcome": nudge.outcome,
    }


def _nudge(row: Any) -> Nudge:
    return Nudge(
        id=row.id,
        person=row.person,
        campaign=row.campaign,
        purpose=Purpose(row.purpose),
        decision=row.decision,
        why=row.why,
        reasons=tuple((code, value) for code, value in json.loads(row.reasons)),
        copy=row.copy,
        words=row.words,
        route=Route(row.channel) if row.channel else Route.NONE,
        rep=row.rep,
        score=row.score,
        features=json.loads(row.features),
        state=NudgeState(row.state),
        created_at=at(row.created_at),
        planned_at=at(row.planned_at),
        expires_at=at(row.expires_at),
        sent_at=at(row.sent_at),
        delivered_at=at(row.delivered_at),
        read_at=at(row.read_at),
        took_at=at(row.took_at),
        outcome=row.outcome,
    )
