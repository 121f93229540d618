"""`POST /hooks/orders`: orders and refunds from a shop, a till or a CRM, each taken in once, and answered alike again.

The answer is stored in the transaction that it tells of. A refusal is not stored, so a corrected webhook may come under
the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import structlog
from aiohttp import web

from bot.hooks.envelope import Envelope, take
from bot.hooks.reading import Naming, OrderTold, RefundTold, read
from bot.hooks.refusals import HookRefused, refused
from bot.hooks.signature import Verify, verifier
from bot.metrics import WEBHOOKS
from referral import orders
from referral.errors import Conflict
from referral.facts import Facts
from referral.ids import Bits, new_id
from referral.orders import Answer, Order, Refund
from referral.times import Clock
from storage.errors import StorageError
from storage.orders import Delivery
from storage.store import Store
from storage.transaction import Transaction

PATH = "/hooks/orders"

log = structlog.get_logger()


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
    hook = _OrdersHook(
        store=store,
        facts=facts,
        verify=verifier(secrets),
        naming=Naming(phone_key=phone_key, app_id=app_id),
        clock=clock,
        machine_clock=machine_clock,
        rng=rng,
    )
    return [web.post(PATH, hook.receive)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrdersHook:
    store: Store
    facts: Facts
    verify: Verify
    naming: Naming
    clock: Clock
    machine_clock: Clock
    rng: Bits

    async def receive(self, request: web.Request) -> web.Response:
        answer = await self._answer(request)
        WEBHOOKS.labels(str(answer.status)).inc()
        return answer

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            envelope = await take(request, self.verify, self.machine_clock)
            told = read(envelope.body, self.naming)
            return await self._keep(envelope, told)
        except HookRefused as refusal:
            return refusal.answer()

    async def _keep(self, envelope: Envelope, told: OrderTold | RefundTold) -> web.Response:
        try:
            delivery = await self.store.write(lambda tx: self._deliver(tx, envelope, told))
        except Conflict as conflict:
            field = "data.order_no" if isinstance(told, OrderTold) else "data.refund_no"
            raise refused(409, field, str(conflict)) from None
        except StorageError as failure:
            log.warning("webhook not stored", path=PATH, webhook=envelope.id, why=str(failure))
            raise refused(503, "body", "没有保存下来，请过一会儿再发一次") from None
        return web.Response(status=delivery.status, text=delivery.answer, content_type="application/json")

    def _deliver(self, tx: Transaction, envelope: Envelope, told: OrderTold | RefundTold) -> Delivery:
        known = tx.deliveries.get(envelope.id)
        if known and known.digest != envelope.digest:
            raise refused(409, "webhook-id", "这个编号之前送达过另一份内容")
        if known:
            return known
        answer = self._worded(self._settle(tx, told))
        delivery = Delivery(id=envelope.id, digest=envelope.digest, status=200, answer=answer)
        tx.deliveries.add(delivery, self.clock())
        return delivery

    def _settle(self, tx: Transaction, told: OrderTold | RefundTold) -> Answer:
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

    def _worded(self, answer: Answer) -> str:
        say = self.facts.words.reason
        reasons = [{"code": each.value, "text": say(each.value, audience="staff")} for each in answer.reasons]
        return msgspec.json.encode({"outcome": answer.outcome.value, "reasons": reasons}).decode()
