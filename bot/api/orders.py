"""`/orders`: orders and refunds, taken in as `/hooks/orders` does, with the same answers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.operations import Asked, Operation
from bot.api.people import known_id
from bot.api.shapes import Fen, Line, OrderId, Page, PageQuery, PersonId, ReferralId, Why, beijing, page
from bot.hooks.orders import Settling
from bot.hooks.reading import read
from bot.unmatched import days_left
from referral.errors import NotFound
from referral.ids import is_id
from storage import listings
from storage import tables as t
from storage.transaction import Transaction

Kind = Literal["order.paid", "trial.started", "visit.completed", "contract.signed", "account.opened"]
Stored = Literal["held", "credited", "unmatched", "no_referral", "rejected"]
Number = Annotated[
    str,
    Meta(min_length=1, max_length=64, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$", description="The sender's own number."),
]
Source = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern="^[^/\\x00-\\x1f\\x7f-\\x9f]+$",
        description="Which system tells it; numbers are unique in it.",
    ),
]
Time = Annotated[
    str,
    Meta(
        max_length=40,
        extra_json_schema={"format": "date-time"},
        description="ISO 8601 with its offset, from 2000 to 2099.",
        examples=["2026-11-25T10:00:00+08:00"],
    ),
]
Earned = Annotated[int, Meta(ge=0, le=10**12, description="What the company earns by it, in fen: thanks stay below.")]
Product = Annotated[str, Meta(max_length=64, description="What was bought.")]
InviteCode = Annotated[str, Meta(max_length=64, description="The invite code that came with it.")]
Coupon = Annotated[
    str, Meta(max_length=64, description="A coupon of the shop's; one that reads as an invite code is one.")
]
Given = Annotated[str, Meta(min_length=1, max_length=128, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$")]


class Order(Struct, frozen=True, kw_only=True):
    """An act of a buyer, what became of it, and why. No person is named while the buyer is not known."""

    id: OrderId
    source: str
    order_no: str
    kind: Kind
    amount_fen: Fen
    refunded_fen: Fen
    cancelled: bool
    at: datetime
    received_at: datetime
    person: PersonId | None
    outcome: Stored
    reasons: list[Why]
    referral: ReferralId | None
    earned_fen: Annotated[Fen | None, Meta(description="What the company earns by it, null where nobody said.")]
    product: str
    closes_at: Annotated[datetime | None, Meta(description="Until when a buyer or a claim may still turn up.")]
    days_left: Annotated[int | None, Meta(description="Days until then; the one that has begun is counted.")]


class OrderQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders; `outcome=unmatched` is the queue of those whose buyer is not known yet."""

    person: PersonId | UnsetType = UNSET
    source: Line | UnsetType = UNSET
    order_no: Line | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    outcome: Stored | UnsetType = UNSET


class Buyer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person by one name or several."""

    crm_id: Given | None = None
    external_userid: Given | None = None
    unionid: Given | None = None
    openid: Given | None = None
    phone: Given | None = None


class Paid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something paid."""

    source: Source
    order_no: Number
    buyer: Buyer
    amount_fen: Fen
    paid_at: Time
    currency: Literal["CNY"] | None = None
    code: InviteCode | None = None
    coupon: Coupon | None = None
    earned_fen: Earned | None = None
    product: Product | None = None


