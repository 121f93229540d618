"""A small house behind the webhooks: real rules, real storage, real HTTP, and a clock that the test turns."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from aiohttp import web
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from bot.copy import Copy
from bot.hooks import orders as orders_hook
from bot.hooks import signals as signals_hook
from bot.hooks.reading import Naming
from bot.offers import load_pack
from bot.words import Words
from referral import campaigns, codes, due_rows, orders, people, thanks, touches
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.ledger import account_of
from referral.moments import Moment, Permission
from referral.rewards import COUNTED, RewardState
from referral.touches import TouchKind
from storage.open import open_store
from storage.tables import outbox

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PHONE_KEY = bytes(range(32))
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TERMS = load_pack("double-month").terms


@dataclass
class Said:
    """What the house answered."""

    status: int
    body: dict

    @property
    def outcome(self) -> str:
        return self.body["outcome"]

    @property
    def codes(self) -> list[str]:
        return [reason["code"] for reason in self.body["reasons"]]

    @property
    def wrong(self) -> dict[str, str]:
        return {error["field"]: error["problem"] for error in self.body["errors"]}


@dataclass
class House:
    store: object
    facts: Facts
    client: object = None
    now: datetime = NOON
    machine_now: datetime = NOON + timedelta(days=400)
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    numbers: count = field(default_factory=lambda: count(1))
    campaign: str = ""
    wakes: int = 0

    # --- the shop's side ---------------------------------------------------------------------------------------------

    async def tell(self, kind: str, data: dict | None = None, *, webhook: str | None = None, **fields) -> Said:
        """A signed webhook; `fields` go over `data`."""
        return await self.post(json.dumps({"type": kind, "data": {**(data or {}), **fields}}).encode(), webhook=webhook)

    async def hear(self, kind: str, person: str | dict = "wmMei", *, webhook: str | None = None, **fields) -> Said:
        """A signed signal about Mei, now; `fields` go over the right ones, None leaves one out."""
        who = {"external_userid": person} if isinstance(person, str) else person
        data = {"person": who, "at": self.now.isoformat()} | fields
        given = {name: value for name, value in data.items() if value is not None}
        body = json.dumps({"type": kind, "data": given}).encode()
        return await self.post(body, webhook=webhook, path="/hooks/signals")

    async def post(
        self, body: bytes, *, webhook: str | None = None, headers: dict | None = None, path: str = "/hooks/orders"
    ) -> Said:
        """A signed body; `headers` go over the right ones."""
        signed = self.signed(body, webhook or f"msg_{next(self.numbers)}") | (headers or {})
        return await self.send(body, [(name, value) for name, value in signed.items() if value is not None], path)

    async def send(self, body, headers, path: str = "/hooks/orders") -> Said:
        async with self.client.post(path, data=body, headers=headers) as answer:
            assert answer.content_type == "application/json"
            return Said(answer.status, await answer.json())

    def signed(self, body: bytes, webhook: str, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
        at = at or self.machine_now
        return {
            "Content-Type": "application/json",
            "webhook-id": webhook,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(webhook, at, body.decode()),
        }

    def paid(self, order_no: str = "A1", buyer: str | dict = "wmJun", **fields) -> dict:
        """The content of an `order.paid` by Jun, now."""
        return {
            "source": "shop",
            "order_no": order_no,
            "buyer": {"external_userid": buyer} if isinstance(buyer, str) else buyer,
            "amount_fen": 19900,
            "currency": "CNY",
            "paid_at": self.now.isoformat(),
        } | fields

    async def pay(self, order_no: str = "A1", buyer: str | dict = "wmJun", **fields) -> Said:
        return await self.tell("order.paid", self.paid(order_no, buyer, **fields))

    async def refund(self, order_no: str = "A1", refund_no: str = "R1", amount_fen: int = 19900, **fields) -> Said:
        content = {"source": "shop", "order_no": order_no, "refund_no": refund_no, "amount_fen": amount_fen}
        return await self.tell("order.refunded", content, **({"refunded_at": self.now.isoformat()} | fields))

    # --- the people's side -------------------------------------------------------------------------------------------

    async def start(self, **changes) -> None:
        """A campaign by the shipped pack's terms; `changes` go over them."""
        terms = replace(TERMS, **changes)

        def unit(tx):
            return campaigns.start(
                tx, pack="double-month", name="冬", terms=terms, starts_at=self.now, ends_at=None,
                budget_fen=terms.budget_fen, now=self.now, rng=self.rng,
            )  # fmt: skip

        self.campaign = (await self.store.write(unit)).id

    async def customer(self, name: str = "wmMei", **known) -> str:
        """A customer of two years who wants to hear of us, with a rep; `known` goes over what bears on the moment."""
        person = await self.know(name, nickname="梅姐", rep="lin")
        since = {"customer_since": self.now - timedelta(days=730), "consent": Permission.GRANTED}

        def unit(tx):
            tx.reps.see("lin", "林顾问")
            due_rows.keep(tx, self.facts, Moment(person=person, **(since | known)), now=self.now)

        await self.store.write(unit)
        return person

    async def writes(self, name: str = "wmMei") -> None:
        """A customer writes to the desk."""
        person = await self.know(name)
        await self.store.write(lambda tx: tx.windows.opened("wkDesk", person, name, self.now))

    async def moment(self, name: str = "wmMei") -> Moment:
        return await self.store.read(lambda tx: tx.moments.get(tx.people.find(wecom(name)).id))

    async def letters(self) -> list[tuple[str, str]]:
        """Where what waits to go out is going, and what it says."""
        rows = await self.store.read(lambda tx: tx.connection.execute(select(outbox.c.lane, outbox.c.payload)).all())
        return [(lane, payload) for lane, payload in rows]

    async def know(self, name: str, **learned) -> str:
        """A person by their WeCom name; `learned` are facts about them."""

        def unit(tx):
            person, _ = people.find_or_create(tx, wecom(name), now=self.now, rng=self.rng)
            if learned:
                tx.people.learn(person.id, **learned)
            return person.id

        return await self.store.write(unit)

    async def code_of(self, name: str = "wmMei") -> str:
        """The code that a person took to pass on."""
        await self.know(name)

        def unit(tx):
            advocate = tx.people.find(wecom(name))
            campaign = tx.campaigns.get(self.campaign)
            return codes.issue(tx, self.facts, advocate, campaign, evidence="chat", now=self.now).code

        return await self.store.write(unit)

    async def add(self, code: str, name: str = "wmJun", *, at: datetime | None = None) -> None:
        """A friend comes with a code: they become known, and what waited for them is looked at again."""

        def unit(tx):
            friend, _ = people.find_or_create(tx, wecom(name), now=self.now, rng=self.rng)
            touches.touch_by_code(
                tx, friend.id, code, kind=TouchKind.ADD, at=at or self.now, now=self.now, rng=self.rng
            )
            orders.reexamine(tx, self.facts, friend.id, now=self.now, rng=self.rng)

        await self.store.write(unit)

    async def days_pass(self, days: float) -> None:
        """Time goes by, and what falls due is done."""
        self.now += timedelta(days=days)

        def unit(tx):
            for job in tx.jobs.claim(self.now, limit=1000, lease=timedelta(minutes=1)):
                if job.kind == thanks.GRANT:
                    thanks.grant(tx, self.facts, job.key, now=self.now, rng=self.rng)
                if job.kind == orders.CLOSE:
                    orders.close(tx, job.key)
                assert tx.jobs.done(job)

        await self.store.write(unit)

    # --- looking -----------------------------------------------------------------------------------------------------

    async def order(self, order_no: str = "A1", kind: str = "order.paid"):
        return await self.store.read(lambda tx: tx.orders.find("shop", order_no, kind))

    async def rewards(self, friend: str = "wmJun") -> set[tuple[str, str, str]]:
        """(side, state, reason) of what stands for a friend; the books are checked on the way."""
        await self.check_books()

        def unit(tx):
            person = tx.people.find(wecom(friend))
            referral = tx.referrals.find(self.campaign, person.id) if person else None
            return tx.rewards.of_referral(referral.id) if referral else []

        return {(r.side.value, r.state.value, str(r.reason)) for r in await self.store.read(unit)}

    async def referral(self, friend: str = "wmJun"):
        return await self.store.read(lambda tx: tx.referrals.find(self.campaign, tx.people.find(wecom(friend)).id))

    async def used_fen(self) -> int:
        return (await self.store.read(lambda tx: tx.campaigns.get(self.campaign))).used_fen

    async def news(self, name: str) -> list[str]:
        """What waits to be told to a person."""
        return await self.store.read(lambda tx: [n.kind for n in tx.notices.waiting(tx.people.find(wecom(name)).id)])

    async def check_books(self) -> None:
        """Budgets hold, entries sum to zero, and every account says what the rewards say."""
        await self.store.read(_check_books)


