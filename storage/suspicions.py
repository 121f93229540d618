"""Suspicions, the acts on record that they come from, and the rates that were learned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, or_, select, update

from referral.attribution import LATE_CLAIM
from referral.fraud import PRIOR, Act, Rates, Sign, Spread
from referral.shares import ShareLevel
from referral.suspicions import Suspicion, SuspicionState
from referral.touches import TouchKind
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import put

_RATES = "fraud.rates"
"""The mark that keeps what was learned."""

_s, _r, _o = t.suspicions.c, t.referrals.c, t.orders.c
_friends, _advocates = t.devices.alias("friends"), t.devices.alias("advocates")
_met, _own = t.touches.alias("met"), t.touches.alias("own")


def _has_device(person: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(t.devices.c.person == person)


def _share_device(friend: ColumnElement[str], advocate: ColumnElement[str]) -> ColumnElement[bool]:
    same = _friends.c.device == _advocates.c.device
    return exists().where(same, _friends.c.person == friend, _advocates.c.person == advocate)


_ONE = PreparedSelect(select(t.suspicions).where(_s.referral == bindparam("which")))
_OPEN = PreparedSelect(
    select(_s.referral).where(_s.referral == bindparam("which"), _s.state == SuspicionState.OPEN.value)
)
_AFFIRMED = or_(_s.state == SuspicionState.OPEN.value, _s.state == SuspicionState.CONFIRMED.value)
_ODD = PreparedSelect(
    select(
        or_(
            _share_device(bindparam("friend"), bindparam("advocate")),
            exists().where(_s.advocate == bindparam("advocate"), _AFFIRMED),
        ).label("odd")
    )
)
_ACTS = (
    select(
        _r.id,
        _r.code,
        _r.advocate,
        _r.friend,
        _r.method,
        _o.paid_at,
        or_(_o.cancelled, and_(_o.amount_fen > 0, 2 * _o.refunded_fen >= _o.amount_fen)).label("refunded"),
        _met.c.kind,
        _met.c.at.label("met_at"),
        t.shares.c.first_at.label("prepared_at"),
        and_(_has_device(_r.friend), _has_device(_r.advocate)).label("devices_known"),
        _share_device(_r.friend, _r.advocate).label("shared_device"),
        exists()
        .where(_own.c.friend == _r.advocate, _own.c.advocate == _r.advocate, _own.c.kind != TouchKind.VIEW.value)
        .label("own_code"),
        _s.state,
    )
    .join(t.orders, _o.id == _r.order)
    .outerjoin(_met, _met.c.id == _r.touch)
    .outerjoin(t.shares, and_(t.shares.c.code == _r.code, t.shares.c.level == ShareLevel.PREPARED.value))
    .outerjoin(t.suspicions, _s.referral == _r.id)
    .where(_r.folded.is_(None))
    .order_by(_r.id)
)


class SuspicionsTable:
    """`referral.suspicions.Suspicions` over a connection, and what staff and the night read."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, referral: str) -> Suspicion | None:
        row = _ONE.first(self._c, {"which": referral})
        return _suspicion(row) if row else None

    def of_advocate(self, advocate: str) -> list[Suspicion]:
        return self._where(_s.advocate == advocate)

    def waiting(self) -> list[Suspicion]:
        """Those that somebody must look at, the oldest first."""
        return self._where(_s.state == SuspicionState.OPEN.value)

    def all(self) -> list[Suspicion]:
        """Every one, the oldest first."""
        return self._where()

    def save(self, suspicion: Suspicion) -> None:
        """Keep one, or what has become of it."""
        put(
            self._c,
            t.suspicions,
            "referral",
            referral=suspicion.referral,
            advocate=suspicion.advocate,
            friend=suspicion.friend,
            code=suspicion.code,
            chance=suspicion.chance,
            evidence=" ".join(suspicion.evidence),
            state=suspicion.state.value,
            at=ms(suspicion.at),
            weighed_at=ms(suspicion.weighed_at),
            decided_by=suspicion.decided_by,
            decided_at=ms(suspicion.decided_at),
            note=suspicion.note,
        )

    def is_open(self, referral: str) -> bool:
        return _OPEN.first(self._c, {"which": referral}) is not None

    def count_open(self) -> int:
        statement = select(func.count()).select_from(t.suspicions).where(_s.state == SuspicionState.OPEN.value)
        return self._c.execute(statement).scalar_one()

    def open_of(self, advocate: str) -> int:
        """How many acts that this advocate brought wait for a person."""
        return len(self._which(_s.advocate == advocate, _s.state == SuspicionState.OPEN.value))

    def doubted(self, advocate: str) -> set[str]:
        """The referrals of this advocate that wait for a person, or that one has found to be made up."""
        return self._which(_s.advocate == advocate, _AFFIRMED)

    def lay_aside(self, referral: str) -> None:
        """Nothing is left to be decided about it: what was found stays on record."""
        waits = (_s.referral == referral, _s.state == SuspicionState.OPEN.value)
        self._c.execute(update(t.suspicions).where(*waits).values(state=SuspicionState.NOTED.value))

    def looks_odd(self, advocate: str, friend: str) -> bool:
        """Whether the two share a device, or the advocate is suspected already."""
        return bool(_ODD.scalar(self._c, {"advocate": advocate, "friend": friend}))

    def acts_of(self, advocate: str) -> list[Act]:
        return self._acts(_ACTS.where(_r.advocate == advocate))

    def acts_after(self, referral: str, since: datetime, limit: int) -> list[Act]:
        """The next acts behind a referral, in the order of its id, that were decided since a time."""
        return self._acts(_ACTS.where(_r.id > referral, _r.decided_at >= ms(since)).limit(limit))

    def known_among(self, referrals: Sequence[str]) -> set[str]:
        """Those of these of which something is kept."""
        return self._which(_s.referral.in_(referrals))

    def rates(self) -> Rates:
        kept = self._c.execute(select(t.marks.c.value).where(t.marks.c.key == _RATES)).scalar()
        return _rates(json.loads(kept)) if kept else PRIOR

    def keep_rates(self, rates: Rates) -> None:
        put(self._c, t.marks, "key", key=_RATES, value=json.dumps(asdict(rates)))

    def _which(self, *where: ColumnElement[bool]) -> set[str]:
        return set(self._c.execute(select(_s.referral).where(*where)).scalars())

    def _where(self, *where: ColumnElement[bool]) -> list[Suspicion]:
        rows = self._c.execute(select(t.suspicions).where(*where).order_by(_s.at, _s.referral))
        return [_suspicion(row) for row in rows]

    def _acts(self, statement: Select[Any]) -> list[Act]:
        return [_act(row) for row in self._c.execute(statement)]


