"""Referrals."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from referral.referrals import Disclosure, Referral, ReferralStatus
from storage import tables as t
from storage.prepared import PreparedChange, PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_row

_r = t.referrals.c
_ALL = select(t.referrals).order_by(_r.at, _r.id)
_STANDING = _ALL.where(_r.folded.is_(None))
_ONE = PreparedSelect(_ALL.where(_r.id == bindparam("which")))
_OF_BOTH = PreparedSelect(_STANDING.where(_r.campaign == bindparam("what"), _r.friend == bindparam("who")))
_OF_FRIEND = PreparedSelect(_STANDING.where(_r.friend == bindparam("who")))
_OF_ADVOCATE = PreparedSelect(_STANDING.where(_r.advocate == bindparam("who")))


class ReferralsTable:
    """`referral.referrals.Referrals` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, referral: str) -> Referral | None:
        return next(iter(self._found(_ONE, which=referral)), None)

    def find(self, campaign: str, friend: str) -> Referral | None:
        return next(iter(self._found(_OF_BOTH, what=campaign, who=friend)), None)

    def of_friend(self, friend: str) -> list[Referral]:
        return self._found(_OF_FRIEND, who=friend)

    def of_advocate(self, advocate: str) -> list[Referral]:
        return self._found(_OF_ADVOCATE, who=advocate)

    def save(self, referral: Referral) -> None:
        """Change what is another in the row, or make it: each column set has its indexes and references gone through.

        One statement for both would have SQLite look through every order for one that names the new row.
        """
        values = {
            "campaign": referral.campaign,
            "friend": referral.friend,
            "advocate": referral.advocate,
            "code": referral.code,
            "touch": referral.touch,
            "version": referral.version,
            "method": referral.method,
            "status": referral.status.value,
            "reason": referral.reason,
            "disclosed": referral.disclosed.value,
            "at": ms(referral.at),
            "decided_at": ms(referral.decided_at),
            "order": referral.order,
        }
        known = _ONE.first(self._c, {"which": referral.id})
        if known is None:
            insert_row(self._c, t.referrals, id=referral.id, **values)
        elif changed := tuple(name for name, value in values.items() if getattr(known, name) != value):
            _setting(changed).run(self._c, {"which": referral.id, **values})

    def decide(self, referral: str, status: ReferralStatus, reason: str, now: datetime) -> None:
        self._set(referral, status=status.value, reason=reason, decided_at=ms(now))

    def disclose(self, referral: str, disclosed: Disclosure) -> None:
        self._set(referral, disclosed=disclosed.value)

    def _set(self, referral: str, **values: Any) -> None:
        self._c.execute(update(t.referrals).where(t.referrals.c.id == referral).values(**values))

    def _found(self, query: PreparedSelect, **values: str) -> list[Referral]:
        return [_referral(row) for row in query.all(self._c, values)]


@lru_cache(maxsize=64)
def _setting(names: tuple[str, ...]) -> PreparedChange:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return PreparedChange(update(t.referrals).where(_r.id == bindparam("which")).values(values))


def _referral(row: Any) -> Referral:
    return Referral(
        id=row.id,
        campaign=row.campaign,
        friend=row.friend,
        advocate=row.advocate,
        code=row.code,
        touch=row.touch,
        version=row.version,
        method=row.method,
        status=ReferralStatus(row.status),
        reason=row.reason,
        at=at(row.at),
        disclosed=Disclosure(row.disclosed),
        decided_at=at(row.decided_at),
        order=row.order,
    )
