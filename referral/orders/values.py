"""Orders and refunds as values, and where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from referral.attribution import Reason
from referral.identities import Identity

MONEY = "order.paid"
CLOSE = "order.close"


class Outcome(StrEnum):
    """What became of an order, or of a webhook."""

    HELD = "held"
    CREDITED = "credited"
    UNMATCHED = "unmatched"
    NO_REFERRAL = "no_referral"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One act of a buyer, unique per source, number and kind (the webhook's type).

    `cancelled` is set when all of it was taken back without an amount, as a contract is. `earned_fen` is what the
    company earns by it, None where nobody said; `product` is what was bought, where that was said.
    """

    id: str
    source: str
    order_no: str
    kind: str
    amount_fen: int
    paid_at: datetime
    received_at: datetime
    digest: str
    code: str | None = None
    person: str | None = None
    refunded_fen: int = 0
    cancelled: bool = False
    outcome: Outcome = Outcome.UNMATCHED
    reasons: tuple[Reason, ...] = (Reason.BUYER_UNKNOWN,)
    referral: str | None = None
    earned_fen: int | None = None
    product: str = ""

    @property
    def name(self) -> str:
        """`SOURCE/ORDER_NO`, as exports and `why` know it."""
        return f"{self.source}/{self.order_no}"

    @property
    def came(self) -> tuple[datetime, datetime]:
        """Its place among the orders of one person; of two paid at one moment the one told first is the earlier."""
        return self.paid_at, self.received_at

    @property
    def is_given_back(self) -> bool:
        """Whether nothing of it is left."""
        return self.cancelled or 0 < self.amount_fen <= self.refunded_fen

    def earns(self, percent: int) -> int | None:
        """What the rest of it earns, in fen: as was told, else by `percent` of it; None where that is not guarded."""
        left = self.amount_fen - self.refunded_fen
        if self.earned_fen is not None:
            return self.earned_fen * left // self.amount_fen if self.amount_fen else self.earned_fen
        return left * percent // 100 if percent else None

    @property
    def is_purchase(self) -> bool:
        """Whether it makes its buyer a customer: paid, and not all given back."""
        return self.kind == MONEY and not self.is_given_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Something taken back of an order of `kind`, unique per source, order and refund number.

    `amount_fen` None is all of it.
    """

    id: str
    source: str
    order_no: str
    refund_no: str
    kind: str
    amount_fen: int | None
    at: datetime
    received_at: datetime
    digest: str
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sender of a webhook is told."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()


class Orders(Protocol):
    """Where orders and refunds are kept."""

    def find(self, source: str, order_no: str, kind: str) -> Order | None: ...
    def named(self, source: str, order_no: str) -> list[Order]: ...
    def get(self, order: str) -> Order | None: ...
    def add(self, order: Order, buyer: Sequence[Identity]) -> None: ...
    def save(self, order: Order) -> None: ...
    def reopen(self, order: str) -> None: ...
    def turn_down(self, order: str, reason: Reason) -> None: ...
    def explain(self, order: str, old: Reason, new: Reason) -> None: ...
    def buyer(self, order: str) -> list[Identity]: ...
    def of_person(self, person: str) -> list[Order]: ...
    def waiting_for(self, identity: Identity) -> list[Order]: ...
    def find_refund(self, source: str, order_no: str, refund_no: str) -> Refund | None: ...
    def add_refund(self, refund: Refund) -> None: ...
    def refunds_of(self, source: str, order_no: str) -> list[Refund]: ...
