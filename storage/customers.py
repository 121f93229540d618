"""Customers as a decision sees them: looked up many at a time, one statement for each thing to know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select

from referral.care import UNCOUNTED
from referral.conversations.names import Named
from referral.decisions import MONTH, Customer
from referral.identities import IdentityKind
from referral.moments import Moment
from referral.nicknames import legible
from referral.notices import Window
from referral.nudges import NudgeState, Purpose
from referral.shares import ShareLevel
from storage import tables as t
from storage.moments import MomentsTable
from storage.times import at, ms

_LOOK_BACK = timedelta(days=375)  # of plans: an ask counts for a year from when it was said, days after
_TOGETHER = 500
_UNCOUNTED = sorted(kind.value for kind in UNCOUNTED)


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
        return _unambiguous(self._c.execute(select(t.reps.c.id, t.reps.c.name).where(t.reps.c.active)))

    def reach(self, people: Sequence[str], since: datetime) -> dict[str, tuple[str, bool]]:
        """Each one's own rep, by id or name or '', and whether they have written to a desk since then."""
        w, p = t.windows.c, t.people.c
        wrote = set(self._c.execute(select(w.person).where(w.person.in_(people), w.said_at > ms(since))).scalars())
        rows = self._c.execute(select(p.id, p.rep).where(p.id.in_(people)))
        return {person: (rep or "", person in wrote) for person, rep in rows}

    def _load(self, people: Sequence[str], now: datetime, ignoring: str) -> list[Customer]:
        moments = MomentsTable(self._c).find(people)
        rows = {row.id: row for row in self._c.execute(select(t.people).where(t.people.c.id.in_(people)))}
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
        i = t.identities.c
        kinds = (IdentityKind.CRM.value, IdentityKind.WECOM.value)
        found: dict[str, dict[str, str]] = defaultdict(dict)
        statement = select(i.person, i.kind, i.value).where(i.person.in_(people), i.kind.in_(kinds))
        for person, kind, value in self._c.execute(statement.order_by(i.since)):
            found[person].setdefault(kind, value)
        return found

    def _windows(self, people: Sequence[str]) -> dict[str, Window]:
        w = t.windows.c
        rows = self._c.execute(select(t.windows).where(w.person.in_(people)).order_by(w.said_at))
        return {
            row.person: Window(
                desk=row.desk, person=row.person, handle=row.handle, said_at=at(row.said_at), sent=row.sent
            )
            for row in rows
        }

    def _taken(self, people: Sequence[str]) -> dict[str, tuple[datetime, bool]]:
        """When each last took a poster, and whether anybody has seen it. One that an operator made is not taken."""
        s = t.shares.c
        seen = set(
            self._c.execute(select(s.code).where(s.person.in_(people), s.level == ShareLevel.SEEN.value)).scalars()
        )
        took = self._c.execute(
            select(s.person, s.code, s.first_at)
            .where(s.person.in_(people), s.level == ShareLevel.PREPARED.value, s.evidence != "cli")
            .order_by(s.first_at)
        )
        return {row.person: (at(row.first_at), row.code in seen) for row in took}

    def _asks(self, people: Sequence[str], now: datetime, ignoring: str) -> dict[str, list[Any]]:
        n = t.nudges.c
        statement = (
            select(n.person, n.purpose, n.state, n.planned_at, n.expires_at, n.sent_at, n.took_at)
            .where(n.person.in_(people), n.planned_at > ms(now - _LOOK_BACK), n.decision == "send", n.id != ignoring)
            .order_by(func.coalesce(n.sent_at, n.planned_at))
        )
        found: dict[str, list[Any]] = defaultdict(list)
        for row in self._c.execute(statement):
            found[row.person].append(row)
        return found

    def _cared(self, people: Sequence[str], now: datetime) -> dict[str, list[datetime]]:
        """When each was shown care that uses up a cap, in the last month."""
        c = t.cares.c
        where = (c.person.in_(people), c.sent_at > ms(now - MONTH), c.kind.not_in(_UNCOUNTED))
        found: dict[str, list[datetime]] = defaultdict(list)
        for person, sent_at in self._c.execute(select(c.person, c.sent_at).where(*where).order_by(c.sent_at)):
            found[person].append(at(sent_at))
        return found

    def _reps(self, rows: Iterable[Any]) -> dict[str, str]:
        """Who may speak with each: their own rep, by id or by a name that only one has, else the latest contact."""
        active = self._c.execute(select(t.reps.c.id, t.reps.c.name).where(t.reps.c.active)).all()
        ids = {rep for rep, _ in active}
        names = _unambiguous(active)
        c = t.contacts.c
        people = [row.id for row in rows]
        statement = select(c.person, c.rep, c.left_at).where(c.person.in_(people)).order_by(c.added_at)
        contacts = self._c.execute(statement).all()
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
