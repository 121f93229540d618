"""`POST /hooks/orders`: orders and refunds from a shop, a till or a CRM (design 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from bot.hooks.reading import Naming, OrderTold, RefundTold, read
from bot.hooks.refusals import refused
from bot.hooks.signature import verifier
from bot.hooks.staff import refuse_staff
from bot.hooks.taking import Hook
from referral import orders
from referral.facts import Facts
from referral.ids import Bits
from referral.orders import Answer
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

PATH = "/hooks/orders"
AHEAD = timedelta(days=366)
"""How far ahead of us a shop's clock may be: what is said to happen later is a mistyped year."""


def routes(
    store: Store,
    facts: Facts,
    secrets: Sequence[str],
    phone_key: bytes,
    *,
    accounts: frozenset[str] = frozenset(),
    clock: Clock,
    machine_clock: Clock,
    rng: Bits,
    app_id: str | None,
) -> list[web.RouteDef]:
    """The route of the orders' webhook.

    `secrets` are `whsec_…`, all of them valid; `clock` is the one that the rules live by, `machine_clock` the one that
    signatures are checked against; `app_id` is the Official Account that a bare openid belongs to, `accounts` are all
    that are known here.
    """
    naming = Naming(phone_key=phone_key, app_id=app_id, accounts=accounts)
    hook = Hook(
        path=PATH,
        store=store,
        facts=facts,
        verify=verifier(secrets),
        clock=clock,
        machine_clock=machine_clock,
        read=lambda body: read(body, naming),
        settle=Settling(facts=facts, clock=clock, rng=rng).settle,
        blamed=lambda told: "data.order_no" if isinstance(told, OrderTold) else "data.refund_no",
    )
    return [web.post(PATH, hook.receive)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What follows from an order or a refund that was told."""

    facts: Facts
    clock: Clock
    rng: Bits

    def settle(self, tx: Transaction, told: OrderTold | RefundTold) -> Answer:
        now = self.clock()
        if told.at > now + AHEAD:
            raise refused(422, told.time_field, "这个时间在一年以后，请核对年份")
        if isinstance(told, OrderTold):
            refuse_staff(tx, self.facts, told.buyer, "data.buyer")
        if isinstance(told, RefundTold):
            return orders.refund(tx, self.facts, told.refund(self.rng, now), now=now, rng=self.rng)
        return orders.place(tx, self.facts, told.order(self.rng, now), told.buyer, now=now, rng=self.rng)