def _check_books(tx) -> None:
    rewards = [reward for person in tx.people.all() for reward in tx.rewards.of_person(person.id)]
    counted = [r for r in rewards if r.is_counted]
    assert len({(r.referral, r.side) for r in counted}) == len(counted)
    everything = 0
    for person in tx.people.all():
        for state in (RewardState.HELD, RewardState.GRANTED):
            balance = tx.ledger.balance(account_of(person.id, state), "days")
            assert balance == sum(r.amount for r in rewards if r.person == person.id and r.state is state)
            everything += balance
    for campaign in tx.campaigns.all():
        everything += tx.ledger.balance(f"campaign:{campaign.id}", "days")
        used = sum(r.reserved_fen for r in rewards if r.campaign == campaign.id and r.state in COUNTED)
        assert campaign.used_fen == used <= campaign.budget_fen
    assert everything == 0


def wecom(name: str) -> Identity:
    return Identity(IdentityKind.WECOM, name)


def held(reason: str = "hold.running") -> set:
    return both("held", reason)


def both(state: str, reason: str) -> set:
    return {("advocate", state, reason), ("friend", state, reason)}


def facts() -> Facts:
    return Facts(
        company="青禾生活",
        public_url="https://i.example.cn",
        code_key=bytes(range(32, 64)),
        words=Words(copy=Copy.load(), company="青禾生活", contact="微信客服"),
        own_page=lambda person: f"https://i.example.cn/me/{person}",
        holdout=0.0,
    )


async def opened(url: str) -> House:
    """A house over a database at this program's version."""
    return House(store=await open_store(url), facts=facts())


def app_of(house: House, *, secrets=(SECRET,), app_id: str | None = None) -> web.Application:
    app = web.Application()
    app.add_routes(
        orders_hook.routes(
            house.store,
            house.facts,
            secrets,
            PHONE_KEY,
            clock=lambda: house.now,
            machine_clock=lambda: house.machine_now,
            rng=house.rng,
            app_id=app_id,
        )
    )

    def wake() -> None:
        house.wakes += 1

    app.add_routes(
        signals_hook.routes(
            house.store,
            house.facts,
            secrets,
            Naming(phone_key=PHONE_KEY, app_id=app_id),
            clock=lambda: house.now,
            machine_clock=lambda: house.machine_now,
            rng=house.rng,
            wake=wake,
        )
    )
    return app
