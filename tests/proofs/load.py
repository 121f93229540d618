"""What a platform and a shop send while bots die: friends' journeys, each step repeated until it was acknowledged.

The record of what was acknowledged is the measure of the proof: it is kept here, outside every bot.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from standardwebhooks.webhooks import Webhook

from bot.channels.wecom.wire import event_key
from tests.channels.envelopes import CORP, a_callback
from tests.proofs.fake_wecom import DESK, REPS, FakeWecom

ORDERS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PRICE = 19900
WALKERS = 12
PATIENCE = ClientTimeout(total=20)


class Cut(Exception):
    """A request was not acknowledged: the bot died over it, or said that it could not store it."""


@dataclass(frozen=True, kw_only=True)
class Callback:
    """An event of the platform; `key` is how the inbox must know it."""

    kind: str
    plain: str
    who: str = ""
    rep: str = ""

    @property
    def key(self) -> str:
        return event_key(CORP, "main", self.plain.encode())


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A webhook of the shop."""

    kind: str
    id: str
    order_no: str
    refund_no: str
    body: bytes


Request = Callback | Hook


@dataclass(slots=True)
class Record:
    """What was acknowledged with 200, and what was only tried."""

    callbacks: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    refunds: set[tuple[str, str]] = field(default_factory=set)
    adds: set[tuple[str, str]] = field(default_factory=set)
    adds_tried: set[tuple[str, str]] = field(default_factory=set)
    replies: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Load:
    """Friends who come with `marks`: groups of (mark, rep) that belong to one campaign. `now` is in Unix seconds."""

    def __init__(self, rng: random.Random, wecom: FakeWecom, now: Callable[[], float]) -> None:
        self.record = Record()
        self.marks: list[list[tuple[str, str]]] = []
        self.first_ack = asyncio.Event()
        self._rng = rng
        self._wecom = wecom
        self._now = now
        self._interrupted: list[list[Request]] = []
        self._acknowledged: list[Request] = []
        self._number = 0

    async def run(self, base: str) -> None:
        """Send to a bot until it is gone."""
        self.first_ack.clear()
        async with _session() as session, asyncio.TaskGroup() as group:
            for _ in range(WALKERS):
                group.create_task(self._walk(session, base))

    async def send(self, base: str, *requests: Request) -> None:
        """Send some requests, each once, in order."""
        async with _session() as session:
            for request in requests:
                await self._send(session, base, request)

    def added(self, who: str, rep: str, mark: str | None) -> Callback:
        """The event of a customer who adds a rep; with a `mark` it counts as a touch."""
        more = {"WelcomeCode": f"welcome-{self._count()}"} | ({"State": mark} if mark else {})
        if mark:
            self.record.adds_tried.add((who, rep))
        plain = self._contact_event("add_external_contact", who, rep, more)
        return Callback(kind="add", plain=plain, who=who if mark else "", rep=rep)

    # --- sending -----------------------------------------------------------------------------------------------------

    async def _walk(self, session: ClientSession, base: str) -> None:
        while True:
            journey = self._next()
            try:
                while journey:
                    await self._deliver(session, base, journey[0])
                    journey.pop(0)
            except Cut:
                self.record.counts["unacknowledged"] += 1
                self._interrupted.append(journey)
                return

    def _next(self) -> list[Request]:
        """A journey that was cut off, mostly; else something acknowledged once more, or a new friend."""
        while self._interrupted:
            journey = self._interrupted.pop(0)
            if self._rng.random() < 0.85:
                self.record.counts["resent"] += 1
                return journey
        if self._acknowledged and self._rng.random() < 0.12:
            self.record.counts["repeated"] += 1
            return [self._rng.choice(self._acknowledged)]
        return self._journey()

    async def _deliver(self, session: ClientSession, base: str, request: Request) -> None:
        """Send once, or two or three times in parallel."""
        copies = self._rng.choices((1, 2, 3), (8, 1, 1))[0]
        self.record.counts["repeated"] += copies - 1
        sent = await asyncio.gather(
            *(self._send(session, base, request) for _ in range(copies)), return_exceptions=True
        )
        for problem in sent:
            if isinstance(problem, BaseException):
                raise problem
        if request not in self._acknowledged[-50:]:
            self._acknowledged.append(request)

    async def _send(self, session: ClientSession, base: str, request: Request) -> None:
        path, body, headers = self.packed(request)
        try:
            async with session.post(base + path, data=body, headers=headers) as response:
                text = await response.text()
        except (ClientError, OSError, TimeoutError):
            raise Cut from None
        if response.status == 503:
            self.record.counts["not stored"] += 1
            raise Cut
        if response.status != 200:
            self.record.problems.append(f"{request.kind} was answered with {response.status}: {text[:200]}")
            return
        self._note(request, text)
        self.first_ack.set()

    def packed(self, request: Request) -> tuple[str, bytes, dict[str, str]]:
        """Path, body and headers, sealed or signed anew for each attempt."""
        if isinstance(request, Callback):
            envelope = a_callback(request.plain, timestamp=str(int(self._now())), nonce=str(self._rng.getrandbits(40)))
            return envelope.path, envelope.body, {"Content-Type": "text/xml"}
        at = datetime.fromtimestamp(int(self._now()), UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": request.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(ORDERS_SECRET).sign(request.id, at, request.body.decode()),
        }
        return "/hooks/orders", request.body, headers

    def _note(self, request: Request, answer: str) -> None:
        """Keep that a request was acknowledged, and whether it was answered as before."""
        record = self.record
        record.counts["acknowledged"] += 1
        record.counts[f"acknowledged: {request.kind}"] += 1
        if isinstance(request, Callback):
            record.callbacks[request.key] = request.kind
            if request.who:
                record.adds.add((request.who, request.rep))
            if answer:
                record.replies[request.key] += 1
            return
        if record.answers.setdefault(request.id, answer) != answer:
            record.problems.append(
                f"webhook {request.id} was answered first {record.answers[request.id]}, then {answer}"
            )
        outcome = json.loads(answer)["outcome"]
        if request.kind == "refund":
            record.refunds.add((request.order_no, request.refund_no))
        elif outcome != "duplicate" or request.order_no not in record.outcomes:
            record.outcomes[request.order_no] = outcome

    # --- journeys ----------------------------------------------------------------------------------------------------

    def _journey(self) -> list[Request]:
        """One friend's story, or a rep who asks something."""
        chance, number = self._rng.random(), self._count()
        if chance < 0.12:
            return [self._rep_text(number)]
        if chance < 0.22:
            return self._bought_with_code(number)
        who = f"wm{number:08d}"
        self._wecom.nicknames[who] = f"小友{number:05d}"
        return self._friend(who, number)

    def _friend(self, who: str, number: int) -> list[Request]:
        marks = self._rng.choice(self.marks[-2:])
        mark, rep = self._rng.choice(marks)
        steps: list[Request] = [self.added(who, rep, mark)]
        buyer = {"external_userid": who}
        if self._rng.random() < 0.75:
            orders = self._order(f"A{number}", buyer)
            before = self._rng.random() < 0.2
            steps = [*orders, *steps] if before else [*steps, *orders]
        if self._rng.random() < 0.2:
            steps.insert(self._rng.randrange(len(steps) + 1), self._said(who))
        if self._rng.random() < 0.2:
            steps += self._again(who, mark, rep, marks)
        if self._rng.random() < 0.15:
            steps += self._order(f"B{number}", buyer)
        return steps

    def _again(self, who: str, mark: str, rep: str, marks: list[tuple[str, str]]) -> list[Request]:
        """The friend deletes the rep and adds them once more, which is no touch; or adds another rep, which is one."""
        others = [(m, r) for m, r in marks if r != rep]
        if others and self._rng.random() < 0.5:
            other_mark, other_rep = self._rng.choice(others)
            return [self.added(who, other_rep, other_mark)]
        return [self._left(who, rep), self.added(who, rep, mark)]

    def _bought_with_code(self, number: int) -> list[Request]:
        """Somebody unknown buys with a code that does not exist, or refunds before the order is told."""
        order = self._order(f"P{number}", {"phone": f"139{number:08d}"}, code="ZZZZ-ZZZZ")
        return order[::-1] if self._rng.random() < 0.5 else order

    def _order(self, order_no: str, buyer: dict[str, str], **more: str) -> list[Request]:
        paid = self.paid(order_no, buyer)
        told = [self.hook("order", "order.paid", paid | more)]
        if self._rng.random() < 0.15:
            told.append(self.hook("order", "order.paid", paid | more))
        if self._rng.random() < 0.35:
            amount = self._rng.choice((PRICE, PRICE, 100))
            refund = {"source": "shop", "order_no": order_no, "refund_no": "R1", "amount_fen": amount}
            told.append(self.hook("refund", "order.refunded", refund | {"refunded_at": paid["paid_at"]}))
        return told

    def paid(self, order_no: str, buyer: dict[str, str]) -> dict[str, object]:
        """The content of an `order.paid`, now."""
        return {
            "source": "shop",
            "order_no": order_no,
            "buyer": buyer,
            "amount_fen": PRICE,
            "currency": "CNY",
            "paid_at": datetime.fromtimestamp(self._now(), UTC).isoformat(),
        }

    def hook(self, kind: str, event: str, data: dict[str, object]) -> Hook:
        """A webhook with a new id."""
        body = json.dumps({"type": event, "data": data}).encode()
        order_no, refund_no = str(data["order_no"]), str(data.get("refund_no", ""))
        return Hook(kind=kind, id=f"msg_{self._count()}", order_no=order_no, refund_no=refund_no, body=body)

    def _said(self, who: str) -> Callback:
        """A customer asks for the rules; the message lies at the platform, the callback only rings."""
        self._wecom.say(who, "规则")
        fields = {"Event": "kf_msg_or_event", "Token": f"ring-{self._count()}", "OpenKfId": DESK, "FromUserName": "sys"}
        return Callback(kind="desk", plain=self._event(fields))

    def _rep_text(self, number: int) -> Callback:
        words = self._rng.choice(("帮助", "帮助", "帮助", "业绩"))
        rep = self._rng.choice(list(REPS))
        fields = {"FromUserName": rep, "MsgType": "text", "Content": words, "MsgId": str(number), "AgentID": "1000002"}
        return Callback(kind="rep text", plain=self._event(fields), rep=rep)

    def _left(self, who: str, rep: str) -> Callback:
        return Callback(kind="left", plain=self._contact_event("del_follow_user", who, rep, {}))

    def _contact_event(self, change: str, who: str, rep: str, more: dict[str, str]) -> str:
        fields = {"Event": "change_external_contact", "ChangeType": change, "UserID": rep, "ExternalUserID": who}
        return self._event({"FromUserName": "sys"} | fields | more)

    def _event(self, fields: dict[str, str]) -> str:
        common = {"ToUserName": CORP, "CreateTime": str(int(self._now())), "MsgType": "event"}
        inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in (common | fields).items())
        return f"<xml>{inner}</xml>"

    def _count(self) -> int:
        self._number += 1
        return self._number


def _session() -> ClientSession:
    return ClientSession(cookie_jar=DummyCookieJar(), connector=TCPConnector(limit=0), timeout=PATIENCE)
