"""`…/why`: why things stand as they do for a person, an order or a reward, as `taoli why` says it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from bot import whys
from bot.api.appeals import Appeal
from bot.api.evidence import Level
from bot.api.operations import Asked, Operation
from bot.api.shapes import OrderId, PersonId, RewardId, Why
from referral.errors import NotFound
from referral.ids import is_id
from storage.transaction import Transaction

_SCOPE = "why:read"


class Explained(Struct, frozen=True, kw_only=True):
    """How one thing stands, what is missing, what may still change it and until when, and what can be done now."""

    about: str
    state: str
    since: datetime | None
    method: str | None
    reason: Why
    missing: list[str]
    change: str | None
    until: datetime | None
    do: str | None


class WhyShare(Struct, frozen=True, kw_only=True):
    """A level that one of a person's codes has reached."""

    campaign: str
    code: str
    channel: str
    level: Level
    first_at: datetime
    evidence: str


class WhySuspicion(Struct, frozen=True, kw_only=True):
    """What speaks for an act being made up, and what a person made of it."""

    chance: float
    evidence: list[Why]
    state: str
    at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str


class WhyReferral(Struct, frozen=True, kw_only=True):
    """A referral and what was decided about it."""

    id: str
    campaign: str
    advocate: str
    friend: str
    status: str
    method: str
    reason: Why
    explained: Explained
    suspicion: WhySuspicion | None


class WhyReward(Struct, frozen=True, kw_only=True):
    """A thanks and how it stands."""

    id: str
    campaign: str
    referral: str | None
    person: str
    side: str
    kind: str
    unit: str
    amount: int
    state: str
    reason: Why
    held_at: datetime | None
    due_at: datetime | None
    granted_at: datetime | None
    reversed_at: datetime | None
    order: str | None
    expires_at: datetime | None
    story: str | None
    what: str
    explained: Explained
    suspicion: WhySuspicion | None


class WhyOrder(Struct, frozen=True, kw_only=True):
    """An order."""

    id: str
    source: str
    order_no: str
    kind: str
    amount_fen: int
    refunded_fen: int
    at: datetime
    person: str | None


class WhyWho(Struct, frozen=True, kw_only=True):
    """A person by the names that are looked up most."""

    id: str
    crm_id: str | None
    external_userid: str | None


class WhyAsk(Struct, frozen=True, kw_only=True):
    """The last time that a person was to be asked."""

    purpose: str
    campaign: str | None
    channel: str | None
    rep: str | None
    copy: str | None
    state: str
    planned_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    outcome: str | None
    came: str


class Weighed(Struct, frozen=True, kw_only=True):
    """A reason of the score; `size` is what it adds to it, in log-odds: above 0 for asking, below against."""

    code: str
    text: str
    size: float


class WhyNudge(Struct, frozen=True, kw_only=True):
    """Whether the plan would ask a person now, and why; `score`, 0 to 1, is what an ask is worth.

    `why` is what made the decision; `for` and `against` are the score's own reasons, the strongest first. `action` is
    what to do, at the `gate` that is weak or else; `change` tells all that it takes for another decision; `model` is
    the version of what was learned that the score is by.
    """

    decision: Literal["send", "defer", "drop"]
    why: list[Why]
    for_: list[Weighed] = msgspec.field(name="for")
    against: list[Weighed]
    not_before: datetime | None
    score: float
    gate: str | None
    channel: str
    action: str
    change: Why
    model: int
    last: WhyAsk | None


class PersonExplained(Struct, frozen=True, kw_only=True):
    """What a person passed on, brought and was thanked for, and whether they would be asked now."""

    person: WhyWho
    shares: list[WhyShare]
    referrals: list[WhyReferral]
    rewards: list[WhyReward]
    nudge: WhyNudge
    appeals: list[Appeal]


class OrderExplained(Struct, frozen=True, kw_only=True):
    """What became of an order."""

    order: WhyOrder
    outcome: str
    reasons: list[Why]
    referral: WhyReferral | None
    rewards: list[WhyReward]
    explained: Explained


class RewardExplained(Struct, frozen=True, kw_only=True):
    """How a thanks stands."""

    reward: WhyReward


def _person(tx: Transaction, asked: Asked) -> PersonExplained:
    person = tx.people.get(asked.path["id"]) if is_id(asked.path["id"], "p") else None
    if person is None:
        raise NotFound("没有找到这个人")
    return msgspec.convert(whys.of_person(asked.office, tx, person), PersonExplained)


