"""Cares, birthdays, and when to look at whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select, update

from referral.care import Care, CareKind, CareState, Life
from referral.decisions import Route
from referral.notices import ARRIVED
from referral.referrals import ReferralStatus
from storage import tables as t
from storage.times import at, ms
from storage.upsert import insert_new, put

_c, _m = t.cares.c, t.moments.c
_OPEN = _c.state.in_((CareState.LISTED.value, CareState.QUEUED.value))
_TURN = select(_m.person).where(_m.care_at <= bindparam("until")).order_by(_m.care_at, _m.person)


class CaresTable:
    """`referral.care.Cares` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, care: str) -> Care | None:
        return next(iter(self._where(_c.id == care)), None)

    def add(self, care: Care) -> bool:
        """Keep a new one; False if this occasion was met before, or another care is open."""
        return insert_new(self._c, t.cares, **_values(care))

    def save(self, care: Care) -> None:
        put(self._c, t.cares, "id", **_values(care))

    def open_of(self, person: str) -> list[Care]:
        """What is planned for a person and neither said nor over."""
        return self._where(_c.person == person, _OPEN)

    def of_person(self, person: str) -> list[Care]:
        """Every care for a person, oldest first."""
        return self._where(_c.person == person)

    def lives(self, people: Sequence[str], since: datetime) -> dict[str, Life]:
        """What care must know of each of these people; `since` is how far back a friend's purchase counts."""
        p = t.people.c
        births = {row.id: row.birthday for row in self._c.execute(select(p.id, p.birthday).where(p.id.in_(people)))}
        had: dict[str, list[Care]] = defaultdict(list)
        for care in self._where(_c.person.in_(people)):
            had[care.person].append(care)
        credited = self._credited(people, since)
        return {
            who: Life(birthday=born or "", credited=tuple(credited[who]), had=tuple(had[who]))
            for who, born in births.items()
        }

    def on_list(self, rep: str, now: datetime) -> list[Care]:
        """What is on a rep's list, the longest there first."""
        in_time = or_(_c.expires_at.is_(None), _c.expires_at > ms(now))
        return self._where(_c.rep == rep, _c.state == CareState.LISTED.value, _c.planned_at <= ms(now), in_time)

    def listed_since(self, since: datetime) -> Mapping[str, int]:
        """How many cares each rep got on the list for a time or later."""
        statement = select(_c.rep).where(_c.rep.is_not(None), _c.planned_at >= ms(since))
        return Counter(self._c.execute(statement).scalars())

    def reps_waiting(self, moment: datetime) -> list[str]:
        """The reps who will have somebody to care for on their list at that time."""
        in_time = or_(_c.expires_at.is_(None), _c.expires_at > ms(moment))
        where = (_c.state == CareState.LISTED.value, _c.planned_at <= ms(moment), in_time)
        reps = self._c.execute(select(_c.rep).where(*where, _c.rep.is_not(None)).distinct().order_by(_c.rep))
        return [str(rep) for rep in reps.scalars()]

    def run_out(self, now: datetime, limit: int) -> list[Care]:
        """Those still on a list, or in a queue, whose time is over."""
        return self._where(_OPEN, _c.expires_at <= ms(now), limit=limit)

    def due(self, now: datetime, limit: int) -> list[str]:
        """Whom to look at now, the longest due first."""
        return list(self._c.execute(_TURN.limit(limit), {"until": ms(now)}).scalars())

    def born_on(self, birthdays: Sequence[str], after: str, limit: int) -> list[str]:
        """Who has one of these birthdays (`MM-DD`), slice by slice in the order of ids, behind `after`."""
        p = t.people.c
        statement = select(p.id).where(p.birthday.in_(birthdays), p.id > after, p.merged_into.is_(None))
        return list(self._c.execute(statement.order_by(p.id).limit(limit)).scalars())

    def look_at(self, person: str, moment: datetime) -> None:
        """Look at a person then, if not earlier."""
        m = t.moments.c
        where = (m.person == person, m.care_at > ms(moment))
        self._c.execute(update(t.moments).where(*where).values(care_at=ms(moment)))

    def looked(self, person: str, again: datetime) -> None:
        """A person was looked at; then it is their turn again."""
        self._c.execute(update(t.moments).where(t.moments.c.person == person).values(care_at=ms(again)))

    def _credited(self, people: Sequence[str], since: datetime) -> Mapping[str, list[tuple[str, datetime]]]:
        """The friends' purchases of which no news was made for the advocate: no thanks, and not that they came."""
        r, n, w = t.referrals.c, t.notices.c, t.rewards.c
        of_it = select(w.id).where(w.referral == r.id, w.person == r.advocate).correlate(t.referrals)
        told = exists().where(
            n.person == r.advocate,
            or_((n.kind == ARRIVED) & (n.ref == r.id), n.kind.like("thanks.%") & n.ref.in_(of_it)),
        )
        credited = (r.status == ReferralStatus.CREDITED.value, r.decided_at >= ms(since), r.folded.is_(None))
        statement = select(r.advocate, r.id, r.decided_at).where(r.advocate.in_(people), *credited, ~told)
        found: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
        for advocate, referral, decided in self._c.execute(statement.order_by(r.decided_at, r.id)):
            found[advocate].append((referral, at(decided)))
        return found

    def _where(self, *where: ColumnElement[bool], limit: int | None = None) -> list[Care]:
        statement = select(t.cares).where(*where).order_by(_c.planned_at, _c.id).limit(limit)
        return _cares(self._c.execute(statement))


def _cares(rows: Iterable[Any]) -> list[Care]:
    return [
        Care(
            id=row.id,
            person=row.person,
            kind=CareKind(row.kind),
            ref=row.ref,
            day=date.fromisoformat(row.day),
            value=row.value,
            state=CareState(row.state),
            route=Route(row.route),
            rep=row.rep,
            words=row.words,
            created_at=at(row.created_at),
            planned_at=at(row.planned_at),
            expires_at=at(row.expires_at),
            sent_at=at(row.sent_at),
            outcome=row.outcome,
        )
        for row in rows
    ]


def _values(care: Care) -> dict[str, Any]:
    return {
        "id": care.id,
        "person": care.person,
        "kind": care.kind.value,
        "ref": care.ref,
        "day": care.day.isoformat(),
        "value": care.value,
        "state": care.state.value,
        "route": care.route.value,
        "rep": care.rep,
        "words": care.words,
        "created_at": ms(care.created_at),
        "planned_at": ms(care.planned_at),
        "expires_at": ms(care.expires_at),
        "sent_at": ms(care.sent_at),
        "outcome": care.outcome,
    }
