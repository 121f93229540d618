"""A house without a network: the real rules over the real tables of one SQLite database, undone after every history."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text

from bot.copy import Copy
from bot.offers import load_pack
from bot.words import Words
from referral import campaigns, codes, merges, orders, people, thanks
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.ids import new_id
from referral.ledger import UNITS, account_of
from referral.rewards import RewardState
from referral.terms import Terms
from referral.touches import TouchKind, touch_by_code
from storage.transaction import Transaction

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@lru_cache(maxsize=1)
def facts() -> Facts:
    """The company of these tests."""
    return Facts(
        company="青禾生活",
        public_url="https://i.example.cn",
        code_key=bytes(range(32, 64)),
        words=Words(copy=Copy.load(), company="青禾生活", contact="微信客服"),
        own_page=lambda person: f"https://i.example.cn/me/{person}",
        holdout=0.0,
    )


def engine_on(path: Path) -> Engine:
    """An engine on a migrated SQLite file that commits nothing by itself."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _by_hand(driver: object, _: object) -> None:
        driver.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine


@contextmanager
def history(connection: Connection, *, seed: int = 7) -> Iterator[Books]:
    """Books to write one history in; afterwards everything is as before."""
    started = connection.begin()
    try:
        yield Books(tx=Transaction(connection), facts=facts(), rng=random.Random(seed))
    finally:
        started.rollback()


@dataclass
class Books:
    """One history being written: people by their ids, campaigns, codes, what they do."""

    tx: Transaction
    facts: Facts
    rng: random.Random
    now: datetime = NOON
    serial: int = 0
    codes: dict[tuple[str, str], str] = field(default_factory=dict)

    def campaign(self, *, budget_fen: int | None = None, **changes: object) -> str:
        """A running campaign by the terms of double-month; `changes` go over them."""
        terms: Terms = replace(load_pack("double-month").terms, **changes)
        started = campaigns.start(
            self.tx,
            pack="double-month",
            name="冬",
            terms=terms,
            starts_at=NOON - timedelta(days=60),
            ends_at=None,
            budget_fen=terms.budget_fen if budget_fen is None else budget_fen,
            now=self.now,
            rng=self.rng,
        )
        return started.id

    def met(self, *ids: Identity) -> str:
        """The person with these ids, made known and brought together."""
        person, _ = people.find_or_create(self.tx, ids[0], now=self.now, rng=self.rng)
        joined = merges.join(self.tx, self.facts, ids, now=self.now, rng=self.rng) or person
        orders.reexamine(self.tx, self.facts, joined.id, now=self.now, rng=self.rng)
        return joined.id

    def code(self, advocate: Identity, campaign: str) -> str:
        """The code of an advocate, made long ago."""
        person = self.tx.people.get(self.met(advocate))
        known = self.tx.campaigns.get(campaign)
        issued = codes.issue(
            self.tx, self.facts, person, known, evidence="chat", now=NOON - timedelta(days=50)
        )
        return issued.code

    def touch(self, friend: Identity, code: str, *, at: datetime, kind: TouchKind = TouchKind.CODE) -> None:
        """A friend meets a code."""
        person = self.met(friend)
        touch_by_code(self.tx, person, code, kind=kind, at=at, now=self.now, rng=self.rng)
        orders.reexamine(self.tx, self.facts, person, now=self.now, rng=self.rng)

    def order(
        self, number: str, *buyer: Identity, at: datetime, fen: int = 19900, kind: str = orders.MONEY, code: str | None = None
    ) -> orders.Answer:
        """A friend does something."""
        made = orders.Order(
            id=new_id(self.rng, "o"),
            source="shop",
            order_no=number,
            kind=kind,
            amount_fen=fen,
            paid_at=at,
            received_at=self.now,
            digest=f"{number}:{fen}",
            code=code,
        )
        return orders.place(self.tx, self.facts, made, buyer, now=self.now, rng=self.rng)

    def refund(self, number: str, refund_no: str, fen: int | None, *, kind: str = orders.MONEY) -> orders.Answer:
        told = orders.Refund(
            id=new_id(self.rng, "f"),
            source="shop",
            order_no=number,
            refund_no=refund_no,
            kind=kind,
            amount_fen=fen,
            at=self.now,
            received_at=self.now,
            digest=f"{refund_no}:{fen}",
        )
        return orders.refund(self.tx, self.facts, told, now=self.now, rng=self.rng)

    def pass_days(self, days: float) -> None:
        """Time goes by, and what falls due is done."""
        self.now += timedelta(days=days)
        while due := self.tx.jobs.claim(self.now, limit=1000, lease=timedelta(minutes=1)):
            for job in due:
                self._do(job.kind, job.key)
                self.tx.jobs.done(job)

    def _do(self, kind: str, key: str) -> None:
        if kind == thanks.GRANT:
            thanks.grant(self.tx, self.facts, key, now=self.now, rng=self.rng)
        if kind == thanks.EXPIRE:
            thanks.expire(self.tx, key, now=self.now, rng=self.rng)
        if kind == orders.CLOSE:
            orders.close(self.tx, key)

    # ---- looking -----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """In every unit debits equal credits; every account says what the rewards say; no budget is exceeded."""
        connection = self.tx.connection
        accounts: dict[tuple[str, str], int] = {}
        for debit, credit, unit, amount in connection.execute(
            text("select debit, credit, unit, amount from ledger_entries")
        ):
            accounts[debit, unit] = accounts.get((debit, unit), 0) + amount
            accounts[credit, unit] = accounts.get((credit, unit), 0) - amount
        for unit in UNITS:
            assert sum(amount for (_, each), amount in accounts.items() if each == unit) == 0
        owed: dict[tuple[str, str], int] = {}
        used: dict[str, int] = {}
        names = "person, unit, amount, state, campaign, reserved_fen, cost_fen"
        for row in connection.execute(text(f"select {names} from rewards where state in ('held','approved','granted')")):
            state = RewardState.GRANTED if row.state == "granted" else RewardState.HELD
            account = account_of(row.person, state)
            owed[account, row.unit] = owed.get((account, row.unit), 0) + row.amount
            cost = row.cost_fen if row.state == "granted" else row.reserved_fen
            used[row.campaign] = used.get(row.campaign, 0) + cost
        theirs = {key: amount for key, amount in accounts.items() if not key[0].startswith("campaign:") and amount}
        assert theirs == owed
        for row in connection.execute(text("select id, used_fen, budget_fen from campaigns")):
            assert used.get(row.id, 0) == row.used_fen <= row.budget_fen


def wecom(name: str) -> Identity:
    return Identity(IdentityKind.WECOM, name)
