"""Lift: everybody seen once a night, a slice at a time, and what it summed up to, kept for every day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select

from referral.decisions import Route
from referral.intervals import Crossed, Sums
from referral.lift import Arm, Ask, Measured, Observed
from referral.moments import Permission
from referral.nudges import Purpose
from referral.own_asks import OWN
from referral.referrals import ReferralStatus
from referral.times import SHANGHAI
from storage import tables as t
from storage.times import at, ms

_TREATED, _HELD = "treated", "held"
_COUNTS = ("asked", "own", "opted_out", "attributed", "ripe", "fruitful", "settled", "gone")


class LiftTable:
    """Where customers are seen for the lift, and its nights are kept."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def began(self) -> datetime | None:
        """When the first ask was planned; None before. What rows were forgotten since does not move it."""
        n = t.nudges.c
        where = (n.purpose == Purpose.ASK.value, n.decision == "send", n.why != OWN)
        first = select(n.planned_at).where(*where).order_by(n.planned_at).limit(1)
        for statement in (select(func.min(t.lift_days.c.since)), first):
            found: int | None = self._c.execute(statement).scalar()
            if found is not None:
                return at(found)
        return None

    def observed(self, after: str, since: datetime, limit: int | None) -> tuple[list[Observed], str]:
        """The customers next behind an id, all without a `limit`, and the id to go on behind: '' at the end."""
        m, p = t.moments.c, t.people.c
        statement = (
            select(
                *(m.person, p.holdout, p.rep, p.staff, p.merged_into),
                *(m.customer_since, m.past_referrals, m.came_by, m.consent, m.consent_at, m.last_order_at),
            )
            .join_from(t.moments, t.people, p.id == m.person)
            .where(m.person > after)
            .order_by(m.person)
            .limit(limit)
        )
        rows = self._c.execute(statement).all()
        if not rows:
            return [], ""
        last = str(rows[-1].person)
        friends, asks, left = self._friends(after, last, since), self._asks(after, last, since), self._left(after, last)
        seen = [
            _observed(row, since, friends[row.person], asks[row.person], left.get(row.person))
            for row in rows
            if row.customer_since is not None and not row.staff and row.merged_into is None
        ]
        return seen, last if len(rows) == limit else ""

    def keep(self, measured: Measured) -> None:
        """Keep a night; a second one of the same day takes its place."""
        day, d = measured.at.astimezone(SHANGHAI).date().isoformat(), t.lift_days
        stamp = {"day": day, "at": ms(measured.at), "since": ms(measured.since)}
        self._c.execute(delete(d).where(d.c.day == day))
        arms = ((_TREATED, measured.treated), (_HELD, measured.held))
        self._c.execute(insert(d), [stamp | {"arm": name} | _arm_row(arm) for name, arm in arms])
        self._c.execute(delete(t.lift_reps))
        if reps := [row for rep, pair in measured.reps.items() for row in _rep_rows(rep, pair)]:
            self._c.execute(insert(t.lift_reps), reps)

    def latest(self) -> Measured | None:
        """The latest night, reps and all."""
        found = self.days(1)
        if not found:
            return None
        pairs: defaultdict[str, dict[str, Sums]] = defaultdict(dict)
        for row in self._c.execute(select(t.lift_reps)):
            pairs[row.rep][row.arm] = Sums(n=row.customers, total=row.total, squares=row.squares)
        found[0].reps = {rep: (arms[_TREATED], arms[_HELD]) for rep, arms in pairs.items()}
        return found[0]

    def days(self, limit: int) -> list[Measured]:
        """The latest nights, newest first, without the reps."""
        d = t.lift_days
        newest = select(d.c.day).distinct().order_by(d.c.day.desc()).limit(limit)
        found: dict[str, dict[str, Any]] = {}
        for row in self._c.execute(select(d).where(d.c.day.in_(newest)).order_by(d.c.day.desc())):
            found.setdefault(row.day, {})[row.arm] = row
        return [_measured(arms) for arms in found.values()]

    def _friends(self, after: str, last: str, since: datetime) -> Mapping[str, list[datetime]]:
        """When each one's friends came, of those who became customers since then and were not reversed."""
        r = t.referrals.c
        standing = and_(r.status == ReferralStatus.CREDITED.value, r.folded.is_(None), r.decided_at >= ms(since))
        statement = select(r.advocate, r.at).where(r.advocate > after, r.advocate <= last, standing).order_by(r.at)
        return _times(self._c.execute(statement).all())

    def _asks(self, after: str, last: str, since: datetime) -> Mapping[str, list[Ask]]:
        n = t.nudges.c
        said = and_(n.purpose == Purpose.ASK.value, n.decision == "send", n.sent_at >= ms(since))
        statement = select(n.person, n.sent_at, n.why, n.channel).where(n.person > after, n.person <= last, said)
        found: defaultdict[str, list[Ask]] = defaultdict(list)
        for person, sent_at, why, channel in self._c.execute(statement.order_by(n.sent_at)):
            found[person].append(Ask(at=at(sent_at), own=why == OWN and channel == Route.REP.value))
        return found

    def _left(self, after: str, last: str) -> Mapping[str, datetime]:
        """Who has left every rep they ever added, and when the last of them."""
        c = t.contacts.c
        statement = (
            select(c.person, func.max(c.left_at))
            .where(c.person > after, c.person <= last)
            .group_by(c.person)
            .having(func.count() == func.count(c.left_at))
        )
        return {person: at(left) for person, left in self._c.execute(statement)}


def _times(rows: Sequence[Any]) -> Mapping[str, list[datetime]]:
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for person, moment in rows:
        found[person].append(at(moment))
    return found


def _observed(
    row: Any, since: datetime, friends: Sequence[datetime], asks: Sequence[Ask], left: datetime | None
) -> Observed:
    withdrawn = row.consent == Permission.WITHDRAWN.value and row.consent_at is not None
    return Observed(
        held=bool(row.holdout),
        rep=row.rep or "",
        customer_since=at(row.customer_since),
        friends=friends,
        asks=asks,
        past=row.past_referrals or 0,
        came_by=bool(row.came_by),
        opted_out=withdrawn and row.consent_at >= ms(since),
        left=left is not None and left >= since,
        bought_at=at(row.last_order_at),
    )


def _arm_row(arm: Arm) -> dict[str, Any]:
    known = arm.brought
    sums = {
        "customers": known.outcome.n,
        "total": known.outcome.total,
        "squares": known.outcome.squares,
        "past": known.before.total,
        "past_squares": known.before.squares,
        "product": known.product,
    }
    return sums | {name: getattr(arm, name) for name in _COUNTS}


def _arm(row: Any) -> Arm:
    brought = Crossed(
        outcome=Sums(n=row.customers, total=row.total, squares=row.squares),
        before=Sums(n=row.customers, total=row.past, squares=row.past_squares),
        product=row.product,
    )
    return Arm(brought=brought, **{name: getattr(row, name) for name in _COUNTS})


def _measured(arms: Mapping[str, Any]) -> Measured:
    treated, held = arms[_TREATED], arms[_HELD]
    return Measured(at=at(treated.at), since=at(treated.since), treated=_arm(treated), held=_arm(held))


def _rep_rows(rep: str, pair: tuple[Sums, Sums]) -> list[dict[str, Any]]:
    named = zip((_TREATED, _HELD), pair, strict=True)
    return [
        {"rep": rep, "arm": arm, "customers": sums.n, "total": sums.total, "squares": sums.squares}
        for arm, sums in named
    ]
