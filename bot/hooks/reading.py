"""From a webhook's JSON to what it tells: an order, or money given back. Pure; unknown fields are passed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import msgspec

from bot.hooks.content import content
from bot.hooks.fields import LONGEST, Fields
from bot.hooks.refusals import HookRefused
from referral import namespaces
from referral.codes import find_in
from referral.identities import Identity
from referral.ids import Bits, new_id
from referral.orders import MONEY, Order, Refund
from referral.terms import CONVERSIONS

REFUNDED = "order.refunded"
SIGNED = "contract.signed"
CANCELLED = "contract.cancelled"
TYPES = (*CONVERSIONS, REFUNDED, CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTold:
    """An act of a buyer; `kind` is the webhook's type, `buyer` is never empty, times are UTC.

    `earned_fen` is what the company earns by it, None where that was not said.
    """

    kind: str
    source: str
    order_no: str
    amount_fen: int
    at: datetime
    buyer: tuple[Identity, ...]
    code: str | None
    earned_fen: int | None = None
    product: str = ""

    @property
    def time_field(self) -> str:
        """The field that says when it happened."""
        return "data.paid_at" if self.kind == MONEY else "data.at"

    def order(self, rng: Bits, now: datetime) -> Order:
        """The order, as it is taken in now."""
        return Order(
            id=new_id(rng, "o"),
            source=self.source,
            order_no=self.order_no,
            kind=self.kind,
            amount_fen=self.amount_fen,
            paid_at=self.at,
            received_at=now,
            digest=self.digest,
            code=self.code,
            earned_fen=self.earned_fen,
            product=self.product,
        )

    @property
    def digest(self) -> str:
        """What tells one content from another; the order of keys, spelling of times and phones do not matter."""
        buyer = [str(identity) for identity in self.buyer]
        more = (self.earned_fen, self.product) if self.earned_fen is not None or self.product else ()
        return _digest(self.kind, self.source, self.order_no, self.amount_fen, self.at, buyer, self.code, *more)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTold:
    """Something taken back of an order of `kind`; `amount_fen` None is all of it."""

    kind: str
    source: str
    order_no: str
    refund_no: str
    amount_fen: int | None
    at: datetime

    @property
    def time_field(self) -> str:
        """The field that says when it happened."""
        return "data.refunded_at" if self.kind == MONEY else "data.at"

    def refund(self, rng: Bits, now: datetime) -> Refund:
        """The refund, as it is taken in now."""
        return Refund(
            id=new_id(rng, "f"),
            source=self.source,
            order_no=self.order_no,
            refund_no=self.refund_no,
            kind=self.kind,
            amount_fen=self.amount_fen,
            at=self.at,
            received_at=now,
            digest=self.digest,
        )

    @property
    def digest(self) -> str:
        """What tells one content from another."""
        return _digest(self.kind, self.source, self.order_no, self.refund_no, self.amount_fen, self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How people are named here.

    `phone_key` is what phones are hashed with, `app_id` the account that a bare openid belongs to; `accounts` are the
    apps whose openids are known here, all of them where none is named; `staff` are userids, in small letters.
    """

    phone_key: bytes
    app_id: str | None
    accounts: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()

    def objection(self, identity: Identity) -> str | None:
        """Why an id cannot be a customer's under its kind, None if nothing speaks against it."""
        if namespaces.may_be_staff(identity) and identity.value.casefold() in self.staff:
            return namespaces.OF_STAFF
        return namespaces.objection(identity, self.accounts)


def read(body: bytes, naming: Naming) -> OrderTold | RefundTold:
    """Read one webhook. Raises `HookRefused` with 422 and every problem at once."""
    kind, data = content(body, TYPES)
    told = _told(kind, data, naming)
    if data.problems:
        raise HookRefused(422, data.problems)
    return told


def _told(kind: str, data: Fields, naming: Naming) -> OrderTold | RefundTold:
    data.yuan_only("currency")
    if kind == REFUNDED:
        return _refunded(data)
    if kind == CANCELLED:
        return _cancelled(data)
    return _order(kind, data, naming)


def _order(kind: str, data: Fields, naming: Naming) -> OrderTold:
    """Something paid has to name amount and `paid_at`; anything else `at`, and an amount if there is one."""
    paid = kind == MONEY
    code = data.optional_text("code")
    return OrderTold(
        kind=kind,
        source=_source(data),
        order_no=data.text("order_no"),
        buyer=data.person("buyer", naming),
        amount_fen=data.fen("amount_fen") if paid else data.optional_fen("amount_fen"),
        at=data.time("paid_at" if paid else "at"),
        code=_invite_code(code, data.values.get("coupon")),
        earned_fen=None if data.values.get("earned_fen") is None else data.fen("earned_fen"),
        product=data.optional_text("product") or "",
    )


def _invite_code(code: str | None, coupon: object) -> str | None:
    """The code of an order: the one it names, else a coupon of the shop's that reads as an invite code.

    Whatever else a shop calls `coupon` is its own affair.
    """
    if code:
        return find_in(code) or code
    return find_in(coupon[:LONGEST]) if isinstance(coupon, str) else None


def _refunded(data: Fields) -> RefundTold:
    return RefundTold(
        kind=MONEY,
        source=_source(data),
        order_no=data.text("order_no"),
        refund_no=data.text("refund_no"),
        amount_fen=data.fen("amount_fen"),
        at=data.time("refunded_at"),
    )


def _cancelled(data: Fields) -> RefundTold:
    return RefundTold(
        kind=SIGNED,
        source=_source(data),
        order_no=data.text("order_no"),
        refund_no=CANCELLED,
        amount_fen=None,
        at=data.time("at"),
    )


def _source(data: Fields) -> str:
    source = data.text("source")
    if "/" in source:  # an order is known as SOURCE/ORDER_NO
        data.wrong("source", "不能含有 /")
    return source


def _digest(*parts: object) -> str:
    return sha256(msgspec.json.encode(parts)).hexdigest()