class Done(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trial, a visit, a contract, an account."""

    source: Source
    order_no: Number
    buyer: Buyer
    at: Time
    amount_fen: Fen | None = None
    currency: Literal["CNY"] | None = None
    code: InviteCode | None = None
    coupon: Coupon | None = None
    earned_fen: Earned | None = None
    product: Product | None = None


class GivenBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money given back, all of it or a part."""

    source: Source
    order_no: Number
    refund_no: Number
    amount_fen: Fen
    refunded_at: Time
    currency: Literal["CNY"] | None = None


class Cancelled(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract called off."""

    source: Source
    order_no: Number
    at: Time
    currency: Literal["CNY"] | None = None


class _Told(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """The same envelope as the webhook's."""


class OrderPaid(_Told, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="order.paid"):
    """An order."""

    data: Paid


class OrderRefunded(_Told, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="order.refunded"):
    """A refund; one that comes before its order waits for it."""

    data: GivenBack


class TrialStarted(_Told, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="trial.started"):
    """A trial."""

    data: Done


class VisitCompleted(_Told, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="visit.completed"):
    """A visit."""

    data: Done


class ContractSigned(_Told, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="contract.signed"):
    """A contract."""

    data: Done


class ContractCancelled(_Told, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="contract.cancelled"):
    """A contract called off: as a refund of all of it."""

    data: Cancelled


class AccountOpened(_Told, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="account.opened"):
    """An account."""

    data: Done


Told = OrderPaid | OrderRefunded | TrialStarted | VisitCompleted | ContractSigned | ContractCancelled | AccountOpened


class OrderAnswer(Struct, frozen=True, kw_only=True):
    """What became of it, as the webhook answers."""

    outcome: Literal["held", "credited", "unmatched", "no_referral", "rejected", "duplicate", "recorded"]
    reasons: list[Why]


def _list(tx: Transaction, asked: Asked) -> Page[Order]:
    query: OrderQuery = asked.query
    where = {
        "person": known_id(tx, query.person),
        "source": query.source,
        "order_no": query.order_no,
        "kind": query.kind,
        "outcome": query.outcome,
    }
    return page(tx, listings.ORDERS, query, where, lambda row: _order(asked, row))


def _one(tx: Transaction, asked: Asked) -> Order:
    order = asked.path["id"]
    row = listings.one(tx, listings.ORDERS, t.orders.c.id == order) if is_id(order, "o") else None
    if row is None:
        raise NotFound("没有这个订单")
    return _order(asked, row)


def _take_in(tx: Transaction, asked: Asked) -> OrderAnswer:
    told = read(msgspec.json.encode(asked.body), asked.office.naming)
    settling = Settling(facts=asked.office.facts, clock=lambda: asked.now, rng=asked.office.rng)
    answer = settling.settle(tx, told)
    reasons = [Why(reason.value, asked.office.reason(reason.value)) for reason in answer.reasons]
    return OrderAnswer(outcome=answer.outcome.value, reasons=reasons)


def _order(asked: Asked, row: Any) -> Order:
    closes = beijing(row.closes_at)
    return Order(
        id=row.id,
        source=row.source,
        order_no=row.order_no,
        kind=row.kind,
        amount_fen=row.amount_fen,
        refunded_fen=row.refunded_fen,
        cancelled=bool(row.cancelled),
        at=beijing(row.paid_at),
        received_at=beijing(row.received_at),
        person=row.person,
        outcome=row.outcome,
        reasons=[Why(code, asked.office.reason(code)) for code in json.loads(row.reasons)],
        referral=row.referral,
        earned_fen=row.earned_fen,
        product=row.product,
        closes_at=closes,
        days_left=days_left(closes, asked.now),
    )


_EXAMPLE = Order(
    id="o0123456789abcdef",
    source="shop",
    order_no="A1",
    kind="order.paid",
    amount_fen=19_900,
    refunded_fen=0,
    cancelled=False,
    at=datetime.fromisoformat("2026-11-25T10:00:00+08:00"),
    received_at=datetime.fromisoformat("2026-11-25T10:00:02+08:00"),
    person="p123456789abcdef0",
    outcome="held",
    reasons=[Why("hold.running", "退款期还没有过")],
    referral="r0123456789abcdef",
    earned_fen=6_000,
    product="春茶礼盒",
    closes_at=None,
    days_left=None,
)
_PAID = Paid(
    source="shop",
    order_no="A1",
    buyer=Buyer(crm_id="42"),
    amount_fen=19_900,
    paid_at="2026-11-25T10:00:00+08:00",
)

OPERATIONS = (
    Operation(
        name="listOrders",
        method="GET",
        path="/orders",
        scope="orders:read",
        summary="All orders.",
        run=_list,
        query=OrderQuery,
        answer=Page[Order],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="takeInOrder",
        method="POST",
        path="/orders",
        scope="orders:write",
        summary="Take in an order, another conversion, or a refund; `/hooks/orders` with the same answers.",
        run=_take_in,
        body=Told,
        body_example=OrderPaid(data=_PAID),
        answer=OrderAnswer,
        example=OrderAnswer(outcome="held", reasons=[Why("hold.running", "退款期还没有过")]),
        refuses=(409,),
    ),
    Operation(
        name="getOrder",
        method="GET",
        path="/orders/{id}",
        parts={"id": OrderId},
        scope="orders:read",
        summary="One order by our own id; the shop's number is a filter of the list.",
        run=_one,
        answer=Order,
        example=_EXAMPLE,
        refuses=(404,),
    ),
)
