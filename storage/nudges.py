"""Nudges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, or_, select, update

from referral.decisions import Route
from referral.nudges import ON_THE_LIST, Nudge, NudgeState, Purpose
from storage import tables as t
from storage.prepared import PreparedChange, PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_new, put

_n = t.nudges.c
_UNLEARNED: ColumnElement[bool] = literal_column(t.UNLEARNED)
_OPEN = _n.state.in_([literal_column(f"'{state}'") for state in (NudgeState.LISTED, NudgeState.QUEUED)])
"""Spelled out, as in the partial index, to use it: what is over is all of history."""

_ASKS = (_n.purpose == Purpose.ASK.value, _n.decision == "send")
_OVER = select(t.nudges).where(_OPEN, _n.expires_at <= bindparam("now"))


def _latest(*where: ColumnElement[bool]) -> PreparedSelect:
    """The latest decision of this kind."""
    return PreparedSelect(select(t.nudges).where(*where).order_by(_n.created_at.desc(), _n.id.desc()).limit(1))


_THEIRS = _n.person == bindparam("who")
_ONE = PreparedSelect(select(t.nudges).where(_n.id == bindparam("nudge")))
_OPEN_ONE, _LATEST, _ASKED = _latest(_THEIRS, _OPEN), _latest(_THEIRS), _latest(_THEIRS, _n.decision == "send")
_LAST_SENT = _latest(_THEIRS, _n.state == NudgeState.SENT.value, _n.sent_at >= bindparam("since"), *_ASKS)
_SENT_BEFORE = _latest(_THEIRS, _n.id != bindparam("nudge"), _n.sent_at.is_not(None), *_ASKS)
_PLANNED = PreparedSelect(select(func.count()).select_from(t.nudges).where(_n.planned_at >= bindparam("since"), *_ASKS))
_END_OPEN = PreparedChange(
    update(t.nudges).where(_THEIRS, _OPEN).values(state=NudgeState.ENDED.value, outcome=bindparam("outcome_"))
)
_LISTED = PreparedSelect(
    select(_n.rep)
    .where(_OPEN, _n.state == NudgeState.LISTED.value, *_ASKS)
    .where(_n.planned_at <= bindparam("at"), _n.planned_at > bindparam("since"), _n.expires_at > bindparam("at"))
)

_COUNTED: tuple[ColumnElement[Any], ...] = (func.coalesce(_n.rep, "").label("rep"), func.count().label("asks"))
"""Asks by rep; by an expression, since grouped by the column all of history would be walked through by rep."""

_LEFT_OVER = PreparedSelect(
    select(*_COUNTED)
    .where(_OPEN, _n.state == NudgeState.LISTED.value, *_ASKS)
    .where(_n.planned_at < bindparam("before"), _n.planned_at > bindparam("since"), _n.expires_at > bindparam("at"))
    .group_by(_COUNTED[0])
)
_BY_REP = PreparedSelect(
    select(*_COUNTED)
    .where(_n.planned_at >= bindparam("since"), _n.channel == Route.REP.value)
    .where(_n.purpose == bindparam("purpose_"), _n.decision == "send")
    .group_by(_COUNTED[0])
)


class NudgesTable:
    """`referral.nudges.Nudges` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, nudge: str) -> Nudge | None:
        return _first(_ONE, self._c, nudge=nudge)

    def add(self, nudge: Nudge) -> bool:
        """Keep a new one; False if this person has an open one already."""
        return insert_new(self._c, t.nudges, **_values(nudge))

    def save(self, nudge: Nudge) -> None:
        put(self._c, t.nudges, "id", **_values(nudge))

    def open_of(self, person: str) -> Nudge | None:
        return _first(_OPEN_ONE, self._c, who=person)

    def of_person(self, person: str) -> list[Nudge]:
        """Every decision about a person, oldest first."""
        statement = select(t.nudges).where(_n.person == person).order_by(_n.created_at, _n.id)
        return [_nudge(row) for row in self._c.execute(statement)]

    def latest_of(self, person: str) -> Nudge | None:
        """The latest decision of any kind about a person."""
        return _first(_LATEST, self._c, who=person)

    def latest_ask(self, person: str) -> Nudge | None:
        """The latest time a person was to be asked anything, whatever came of it."""
        return _first(_ASKED, self._c, who=person)

    def last_sent(self, person: str, since: datetime) -> Nudge | None:
        """The latest ask that was said to a person after a time."""
        return _first(_LAST_SENT, self._c, who=person, since=ms(since))

    def sent_before(self, person: str, nudge: str) -> Nudge | None:
        """The latest other ask that was said to a person."""
        return _first(_SENT_BEFORE, self._c, who=person, nudge=nudge)

    def planned_since(self, since: datetime) -> int:
        """How many asks are planned for a time or later."""
        counted: int = _PLANNED.scalar(self._c, {"since": ms(since)})
        return counted

    def listed_since(self, since: datetime) -> Mapping[str, int]:
        """How many asks each rep got on the list for a time or later."""
        return self._by_rep(since, Purpose.ASK)

    def left_over(self, planned_before: datetime, at: datetime) -> Mapping[str, int]:
        """How many asks from before will still stand on each rep's list at a time."""
        times = {"before": ms(planned_before), "since": ms(at - ON_THE_LIST), "at": ms(at)}
        return dict(_LEFT_OVER.all(self._c, times))

    def end_open(self, person: str, outcome: str) -> None:
        """Whatever a person is still to be asked is over unsaid; it stays as history."""
        _END_OPEN.run(self._c, {"who": person, "outcome_": outcome})

    def end_permission(self, person: str, outcome: str) -> None:
        """The customer has answered, wherever it was: nobody needs to ask them any more."""
        where = (_n.person == person, _n.purpose == Purpose.CONSENT.value, _n.state == NudgeState.LISTED.value)
        values = {"state": NudgeState.ENDED.value, "outcome": outcome}
        self._c.execute(update(t.nudges).where(*where).values(**values))

    def permissions_since(self, since: datetime) -> Mapping[str, int]:
        """How many customers each rep was to ask for permission, at a time or later."""
        return self._by_rep(since, Purpose.CONSENT)

    def _by_rep(self, since: datetime, purpose: Purpose) -> Mapping[str, int]:
        return dict(_BY_REP.all(self._c, {"since": ms(since), "purpose_": purpose.value}))

    def reps_waiting(self, moment: datetime) -> list[str]:
        """The reps who will have somebody to ask on their list at that time."""
        at_ = {"at": ms(moment), "since": ms(moment - ON_THE_LIST)}
        reps = {row.rep for row in _LISTED.all(self._c, at_)}
        return sorted(rep for rep in reps if rep)  # here: told apart there, all of history would be walked through

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

    def withdrawn(self, rep: str, now: datetime) -> int:
        """How many asks were taken off a rep's list, or back from her broadcast, before their time was over."""
        where = (_n.rep == rep, _n.planned_at <= ms(now), _n.expires_at > ms(now), *_ASKS)
        ended = (_n.state == NudgeState.ENDED.value, or_(_n.outcome == "taken_back", _n.outcome.like("dropped:%")))
        counted: int = self._c.execute(select(func.count()).select_from(t.nudges).where(*where, *ended)).scalar_one()
        return counted

    def run_out(self, now: datetime, limit: int) -> list[Nudge]:
        """Those still on a list, or in a queue, whose time is over."""
        return [_nudge(row) for row in self._c.execute(_OVER.limit(limit), {"now": ms(now)})]

    def ripe(self, until: datetime, limit: int) -> list[Nudge]:
        """Asks to learn from, whatever came of them: those that were said by that time; oldest first."""
        where = (*_ASKS, _UNLEARNED, _n.sent_at <= ms(until))
        return [
            _nudge(row) for row in self._c.execute(select(t.nudges).where(*where).order_by(_n.sent_at).limit(limit))
        ]

    def learned(self, nudges: Sequence[str], now: datetime) -> None:
        """These have been learned from."""
        self._c.execute(update(t.nudges).where(_n.id.in_(nudges)).values(learned_at=ms(now)))


def _first(statement: PreparedSelect, connection: Connection, **values: object) -> Nudge | None:
    row = statement.first(connection, values)
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
