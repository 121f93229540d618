"""What webhooks out say: the receiver's own numbers for people, and never a phone or a name."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from referral.announcements import OF_REFERRALS, Announcement
from referral.fulfilment import Bill
from referral.identities import IdentityKind
from referral.referrals import Referral
from referral.rewards import Reward
from storage.times import iso
from storage.transaction import Transaction

APPROVED = "reward.approved"

_NAMED = {
    IdentityKind.CRM: "crm_id",
    IdentityKind.WECOM: "external_userid",
    IdentityKind.UNIONID: "unionid",
    IdentityKind.OPENID: "openid",
}


def of_bill(tx: Transaction, bill: Bill, reward: Reward) -> str:
    """The request to make a thanks real."""
    return _body(APPROVED, bill.created_at, {"bill": bill.id, **_reward(tx, reward)})


def of_announcement(tx: Transaction, announcement: Announcement) -> str | None:
    """The news of a referral or a reward; None where it is not there any more."""
    if announcement.type in OF_REFERRALS:
        referral = tx.referrals.get(announcement.ref)
        content = _referral(tx, referral, announcement) if referral else None
    else:
        reward = tx.rewards.get(announcement.ref)
        content = _reward(tx, reward) if reward else None
    return _body(announcement.type, announcement.at, content) if content else None


def _body(type_: str, at: datetime, content: dict[str, Any]) -> str:
    return json.dumps({"type": type_, "timestamp": iso(at), "data": content}, ensure_ascii=False)


def _reward(tx: Transaction, reward: Reward) -> dict[str, Any]:
    return {
        "reward": reward.id,
        "campaign": reward.campaign,
        "person": _person(tx, reward.person),
        "side": reward.side.value,
        "cause": reward.cause.value,
        "kind": reward.kind,
        "unit": reward.unit,
        "amount": reward.amount,
        "value": reward.value,
        "order": _order(tx, reward.order),
    }


def _referral(tx: Transaction, referral: Referral, news: Announcement) -> dict[str, Any]:
    """The referral as it was when the news came up: it may belong to another advocate by now."""
    about = next((touch for touch in tx.touches.of_friend(referral.friend) if touch.id == news.touch), referral)
    return {
        "referral": referral.id,
        "campaign": referral.campaign,
        "advocate": _person(tx, about.advocate),
        "friend": _person(tx, referral.friend),
        "code": about.code,
        "reason": news.reason,
        "order": _order(tx, news.order),
    }


def _person(tx: Transaction, person: str) -> dict[str, Any]:
    """Our own id, and every name that systems of the company know this person by, each kind as a list."""
    names: dict[str, Any] = {"id": person}
    for identity in sorted(tx.people.identities(person), key=str):
        if identity.kind in _NAMED:
            names.setdefault(_NAMED[identity.kind], []).append(identity.value)
    return names


def _order(tx: Transaction, order_id: str | None) -> dict[str, str] | None:
    order = tx.orders.get(order_id) if order_id else None
    return {"source": order.source, "order_no": order.order_no} if order else None
