"""`/approvals`, and what staff decide about thanks: approve, refuse, adjust by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.adjusting import LONGEST_SAYS
from bot.api import rewards
from bot.api.operations import Asked, Operation
from bot.api.people import Named
from bot.api.rewards import Reward
from bot.api.shapes import CampaignId, Colleague, Page, PageQuery, Reason, RewardId, page
from bot.thanking import Thanking, approval_as_json
from referral.errors import NotFound
from referral.ids import is_id
from referral.terms import MOST_PRIZE_FEN
from storage import listings
from storage.transaction import Transaction


class Approval(Struct, frozen=True, kw_only=True):
    """That somebody must say yes to a thanks: by its rules (`confirm`, `amount`, asked by `rule`), or because a member
    of staff asked for it by hand (`manual`), who may not be the one to answer."""

    why: Literal["confirm", "amount", "manual"]
    asked_by: str
    asked_at: datetime
    answer: Literal["approved", "refused"] | None
    answered_by: str | None
    answered_at: datetime | None


class Decided(Struct, frozen=True, kw_only=True):
    """A thanks, in words too, and the yes that it needs."""

    reward: Reward
    what: str
    note: str
    approval: Approval | None


class ApprovalQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of those that wait."""

    campaign: CampaignId | UnsetType = UNSET


class RewardApproved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who says yes."""

    by: Colleague


class RewardRefused(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who says no, and why."""

    by: Colleague
    reason: Reason


class RewardWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something owed by decision. Cost, words and `value` are those of the campaign for this kind where left out."""

    person: Named
    campaign: CampaignId
    kind: Literal["cash", "points", "coupon", "days", "privilege", "gift", "tier"]
    unit: Literal["fen", "points", "days", "pieces"]
    amount: Annotated[int, Meta(ge=1, le=10_000_000)]
    reason: Reason
    by: Colleague
    cost_fen: Annotated[int, Meta(ge=0, le=MOST_PRIZE_FEN, description="What it costs the company.")] | None = None
    says: Annotated[str, Meta(min_length=1, max_length=LONGEST_SAYS)] | None = None
    value: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$")] | None = None


def _list(tx: Transaction, asked: Asked) -> Page[Decided]:
    query: ApprovalQuery = asked.query
    return page(tx, listings.APPROVALS, query, {"campaign": query.campaign}, lambda row: _shown(tx, row.reward, asked))


def _approve(tx: Transaction, asked: Asked) -> Decided:
    wanted: RewardApproved = asked.body
    _thanking(asked).approving(_known(asked.path["id"]), wanted.by)(tx)
    return _shown(tx, asked.path["id"], asked)


def _refuse(tx: Transaction, asked: Asked) -> Decided:
    wanted: RewardRefused = asked.body
    _thanking(asked).refusing(_known(asked.path["id"]), wanted.reason, wanted.by)(tx)
    return _shown(tx, asked.path["id"], asked)


def _adjust(tx: Transaction, asked: Asked) -> Decided:
    wanted: dict[str, Any] = msgspec.structs.asdict(asked.body)
    made = _thanking(asked).adjusting(wanted, wanted["by"])(tx)
    return _shown(tx, made["id"], asked)


def _thanking(asked: Asked) -> Thanking:
    return asked.office.on_behalf_of(asked.key).thanking


def _known(reward: str) -> str:
    if not is_id(reward, "w"):
        raise NotFound("没有这份谢礼")
    return reward


def _shown(tx: Transaction, reward_id: str, asked: Asked) -> Decided:
    found = tx.rewards.get(reward_id)
    assert found
    return Decided(
        reward=rewards.shown(tx, reward_id, asked.office),
        what=asked.office.facts.words.thanks(found.form),
        note=found.note,
        approval=msgspec.convert(approval_as_json(tx.rewards.approval(reward_id)), Approval | None),
    )


_EXAMPLE = Decided(
    reward=rewards.EXAMPLE,
    what="30天会员",
    note="",
    approval=Approval(
        why="amount",
        asked_by="rule",
        asked_at=datetime.fromisoformat("2026-11-25T12:00:00+08:00"),
        answer=None,
        answered_by=None,
        answered_at=None,
    ),
)


def _answered(answer: Literal["approved", "refused"]) -> Decided:
    assert _EXAMPLE.approval
    at = datetime.fromisoformat("2026-11-26T09:00:00+08:00")
    said = msgspec.structs.replace(_EXAMPLE.approval, answer=answer, answered_by="周经理", answered_at=at)
    return msgspec.structs.replace(_EXAMPLE, approval=said)


OPERATIONS = (
    Operation(
        name="listApprovals",
        method="GET",
        path="/approvals",
        scope="rewards:read",
        summary="Thanks that wait for somebody's yes.",
        run=_list,
        query=ApprovalQuery,
        answer=Page[Decided],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="adjustReward",
        method="POST",
        path="/rewards",
        scope="rewards:write",
        summary="Owe a person something by decision; it is held until a second member of staff approves.",
        run=_adjust,
        body=RewardWanted,
        body_example=RewardWanted(
            person="crm:42",
            campaign="c0123456789abcdef",
            kind="days",
            unit="days",
            amount=30,
            reason="系统故障那天漏记的",
            by="林顾问",
        ),
        answer=Decided,
        example=_EXAMPLE,
        status=201,
        refuses=(404, 409),
    ),
    Operation(
        name="approveReward",
        method="POST",
        path="/rewards/{id}/approve",
        parts={"id": RewardId},
        scope="approvals:write",
        summary="Say yes to a thanks that waits for it; whoever asked for it may not.",
        run=_approve,
        body=RewardApproved,
        body_example=RewardApproved(by="周经理"),
        answer=Decided,
        example=_answered("approved"),
        refuses=(404, 409),
    ),
    Operation(
        name="refuseReward",
        method="POST",
        path="/rewards/{id}/refuse",
        parts={"id": RewardId},
        scope="approvals:write",
        summary="Say no to a thanks that waits; where both sides hang together both end.",
        run=_refuse,
        body=RewardRefused,
        body_example=RewardRefused(by="周经理", reason="同一家人，重复了"),
        answer=Decided,
        example=_answered("refused"),
        refuses=(404, 409),
    ),
)
