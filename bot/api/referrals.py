"""`/referrals`: that a friend came through an advocate, and what was decided about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from bot.api.operations import Asked, Office, Operation
from bot.api.people import known_id
from bot.api.shapes import CampaignId, CodeText, Page, PageQuery, PersonId, ReferralId, Why, beijing, page
from referral.errors import NotFound
from referral.ids import is_id
from storage import listings
from storage import tables as t
from storage.transaction import Transaction

Status = Literal["pending", "unmatched", "credited", "rejected", "reversed"]


class Referral(Struct, frozen=True, kw_only=True):
    """One friend in one campaign; `at` is the touch that counts."""

    id: ReferralId
    campaign: CampaignId
    advocate: PersonId
    friend: PersonId
    code: CodeText
    method: str
    status: Status
    reason: Why
    at: datetime
    decided_at: datetime | None


class ReferralQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which referrals; `person` is either side."""

    campaign: CampaignId | UnsetType = UNSET
    person: PersonId | UnsetType = UNSET
    advocate: PersonId | UnsetType = UNSET
    friend: PersonId | UnsetType = UNSET
    status: Status | UnsetType = UNSET


def _list(tx: Transaction, asked: Asked) -> Page[Referral]:
    query: ReferralQuery = asked.query
    where = {
        "campaign": query.campaign,
        "person": known_id(tx, query.person),
        "advocate": known_id(tx, query.advocate),
        "friend": known_id(tx, query.friend),
        "status": query.status,
    }
    return page(tx, listings.REFERRALS, query, where, lambda row: _referral(asked.office, row))


def _one(tx: Transaction, asked: Asked) -> Referral:
    referral = asked.path["id"]
    row = listings.one(tx, listings.REFERRALS, t.referrals.c.id == referral) if is_id(referral, "r") else None
    if row is None:
        raise NotFound("没有这次推荐")
    return _referral(asked.office, row)


def _referral(office: Office, row: Any) -> Referral:
    return Referral(
        id=row.id,
        campaign=row.campaign,
        advocate=row.advocate,
        friend=row.friend,
        code=row.code,
        method=row.method,
        status=row.status,
        reason=Why(row.reason, office.reason(row.reason)),
        at=beijing(row.at),
        decided_at=beijing(row.decided_at),
    )


_EXAMPLE = Referral(
    id="r0123456789abcdef",
    campaign="c0123456789abcdef",
    advocate="p0123456789abcdef",
    friend="p123456789abcdef0",
    code="0000000A",
    method="last_touch",
    status="credited",
    reason=Why("hold.running", "退款期还没有过"),
    at=datetime.fromisoformat("2026-11-23T12:00:00+08:00"),
    decided_at=datetime.fromisoformat("2026-11-25T12:00:00+08:00"),
)

OPERATIONS = (
    Operation(
        name="listReferrals",
        method="GET",
        path="/referrals",
        scope="referrals:read",
        summary="All referrals.",
        run=_list,
        query=ReferralQuery,
        answer=Page[Referral],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="getReferral",
        method="GET",
        path="/referrals/{id}",
        parts={"id": ReferralId},
        scope="referrals:read",
        summary="One referral.",
        run=_one,
        answer=Referral,
        example=_EXAMPLE,
        refuses=(404,),
    ),
)
