"""The shop: orders, refunds and what people do without paying, told by signed webhooks (Standard Webhooks, v1)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from bot.sandbox.loopback import Loopback, Reply, Unreachable
from bot.sandbox.stage import Stage
from bot.sandbox.state import Order, Person

PATIENCE = 15.0  # seconds for one answer
MORE_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that is done without paying: the webhook's type, the letter of its numbers, its word in the log.

    `named` is what the act's value names.
    """

    type: str
    letter: str
    word: str
    named: str


OCCASIONS = {
    "visit": Occasion(type="visit.completed", letter="V", word="到店", named="shop"),
    "trial": Occasion(type="trial.started", letter="T", word="试用", named="product"),
    "sign": Occasion(type="contract.signed", letter="C", word="签约", named="contract"),
    "open": Occasion(type="account.opened", letter="A", word="开户", named="branch"),
}
"""By the name of the act."""


class Shop:
    """Keeps its orders and posts what happens. Timestamps are the machine's, `paid_at` the sandbox clock's."""

    def __init__(
        self,
        stage: Stage,
        loopback: Loopback,
        secret: bytes | str,
        *,
        machine_clock: Callable[[], datetime],
        retry_pause: float,
    ) -> None:
        self._stage = stage
        self._loopback = loopback
        self._key = secret if isinstance(secret, bytes) else _decoded(secret)
        self._machine_clock = machine_clock
        self._retry_pause = retry_pause

    def order(self, order_no: str) -> Order | None:
        """Return the order of that number, None when the shop does not know it."""
        return self._stage.world.orders.get(order_no)

    async def sell(self, person: Person, amount_fen: int, details: Mapping[str, Any]) -> dict[str, Any]:
        """A person pays. `details` may name `order_no`, `code` and another `buyer`."""
        order_no = details.get("order_no") or self._number("S")
        self._stage.world.orders[order_no] = Order(persona=person.name, amount_fen=amount_fen)
        told = {
            "source": "sandbox",
            "order_no": order_no,
            "buyer": details.get("buyer") or {"external_userid": person.external_userid},
            "amount_fen": amount_fen,
            "currency": "CNY",
            "paid_at": self._stage.iso_now(),
        }
        told |= {"code": details["code"]} if details.get("code") else {}
        return await self._tell(person, "order.paid", told, f"{order_no} {amount_fen} 分")

    async def refund(self, person: Person, order_no: str, amount_fen: int) -> dict[str, Any]:
        """Money goes back."""
        if order := self.order(order_no):
            order.is_refunded = True
        told = {
            "source": "sandbox",
            "order_no": order_no,
            "refund_no": self._number("R"),
            "amount_fen": amount_fen,
            "refunded_at": self._stage.iso_now(),
        }
        return await self._tell(person, "order.refunded", told, f"{order_no} 退 {amount_fen} 分")

    async def witness(self, person: Person, occasion: Occasion, what: str) -> dict[str, Any]:
        """A person does something without paying; `what` is said in the log only."""
        told = {
            "source": "sandbox",
            "order_no": self._number(occasion.letter),
            "buyer": {"external_userid": person.external_userid},
            "at": self._stage.iso_now(),
        }
        return await self._tell(person, occasion.type, told, f"{occasion.word}：{what}")

    def _number(self, letter: str) -> str:
        """Return the next free number of a series: S0001, S0002…"""
        orders = self._stage.world.orders
        counters = self._stage.world.numbers
        while True:
            counters[letter] = counters.get(letter, 0) + 1
            number = f"{letter}{counters[letter]:04d}"
            if number not in orders:
                return number

    async def _tell(self, person: Person, kind: str, told: dict[str, Any], words: str) -> dict[str, Any]:
        self._stage.tell(person.name, "shop", "order", words)
        body = msgspec.json.encode({"type": kind, "data": told})
        reply = await self._post(f"msg_{self._stage.mint('webhook', 27)}", body)
        text = reply.content.decode(errors="replace")
        self._stage.tell("app", "shop", "answer", f"{told['order_no']} {reply.status} {text}".strip())
        return {"order_no": told["order_no"], "status": reply.status, "answer": _answer(reply)}

    async def _post(self, webhook_id: str, body: bytes) -> Reply:
        """Post until the bot has it: a 5xx or no answer is tried again under the same id; raise `Unreachable`."""
        for _ in range(MORE_TRIES):
            try:
                reply = await self._post_once(webhook_id, body)
            except Unreachable:
                reply = None
            if reply is not None and reply.status < 500:
                return reply
            await asyncio.sleep(self._retry_pause)
        return await self._post_once(webhook_id, body)

    async def _post_once(self, webhook_id: str, body: bytes) -> Reply:
        loop = asyncio.get_running_loop()
        began, status = loop.time(), "no answer"
        try:
            reply = await self._send(webhook_id, body)
            status = str(reply.status)
        finally:
            self._stage.trace.note(
                at=self._stage.iso_now(),
                way="in",
                what="/hooks/orders",
                status=status,
                body=body.decode(),
                seconds=loop.time() - began,
            )
        return reply

    async def _send(self, webhook_id: str, body: bytes) -> Reply:
        timestamp = str(int(self._machine_clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{self._sign(webhook_id, timestamp, body)}",
        }
        return await self._loopback.post("/hooks/orders", body, headers=headers, seconds=PATIENCE)

    def _sign(self, webhook_id: str, timestamp: str, body: bytes) -> str:
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        return base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()


def _decoded(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_") + "==")


def _answer(reply: Reply) -> Any:
    try:
        return msgspec.json.decode(reply.content)
    except msgspec.DecodeError:
        return None
