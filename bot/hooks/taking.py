"""Taking webhooks in: each is done once, and answered alike again.

The answer is stored in the transaction that it tells of. A refusal is not stored, so a corrected webhook may come under
the same id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
import structlog
from aiohttp import web

from bot.hooks.envelope import Envelope, take
from bot.hooks.refusals import HookRefused, refused
from bot.hooks.signature import Verify
from bot.metrics import WEBHOOKS
from referral.errors import Conflict
from referral.facts import Facts
from referral.orders import Answer
from referral.times import Clock
from storage.errors import StorageError
from storage.orders import Delivery
from storage.store import Store
from storage.transaction import Transaction

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook(Generic[T]):
    """One webhook's address.

    `read` turns a body into what it tells, or raises `HookRefused`; `settle` does what follows, and may raise
    `Conflict`, of which `blamed` names the field. Ids are the senders' own, so they count within a `scope`; `wake` is
    called after what was new.
    """

    path: str
    store: Store
    facts: Facts
    verify: Verify
    clock: Clock
    machine_clock: Clock
    read: Callable[[bytes], T]
    settle: Callable[[Transaction, T], Answer]
    blamed: Callable[[T], str]
    scope: str = ""
    wake: Callable[[], None] = lambda: None

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one request."""
        answer = await self._answer(request)
        WEBHOOKS.labels(str(answer.status)).inc()
        return answer

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            envelope = await take(request, self.verify, self.machine_clock)
            told = self.read(envelope.body)
            return await self._keep(envelope, told)
        except HookRefused as refusal:
            return refusal.answer()

    async def _keep(self, envelope: Envelope, told: T) -> web.Response:
        try:
            delivery = await self.store.write(lambda tx: self._deliver(tx, envelope, told))
        except Conflict as conflict:
            raise refused(409, self.blamed(told), str(conflict)) from None
        except StorageError as failure:
            log.warning("webhook not stored", path=self.path, webhook=envelope.id, why=str(failure))
            raise refused(503, "body", "没有保存下来，请过一会儿再发一次") from None
        self.wake()
        return web.Response(status=delivery.status, text=delivery.answer, content_type="application/json")

    def _deliver(self, tx: Transaction, envelope: Envelope, told: T) -> Delivery:
        told_as = f"{self.scope}{envelope.id}"
        known = tx.deliveries.get(told_as)
        if known and known.digest != envelope.digest:
            raise refused(409, "webhook-id", "这个编号之前送达过另一份内容")
        if known:
            return known
        answer = self._worded(self.settle(tx, told))
        delivery = Delivery(id=told_as, digest=envelope.digest, status=200, answer=answer)
        tx.deliveries.add(delivery, self.clock())
        return delivery

    def _worded(self, answer: Answer) -> str:
        say = self.facts.words.reason
        reasons = [{"code": each.value, "text": say(each.value, audience="staff")} for each in answer.reasons]
        return msgspec.json.encode({"outcome": answer.outcome.value, "reasons": reasons}).decode()
