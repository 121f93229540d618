"""The queue of orders without a buyer, as staff may see it: nothing by which a stranger could be found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from referral.identities import IdentityKind
from referral.times import days
from storage.times import iso
from storage.transaction import Transaction
from storage.unmatched import Unmatched

RATE_DAYS = 30
_DAY = timedelta(days=1)
_KINDS = {
    IdentityKind.CRM: "客户编号",
    IdentityKind.WECOM: "企业微信",
    IdentityKind.UNIONID: "unionid",
    IdentityKind.OPENID: "公众号",
    IdentityKind.PHONE: "手机号",
}


def queue_as_json(tx: Transaction, now: datetime, *, limit: int) -> dict[str, Any]:
    """How many wait, the first of them, and the match rate of the last 30 days."""
    return {
        "count": tx.unmatched.count(),
        "rate": rate_as_json(tx, now),
        "orders": [_as_json(order, now) for order in tx.unmatched.queue(limit)],
    }


def age_days(order: Unmatched, now: datetime) -> int:
    """Whole days since it was paid."""
    return max(0, (now - order.paid_at) // _DAY)


def days_left(closes_at: datetime | None, now: datetime) -> int | None:
    """Days until an order is given up, the one that has begun counted; None where nobody looks at it again."""
    return None if closes_at is None else max(0, -((now - closes_at) // _DAY))


def rate_as_json(tx: Transaction, now: datetime) -> dict[str, Any]:
    """Of the orders of the last 30 days, how many there were and how many have a buyer."""
    rate = tx.unmatched.rate(now - days(RATE_DAYS))
    return {"days": RATE_DAYS, "orders": rate.orders, "matched": rate.matched, "percent": rate.percent}


def hints(order: Unmatched) -> list[str]:
    """By what its buyer was named, masked: enough to recognise one's own customer."""
    return [_hint(IdentityKind(kind), value) for kind, value in order.buyer]


def _hint(kind: IdentityKind, value: str) -> str:
    """A phone is known by its hash only, so that nothing of it can be shown."""
    if kind is IdentityKind.PHONE:
        return _KINDS[kind]
    shown = value.rpartition("/")[2]
    masked = f"{shown[:2]}…{shown[-3:]}" if len(shown) > 8 else f"{shown[:1]}…{shown[-1:]}" if len(shown) > 2 else "…"
    return f"{_KINDS[kind]} {masked}"


def _as_json(order: Unmatched, now: datetime) -> dict[str, Any]:
    return {
        "order": f"{order.source}/{order.order_no}",
        "source": order.source,
        "kind": order.kind,
        "amount_fen": order.amount_fen,
        "paid_at": iso(order.paid_at),
        "age_days": age_days(order, now),
        "closes_at": iso(order.closes_at),
        "days_left": days_left(order.closes_at, now),
        "buyer": hints(order),
        "code": order.code,
    }
