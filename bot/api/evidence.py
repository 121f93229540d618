"""`/shares` and `/touches`: how codes were passed on, and how friends met them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from bot.api.operations import Asked, Operation
from bot.api.people import known_id
from bot.api.shapes import CampaignId, CodeText, Page, PageQuery, PersonId, TouchId, beijing, page
from referral.codes import is_valid
from referral.errors import NotFound
from referral.ids import is_id
from referral.shares import ShareLevel
from storage import listings
from storage import tables as t
from storage.transaction import Transaction

Level = Literal["prepared", "declared", "sent_for", "seen", "added", "bought"]
Kind = Literal["view", "add", "code", "order", "claim"]


class Share(Struct, frozen=True, kw_only=True):
    """A level that a code has reached: evidence of its being passed on, never a reason to reward."""

    person: PersonId
    campaign: CampaignId
    code: CodeText
    channel: str
    level: Level
    first_at: datetime
    evidence: str


class ShareQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which shares."""

    campaign: CampaignId | UnsetType = UNSET
    person: PersonId | UnsetType = UNSET
    code: CodeText | UnsetType = UNSET
    level: Level | UnsetType = UNSET


class Touch(Struct, frozen=True, kw_only=True):
    """A contact between a code and a friend; no friend is named while only a device is known."""

    id: TouchId
    campaign: CampaignId
    code: CodeText
    advocate: PersonId
    friend: PersonId | None
    kind: Kind
    channel: str
    at: datetime
    arrived_at: datetime


class TouchQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which touches; `person` is the friend."""

    campaign: CampaignId | UnsetType = UNSET
    person: PersonId | UnsetType = UNSET
    code: CodeText | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET


def _shares(tx: Transaction, asked: Asked) -> Page[Share]:
    query: ShareQuery = asked.query
    person = known_id(tx, query.person)
    where = {"campaign": query.campaign, "person": person, "code": query.code, "level": query.level}
    return page(tx, listings.SHARES, query, where, _share)


def _one_share(tx: Transaction, asked: Asked) -> Share:
    code, level = asked.path["code"], asked.path["level"]
    row = None
    if is_valid(code) and level in set(ShareLevel):
        row = listings.one(tx, listings.SHARES, t.shares.c.code == code, t.shares.c.level == level)
    if row is None:
        raise NotFound("没有这条传播记录")
    return _share(row)


def _share(row: Any) -> Share:
    return Share(
        person=row.person,
        campaign=row.campaign,
        code=row.code,
        channel=row.channel,
        level=row.level,
        first_at=beijing(row.first_at),
        evidence=row.evidence,
    )


def _touches(tx: Transaction, asked: Asked) -> Page[Touch]:
    query: TouchQuery = asked.query
    friend = known_id(tx, query.person)
    where = {"campaign": query.campaign, "friend": friend, "code": query.code, "kind": query.kind}
    return page(tx, listings.TOUCHES, query, where, _touch)


def _one_touch(tx: Transaction, asked: Asked) -> Touch:
    touch = asked.path["id"]
    row = listings.one(tx, listings.TOUCHES, t.touches.c.id == touch) if is_id(touch, "t") else None
    if row is None:
        raise NotFound("没有这次接触")
    return _touch(row)


def _touch(row: Any) -> Touch:
    return Touch(
        id=row.id,
        campaign=row.campaign,
        code=row.code,
        advocate=row.advocate,
        friend=row.friend,
        kind=row.kind,
        channel=row.channel,
        at=beijing(row.at),
        arrived_at=beijing(row.arrived_at),
    )


_NOON = datetime.fromisoformat("2026-11-23T12:00:00+08:00")
_SHARE = Share(
    person="p0123456789abcdef",
    campaign="c0123456789abcdef",
    code="0000000A",
    channel="",
    level="seen",
    first_at=_NOON,
    evidence="view",
)
_TOUCH = Touch(
    id="t0123456789abcdef",
    campaign="c0123456789abcdef",
    code="0000000A",
    advocate="p0123456789abcdef",
    friend="p123456789abcdef0",
    kind="add",
    channel="",
    at=_NOON,
    arrived_at=_NOON,
)

SHARES = (
    Operation(
        name="listShares",
        method="GET",
        path="/shares",
        scope="shares:read",
        summary="Levels that codes have reached.",
        run=_shares,
        query=ShareQuery,
        answer=Page[Share],
        example=Page([_SHARE], None),
    ),
    Operation(
        name="getShare",
        method="GET",
        path="/shares/{code}/{level}",
        parts={"code": CodeText, "level": Level},
        scope="shares:read",
        summary="Whether and when a code reached a level.",
        run=_one_share,
        answer=Share,
        example=_SHARE,
        refuses=(404,),
    ),
)
TOUCHES = (
    Operation(
        name="listTouches",
        method="GET",
        path="/touches",
        scope="touches:read",
        summary="All touches, in the order in which we learned of them.",
        run=_touches,
        query=TouchQuery,
        answer=Page[Touch],
        example=Page([_TOUCH], None),
    ),
    Operation(
        name="getTouch",
        method="GET",
        path="/touches/{id}",
        parts={"id": TouchId},
        scope="touches:read",
        summary="One touch.",
        run=_one_touch,
        answer=Touch,
        example=_TOUCH,
        refuses=(404,),
    ),
)
