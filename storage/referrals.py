"""Referrals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from referral.referrals import Disclosure, Referral, ReferralStatus
from storage import tables as t
from storage.times import at, ms
from storage.upsert import put


class ReferralsTable:
    """`referral.referrals.Referrals` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, referral: str) -> Referral | None:
        return next(iter(self._where(t.referrals.c.id == referral)), None)

    def find(self, campaign: str, friend: str) -> Referral | None:
        where = (t.referrals.c.campaign == campaign, t.referrals.c.friend == friend, t.referrals.c.folded.is_(None))
        return next(iter(self._where(*where)), None)

    def of_friend(self, friend: str) -> list[Referral]:
        return self._where(t.referrals.c.friend == friend, t.referrals.c.folded.is_(None))

    def of_advocate(self, advocate: str) -> list[Referral]:
        return self._where(t.referrals.c.advocate == advocate, t.referrals.c.folded.is_(None))

    def save(self, referral: Referral) -> None:
        put(
            self._c,
            t.referrals,
            "id",
            id=referral.id,
            campaign=referral.campaign,
            friend=referral.friend,
            advocate=referral.advocate,
            code=referral.code,
            touch=referral.touch,
            version=referral.version,
            method=referral.method,
            status=referral.status.value,
            reason=referral.reason,
            disclosed=referral.disclosed.value,
            at=ms(referral.at),
            decided_at=ms(referral.decided_at),
            order=referral.order,
        )

    def decide(self, referral: str, status: ReferralStatus, reason: str, now: datetime) -> None:
        self._set(referral, status=status.value, reason=reason, decided_at=ms(now))

    def disclose(self, referral: str, disclosed: Disclosure) -> None:
        self._set(referral, disclosed=disclosed.value)

    def _set(self, referral: str, **values: Any) -> None:
        self._c.execute(update(t.referrals).where(t.referrals.c.id == referral).values(**values))

    def _where(self, *where: ColumnElement[bool]) -> list[Referral]:
        statement = select(t.referrals).where(*where).order_by(t.referrals.c.at, t.referrals.c.id)
        return [_referral(row) for row in self._c.execute(statement)]


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
