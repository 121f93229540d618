"""Customers as a decision sees them: looked up many at a time, one statement for each thing to know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from referral.care import UNCOUNTED
from referral.conversations.names import Named
from referral.decisions import MONTH, Customer
from referral.identities import IdentityKind
from referral.moments import Moment
from referral.nicknames import legible
from referral.notices import Window
from referral.nudges import NudgeState, Purpose
from referral.shares import BEEN_SEEN, ShareLevel
from storage import tables as t
from storage.moments import MomentsTable
from storage.prepared import PreparedLookup, PreparedSelect
from storage.times import at, ms

_LOOK_BACK = timedelta(days=375)  # of plans: an ask counts for a year from when it was said, days after
_TOGETHER = 500
_UNCOUNTED = sorted(kind.value for kind in UNCOUNTED)

_i, _w, _s, _n, _k, _c = (table.c for table in (t.identities, t.windows, t.shares, t.nudges, t.cares, t.contacts))
_NAMES = (IdentityKind.CRM.value, IdentityKind.WECOM.value)
_PEOPLE = PreparedLookup(lambda ids: select(t.people).where(t.people.c.id.in_(ids)))
_IDENTITIES = PreparedLookup(
    lambda ids: (
        select(_i.person, _i.kind, _i.value)
        .where(_i.person.in_(ids), or_(*(_i.kind == name for name in _NAMES)))
        .order_by(_i.since)
    )
)
_WINDOWS = PreparedLookup(lambda ids: select(t.windows).where(_w.person.in_(ids)).order_by(_w.said_at))
_WROTE = PreparedLookup(lambda ids: select(_w.person).where(_w.person.in_(ids), _w.said_at > bindparam("since")))
_OWN_REPS = PreparedLookup(lambda ids: select(t.people.c.id, t.people.c.rep).where(t.people.c.id.in_(ids)))
_SEEN = PreparedLookup(
    lambda ids: select(_s.code).where(_s.person.in_(ids), or_(*(_s.level == level.value for level in BEEN_SEEN)))
)
_TOOK = PreparedLookup(
    lambda ids: (
        select(_s.person, _s.code, _s.first_at)
        .where(_s.person.in_(ids), _s.level == ShareLevel.PREPARED.value, _s.evidence != "cli")
        .order_by(_s.first_at)
    )
)
_ASKS = PreparedLookup(
    lambda ids: (
        select(_n.person, _n.purpose, _n.state, _n.planned_at, _n.expires_at, _n.sent_at, _n.took_at)
        .where(_n.person.in_(ids), _n.planned_at > bindparam("since"), _n.decision == "send", _n.id != bindparam("but"))
        .order_by(func.coalesce(_n.sent_at, _n.planned_at))
    )
)
_CARED = PreparedLookup(
    lambda ids: (
        select(_k.person, _k.sent_at)
        .where(_k.person.in_(ids), _k.sent_at > bindparam("since"), and_(*(_k.kind != kind for kind in _UNCOUNTED)))
        .order_by(_k.sent_at)
    )
)
_CONTACTS = PreparedLookup(
    lambda ids: select(_c.person, _c.rep, _c.left_at).where(_c.person.in_(ids)).order_by(_c.added_at)
)
_REPS = PreparedSelect(select(t.reps.c.id, t.reps.c.name).where(t.reps.c.active))


class CustomersTable:
    """`referral.nudges.Customers` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def load(self, people: Sequence[str], now: datetime, *, ignoring: str = "") -> list[Customer]:
        """These customers, with all that bears on asking them; the nudge `ignoring` is left out of account."""
        return [
            customer
            for start in range(0, len(people), _TOGETHER)
            for customer in self._load(people[start : start + _TOGETHER], now, ignoring)
        ]

    def of_rep(self, rep: str) -> list[Named]:
        """A rep's own customers: her contacts of now, and those whose rep she is, by id or by a name only she has."""
        p, c = t.people.c, t.contacts.c
        mine = [rep, *(name for name, found in self._rep_names().items() if found == rep)]
        contacts = select(c.person).where(c.rep == rep, c.left_at.is_(None))
        statement = select(p.id, p.nickname, p.name).where(or_(p.id.in_(contacts), p.rep.in_(mine)))
        rows = self._c.execute(statement.where(p.merged_into.is_(None)).order_by(p.created_at, p.id))
        return [Named(person=row.id, nickname=row.nickname, name=row.name) for row in rows]

    def _rep_names(self) -> Mapping[str, str]:
        return _unambiguous(_REPS.all(self._c, {}))

    def reach(self, people: Sequence[str], since: datetime) -> dict[str, tuple[str, bool]]:
        """Each one's own rep, by id or name or '', and whether they have written to a desk since then."""
        wrote = {row.person for row in _WROTE.all(self._c, people, since=ms(since))}
        return {person: (rep or "", person in wrote) for person, rep in _OWN_REPS.all(self._c, people)}

    def _load(self, people: Sequence[str], now: datetime, ignoring: str) -> list[Customer]:
        moments = MomentsTable(self._c).find(people)
        rows = {row.id: row for row in _PEOPLE.all(self._c, people)}
        named, windows, taken = self._identities(people), self._windows(people), self._taken(people)
        asks, reps = self._asks(people, now, ignoring), self._reps(rows.values())
        cared = self._cared(people, now)
        return [
            _customer(
                moments.get(who) or Moment(person=who, holdout=bool(rows[who].holdout)),
                rows[who],
                named[who],
                reps.get(who),
                windows.get(who),
                asks[who],
                tuple(cared[who]),
                taken.get(who),
            )
            for who in people
            if who in rows
        ]

    def _identities(self, people: Sequence[str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for person, kind, value in _IDENTITIES.all(self._c, people):
            found[person].setdefault(kind, value)
        return found

    def _windows(self, people: Sequence[str]) -> dict[str, Window]:
        return {
            row.person: Window(
                desk=row.desk, person=row.person, handle=row.handle, said_at=at(row.said_at), sent=row.sent
            )
            for row in _WINDOWS.all(self._c, people)
        }

    def _taken(self, people: Sequence[str]) -> dict[str, tuple[datetime, bool]]:
        """When each last took a poster, and whether anybody has seen it. One that an operator made is not taken."""
        seen = {row.code for row in _SEEN.all(self._c, people)}
        return {row.person: (at(row.first_at), row.code in seen) for row in _TOOK.all(self._c, people)}

    def _asks(self, people: Sequence[str], now: datetime, ignoring: str) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = defaultdict(list)
        for row in _ASKS.all(self._c, people, since=ms(now - _LOOK_BACK), but=ignoring):
            found[row.person].append(row)
        return found

    def _cared(self, people: Sequence[str], now: datetime) -> dict[str, list[datetime]]:
        """When each was shown care that uses up a cap, in the last month."""
        found: dict[str, list[datetime]] = defaultdict(list)
        for person, sent_at in _CARED.all(self._c, people, since=ms(now - MONTH)):
            found[person].append(at(sent_at))
        return found

    def _reps(self, rows: Collection[Any]) -> dict[str, str]:
        """Who may speak with each: their own rep, by id or by a name that only one has, else the latest contact."""
        active = _REPS.all(self._c, {})
        ids = {rep for rep, _ in active}
        names = _unambiguous(active)
        contacts = _CONTACTS.all(self._c, [row.id for row in rows])
        ended = {(person, rep) for person, rep, left in contacts if left is not None}
        found = {person: rep for person, rep, left in contacts if rep in ids and left is None}
        for row in rows:
            own = row.rep if row.rep in ids else names.get(row.rep or "")
            if own and (row.id, own) not in ended:
                found[row.id] = own
        return found


def _unambiguous(reps: Iterable[Any]) -> Mapping[str, str]:
    named: dict[str, list[str]] = defaultdict(list)
    for rep, name in reps:
        named[name].append(rep)
    return {name: found[0] for name, found in named.items() if name and len(found) == 1}


def _customer(
    moment: Moment,
    row: Any,
    named: Mapping[str, str],
    rep: str | None,
    window: Window | None,
    asks: Sequence[Any],
    cared: tuple[datetime, ...],
    taken: tuple[datetime, bool] | None,
) -> Customer:
    said = [ask for ask in asks if ask.sent_at is not None and ask.purpose == Purpose.ASK.value]
    planned = [a for a in asks if a.state in (NudgeState.LISTED.value, NudgeState.QUEUED.value)]
    unanswered = 0
    for ask in reversed(said):
        if ask.took_at is not None:
            break
        unanswered += 1
    took_at, seen = taken or (None, False)
    return Customer(
        moment=moment,
        crm_id=named.get(IdentityKind.CRM.value),
        handle=named.get(IdentityKind.WECOM.value),
        name=legible(row.nickname) or legible(row.name),
        rep=rep,
        window=window,
        asked=tuple(at(ask.sent_at) for ask in said),
        cared=cared,
        unanswered=unanswered,
        open_until=max((at(a.expires_at or a.planned_at) for a in planned), default=None),
        on_list=any(a.state == NudgeState.LISTED.value for a in planned),
        took_at=took_at,
        seen=seen,
    )
