"""`/rewards`: what is owed to whom, and how it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from bot.api.operations import Asked, Office, Operation
from bot.api.people import known_id
from bot.api.shapes import CampaignId, Page, PageQuery, PersonId, ReferralId, RewardId, Why, beijing, page
from referral.errors import NotFound
from referral.ids import is_id
from storage import listings
from storage import tables as t
from storage.transaction import Transaction

State = Literal["held", "approved", "granted", "reversed", "rejected", "expired"]


class Reward(Struct, frozen=True, kw_only=True):
    """One thanks. `amount` is in `unit`; `order` is `SOURCE/ORDER_NO` of the order that it follows from."""

    id: RewardId
    campaign: CampaignId
    referral: ReferralId | None
    person: PersonId
    side: Literal["advocate", "friend"]
    kind: Literal["cash", "points", "coupon", "days", "privilege", "gift", "tier"]
    unit: Literal["fen", "points", "days", "pieces"]
    amount: int
    value: str
    tax_class: str
    state: State
    reason: Why
    order: str | None
    story: str | None
    held_at: datetime | None
    due_at: datetime | None
    granted_at: datetime | None
    reversed_at: datetime | None
    expires_at: datetime | None


class RewardQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rewards; `person` is who gets it."""

    campaign: CampaignId | UnsetType = UNSET
    person: PersonId | UnsetType = UNSET
    referral: ReferralId | UnsetType = UNSET
    state: State | UnsetType = UNSET


def _list(tx: Transaction, asked: Asked) -> Page[Reward]:
    query: RewardQuery = asked.query
    where = {
        "campaign": query.campaign,
        "person": known_id(tx, query.person),
        "referral": query.referral,
        "state": query.state,
    }
    return page(tx, listings.REWARDS, query, where, lambda row: _reward(asked.office, row))


def _one(tx: Transaction, asked: Asked) -> Reward:
    return shown(tx, asked.path["id"], asked.office)


def shown(tx: Transaction, reward: str, office: Office) -> Reward:
    """One thanks. Raises `NotFound`."""
    row = listings.one(tx, listings.REWARDS, t.rewards.c.id == reward) if is_id(reward, "w") else None
    if row is None:
        raise NotFound("没有这份谢礼")
    return _reward(office, row)


def _reward(office: Office, row: Any) -> Reward:
    return Reward(
        id=row.id,
        campaign=row.campaign,
        referral=row.referral,
        person=row.person,
        side=row.side,
        kind=row.kind,
        unit=row.unit,
        amount=row.amount,
        value=row.value,
        tax_class=row.tax_class,
        state=row.state,
        reason=Why(row.reason, office.reason(row.reason)),
        order=f"{row.source}/{row.order_no}" if row.order else None,
        story=row.story,
        held_at=beijing(row.held_at),
        due_at=beijing(row.due_at),
        granted_at=beijing(row.granted_at),
        reversed_at=beijing(row.reversed_at),
        expires_at=beijing(row.expires_at),
    )


EXAMPLE = Reward(
    id="w0123456789abcdef",
    campaign="c0123456789abcdef",
    referral="r0123456789abcdef",
    person="p0123456789abcdef",
    side="advocate",
    kind="days",
    unit="days",
    amount=30,
    value="",
    tax_class="none",
    state="held",
    reason=Why("hold.running", "退款期还没有过"),
    order="shop/A1",
    story=None,
    held_at=datetime.fromisoformat("2026-11-25T12:00:00+08:00"),
    due_at=datetime.fromisoformat("2026-12-10T12:00:00+08:00"),
    granted_at=None,
    reversed_at=None,
    expires_at=None,
)

OPERATIONS = (
    Operation(
        name="listRewards",
        method="GET",
        path="/rewards",
        scope="rewards:read",
        summary="All rewards.",
        run=_list,
        query=RewardQuery,
        answer=Page[Reward],
        example=Page([EXAMPLE], None),
    ),
    Operation(
        name="getReward",
        method="GET",
        path="/rewards/{id}",
        parts={"id": RewardId},
        scope="rewards:read",
        summary="One reward.",
        run=_one,
        answer=Reward,
        example=EXAMPLE,
        refuses=(404,),
    ),
)