def _order(tx: Transaction, asked: Asked) -> OrderExplained:
    order = tx.orders.get(asked.path["id"]) if is_id(asked.path["id"], "o") else None
    if order is None:
        raise NotFound("没有这个订单")
    return msgspec.convert(whys.of_order(asked.office, tx, order), OrderExplained)


def _reward(tx: Transaction, asked: Asked) -> RewardExplained:
    if not is_id(asked.path["id"], "w"):
        raise NotFound("没有这份谢礼")
    return msgspec.convert(whys.of_reward(asked.office, tx, asked.path["id"]), RewardExplained)


_NOON = datetime.fromisoformat("2026-11-25T12:00:00+08:00")
_DUE = datetime.fromisoformat("2026-12-10T12:00:00+08:00")
_HELD = Why("hold.running", "退款期还没有过")


def _explained(about: str) -> Explained:
    return Explained(
        about=about,
        state="held",
        since=_NOON,
        method="last_touch",
        reason=_HELD,
        missing=["hold"],
        change="refund",
        until=_DUE,
        do="wait",
    )


_REFERRAL = WhyReferral(
    id="r0123456789abcdef",
    campaign="c0123456789abcdef",
    advocate="p0123456789abcdef",
    friend="p123456789abcdef0",
    status="credited",
    method="last_touch",
    reason=_HELD,
    explained=_explained("referral:r0123456789abcdef"),
    suspicion=None,
)
_REWARD = WhyReward(
    id="w0123456789abcdef",
    campaign="c0123456789abcdef",
    referral="r0123456789abcdef",
    person="p0123456789abcdef",
    side="advocate",
    kind="days",
    unit="days",
    amount=30,
    state="held",
    reason=_HELD,
    held_at=_NOON,
    due_at=_DUE,
    granted_at=None,
    reversed_at=None,
    order="shop/A1",
    expires_at=None,
    story=None,
    what="30天会员",
    explained=_explained("reward:w0123456789abcdef"),
    suspicion=None,
)
_NUDGE = WhyNudge(
    decision="drop",
    why=[Why("consent.unknown", "还没有同意接收邀请")],
    for_=[Weighed(code="satisfaction", text="满意度 9 分", size=0.48)],
    against=[Weighed(code="quiet", text="活跃度不算高", size=-0.21)],
    not_before=None,
    score=0.12,
    gate=None,
    channel="none",
    action="wait",
    change=Why("change.consent", "对方说愿意收到消息"),
    model=3,
    last=None,
)


def _asking(
    name: str, path: str, part: Any, summary: str, run: Any, answer: type[Struct], example: Struct
) -> Operation:
    return Operation(
        name=name,
        method="GET",
        path=path,
        parts={"id": part},
        scope=_SCOPE,
        summary=summary,
        run=run,
        answer=answer,
        example=example,
        refuses=(404,),
    )


OPERATIONS = (
    _asking(
        "explainPerson",
        "/people/{id}/why",
        PersonId,
        "Why things stand as they do for a person, and whether they would be asked now.",
        _person,
        PersonExplained,
        PersonExplained(
            person=WhyWho(id="p0123456789abcdef", crm_id="42", external_userid="wmAAAA"),
            shares=[],
            referrals=[_REFERRAL],
            rewards=[_REWARD],
            nudge=_NUDGE,
            appeals=[],
        ),
    ),
    _asking(
        "explainOrder",
        "/orders/{id}/why",
        OrderId,
        "What became of an order, and why.",
        _order,
        OrderExplained,
        OrderExplained(
            order=WhyOrder(
                id="o0123456789abcdef",
                source="shop",
                order_no="A1",
                kind="order.paid",
                amount_fen=19_900,
                refunded_fen=0,
                at=_NOON,
                person="p123456789abcdef0",
            ),
            outcome="held",
            reasons=[_HELD],
            referral=_REFERRAL,
            rewards=[_REWARD],
            explained=_explained("order:o0123456789abcdef"),
        ),
    ),
    _asking(
        "explainReward",
        "/rewards/{id}/why",
        RewardId,
        "How a thanks stands, and why.",
        _reward,
        RewardExplained,
        RewardExplained(reward=_REWARD),
    ),
)
