"""Coupons: one row per code, taken by one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, or_, select, update

from referral.coupons import Coupon
from referral.rewards import RewardState
from storage import tables as t
from storage.times import at, ms

_TIMES = ("added_at", "given_at", "used_at", "void_at")
_FIELDS = tuple(field.name for field in fields(Coupon))
_AT_ONCE = 500  # codes looked for in one statement

_c = t.coupons.c


class CouponsTable:
    """`referral.coupons.Coupons` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, coupons: Sequence[Coupon]) -> None:
        if coupons:
            self._c.execute(insert(t.coupons), [_values(coupon) for coupon in coupons])

    def taken(self, pool: str, codes: Sequence[str]) -> set[str]:
        """Which of these codes the pool has had before."""
        found: set[str] = set()
        for start in range(0, len(codes), _AT_ONCE):
            some = select(_c.code).where(_c.pool == pool, _c.code.in_(codes[start : start + _AT_ONCE]))
            found.update(self._c.execute(some).scalars())
        return found

    def elsewhere(self, pool: str, codes: Sequence[str]) -> dict[str, str]:
        """Which of these codes another pool has, and which pool: of several the first by name."""
        found: dict[str, str] = {}
        for start in range(0, len(codes), _AT_ONCE):
            where = (_c.pool != pool, _c.code.in_(codes[start : start + _AT_ONCE]))
            some = select(_c.code, func.min(_c.pool)).where(*where).group_by(_c.code)
            found.update((code, other) for code, other in self._c.execute(some))
        return found

    def claim(self, pool: str, reward: str, now: datetime) -> Coupon | None:
        """Give the pool's oldest free code to a thanks, in one statement; those who ask at once skip each other's."""
        free = (
            select(_c.row)
            .where(_c.pool == pool, _c.reward.is_(None))
            .order_by(_c.row)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        statement = (
            update(t.coupons)
            .where(_c.row == free, _c.reward.is_(None))
            .values(reward=reward, given_at=ms(now))
            .returning(t.coupons)
        )
        row = self._c.execute(statement).first()
        return _coupon(row) if row else None

    def of_reward(self, reward: str) -> Coupon | None:
        return next(iter(self._where(_c.reward == reward)), None)

    def of_token(self, token: str) -> Coupon | None:
        return next(iter(self._where(_c.token == token)), None)

    def of_code(self, code: str) -> list[Coupon]:
        """Those given to somebody that read so, in whichever pool."""
        return self._where(_c.code == code, _c.reward.is_not(None))

    def like(self, code: str) -> list[Coupon]:
        """Those given to somebody that read so but for capitals and hyphens. It looks through all of them."""
        alike = func.upper(func.replace(_c.code, "-", "")) == func.upper(code)
        return self._where(alike, _c.reward.is_not(None))

    def use(self, coupon: str, by: str, shop: str, now: datetime) -> bool:
        """Take a coupon; False where it was used or called back before."""
        where = (_c.id == coupon, _c.used_at.is_(None), _c.void_at.is_(None))
        changed = update(t.coupons).where(*where).values(used_at=ms(now), used_by=by, shop=shop)
        return self._c.execute(changed).rowcount == 1

    def void(self, reward: str, now: datetime) -> bool:
        """Call a thanks' coupon back; False where it was used. A thanks without one has nothing to call back."""
        where = (_c.reward == reward, _c.used_at.is_(None))
        self._c.execute(update(t.coupons).where(*where, _c.void_at.is_(None)).values(void_at=ms(now)))
        return not self._where(_c.reward == reward, _c.used_at.is_not(None))

    def counts(self, now: datetime) -> dict[str, Mapping[str, int]]:
        """How many codes of each pool are left, given, used, expired and void."""
        r = t.rewards.c
        over = or_(r.state == RewardState.EXPIRED.value, and_(r.state == "granted", r.expires_at <= ms(now)))
        stands = case(
            (_c.reward.is_(None), "left"),
            (_c.used_at.is_not(None), "used"),
            (over, "expired"),
            (_c.void_at.is_not(None), "void"),
            else_="given",
        ).label("stands")
        joined = t.coupons.outerjoin(t.rewards, r.id == _c.reward)
        statement = select(_c.pool, stands, func.count()).select_from(joined).group_by(_c.pool, stands)
        found: dict[str, dict[str, int]] = {}
        for pool, state, count in self._c.execute(statement):
            found.setdefault(pool, {})[state] = count
        return dict(found)

    def _where(self, *where: ColumnElement[bool]) -> list[Coupon]:
        return [_coupon(row) for row in self._c.execute(select(t.coupons).where(*where).order_by(_c.row))]


def _values(coupon: Coupon) -> dict[str, Any]:
    values = {name: getattr(coupon, name) for name in _FIELDS}
    return values | {name: ms(values[name]) for name in _TIMES}


def _coupon(row: Any) -> Coupon:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Coupon(**{**values, **{name: at(values[name]) for name in _TIMES}})