def _suspicion(row: Any) -> Suspicion:
    return Suspicion(
        referral=row.referral,
        advocate=row.advocate,
        friend=row.friend,
        code=row.code,
        chance=row.chance,
        evidence=tuple(Sign(code) for code in row.evidence.split()),
        state=SuspicionState(row.state),
        at=at(row.at),
        weighed_at=at(row.weighed_at),
        decided_by=row.decided_by,
        decided_at=at(row.decided_at),
        note=row.note,
    )


def _act(row: Any) -> Act:
    met = row.kind not in (None, TouchKind.ORDER.value) and row.method != LATE_CLAIM
    return Act(
        referral=row.id,
        code=row.code,
        advocate=row.advocate,
        friend=row.friend,
        paid_at=at(row.paid_at),
        prepared_at=at(row.prepared_at),
        met_at=at(row.met_at) if met else None,
        shared_device=bool(row.shared_device) if row.devices_known else None,
        refunded=bool(row.refunded),
        own_code=bool(row.own_code),
        decided=_DECIDED.get(row.state),
    )


_DECIDED = {SuspicionState.CONFIRMED.value: True, SuspicionState.CLEARED.value: False}


def _rates(kept: dict[str, Any]) -> Rates:
    """As they were kept; the prior where a former version knew other signs."""
    if len(kept["genuine"]) != len(PRIOR.genuine):
        return PRIOR
    spreads = {name: Spread(**kept[name]) for name in ("takes", "takes_fake")}
    return Rates(**{**kept, **spreads, "genuine": tuple(kept["genuine"]), "fake": tuple(kept["fake"])})
