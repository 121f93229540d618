"""`POST /hooks/orders`: orders and refunds from a shop, a till or a CRM (design 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.hooks.reading import Naming, OrderTold, RefundTold, read
from bot.hooks.signature import verifier
from bot.hooks.taking import Hook
from referral import orders
from referral.facts import Facts
from referral.ids import Bits, new_id
from referral.orders import Answer, Order, Refund
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

PATH = "/hooks/orders"


def routes(
    store: Store,
    facts: Facts,
    secrets: Sequence[str],
    phone_key: bytes,
    *,
    clock: Clock,
    machine_clock: Clock,
    rng: Bits,
    app_id: str | None,
) -> list[web.RouteDef]:
    """The route of the orders' webhook.

    `secrets` are `whsec_…`, all of them valid; `clock` is the one that the rules live by, `machine_clock` the one that
    signatures are checked against; `app_id` is the Official Account that a bare openid belongs to.
    """
    naming = Naming(phone_key=phone_key, app_id=app_id)
    hook = Hook(
        path=PATH,
        store=store,
        facts=facts,
        verify=verifier(secrets),
        clock=clock,
        machine_clock=machine_clock,
        read=lambda body: read(body, naming),
        settle=_Settling(facts=facts, clock=clock, rng=rng).settle,
        blamed=lambda told: "data.order_no" if isinstance(told, OrderTold) else "data.refund_no",
    )
    return [web.post(PATH, hook.receive)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settling:
    facts: Facts
    clock: Clock
    rng: Bits

    def settle(self, tx: Transaction, told: OrderTold | RefundTold) -> Answer:
        now = self.clock()
        if isinstance(told, RefundTold):
            return orders.refund(tx, self.facts, self._refund(told), now=now, rng=self.rng)
        return orders.place(tx, self.facts, self._order(told), told.buyer, now=now, rng=self.rng)

    def _order(self, told: OrderTold) -> Order:
        return Order(
            id=new_id(self.rng, "o"),
            source=told.source,
            order_no=told.order_no,
            kind=told.kind,
            amount_fen=told.amount_fen,
            paid_at=told.at,
            received_at=self.clock(),
            digest=told.digest,
            code=told.code,
        )

    def _refund(self, told: RefundTold) -> Refund:
        return Refund(
            id=new_id(self.rng, "f"),
            source=told.source,
            order_no=told.order_no,
            refund_no=told.refund_no,
            kind=told.kind,
            amount_fen=told.amount_fen,
            at=told.at,
            received_at=self.clock(),
            digest=told.digest,
        )
