"""A house without a network: the real rules over the real tables of one database, undone after every history."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text

from bot.copy import Copy
from bot.offers import load_pack
from bot.words import Words
from referral import campaigns, codes, contacts, merges, orders, people, thanks
from referral.contact_ways import ContactWay
from referral.events import FriendAdded, FriendLeft
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.ids import new_id
from referral.ledger import UNITS, account_of
from referral.rewards import RewardState
from referral.terms import Terms
from referral.touches import TouchKind, touch_by_code
from storage.transaction import Transaction

_ENTRY = "kind, debit, credit, unit, amount, ref"
_REWARD = "id, person, unit, amount, state, campaign, reserved_fen, cost_fen"
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


@lru_cache
def pack_terms(name: str) -> Terms:
    """The terms of a pack as it ships."""
    return load_pack(name).terms


def engine_on(url: str) -> Engine:
    """An engine on a migrated database that commits nothing by itself."""
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name != "sqlite":
        return engine

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

    def campaign(self, *, pack: str = "double-month", budget_fen: int | None = None, **changes: object) -> str:
        """A running campaign by the terms of a pack; `changes` go over them."""
        terms: Terms = replace(pack_terms(pack), **changes)
        started = campaigns.start(
            self.tx,
            pack=pack,
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
        issued = codes.issue(self.tx, self.facts, person, known, evidence="chat", now=NOON - timedelta(days=50))
        return issued.code

    def touch(self, friend: Identity, code: str, *, at: datetime, kind: TouchKind = TouchKind.CODE) -> None:
        """A friend meets a code."""
        person = self.met(friend)
        touch_by_code(self.tx, person, code, kind=kind, at=at, now=self.now, rng=self.rng)
        orders.reexamine(self.tx, self.facts, person, now=self.now, rng=self.rng)

    def order(
        self,
        number: str,
        *buyer: Identity,
        at: datetime,
        fen: int = 19900,
        kind: str = orders.MONEY,
        code: str | None = None,
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

    def added(self, who: Identity, rep: str, *, mark: str | None = None) -> None:
        """A friend adds a rep, by the QR of a code or without."""
        event = FriendAdded(who=who, rep=rep, mark=mark, welcome_code=None, confirmed=True, at=self.now)
        contacts.friend_added(self.tx, self.facts, event, now=self.now, rng=self.rng)

    def left(self, who: Identity, rep: str) -> None:
        """A friend deletes a rep."""
        event = FriendLeft(who=who, rep=rep, by_rep=False, at=self.now)
        contacts.contact_ended(self.tx, self.facts, event, now=self.now, rng=self.rng)

    def qr(self, code: str, rep: str = "lin") -> str:
        """The mark of a code's QR."""
        way = ContactWay(id=f"m{code}", code=code, rep=rep, mark=f"m{code}")
        self.tx.contact_ways.ask(way, self.now)
        return way.mark

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
        if kind == thanks.MILESTONES:
            thanks.review_milestones(self.tx, self.facts, key, now=self.now, rng=self.rng)
        if kind == orders.CLOSE:
            orders.close(self.tx, key)

    # ---- looking -----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """In every unit debits equal credits; every account says what the rewards say; no budget is exceeded."""
        read = self.tx.connection.execute
        accounts: Counter[tuple[str, str]] = Counter()
        lapsed: Counter[str] = Counter()
        for kind, debit, credit, unit, amount, ref in read(text(f"select {_ENTRY} from ledger_entries")):
            assert amount > 0
            accounts[debit, unit] += amount
            accounts[credit, unit] -= amount
            lapsed[ref] += amount if kind == "expired" else 0
        for unit in UNITS:
            assert sum(amount for (_, each), amount in accounts.items() if each == unit) == 0
        owed: Counter[tuple[str, str]] = Counter()
        used: Counter[str] = Counter()
        for row in read(text(f"select {_REWARD} from rewards where state not in ('rejected', 'reversed')")):
            if row.state == "expired":
                used[row.campaign] += row.reserved_fen
                owed[account_of(row.person, RewardState.GRANTED), row.unit] += row.amount - lapsed[row.id]
                continue
            state = RewardState.GRANTED if row.state == "granted" else RewardState.HELD
            owed[account_of(row.person, state), row.unit] += row.amount
            used[row.campaign] += row.reserved_fen
        self._check_accounts(accounts, owed)
        for row in read(text("select id, used_fen, budget_fen from campaigns")):
            assert used[row.id] == row.used_fen <= row.budget_fen

    @staticmethod
    def _check_accounts(accounts: Counter[tuple[str, str]], owed: Counter[tuple[str, str]]) -> None:
        """What people have is what they were given; where something was used, in all of its unit together."""
        people = {key: amount for key, amount in accounts.items() if key[0].endswith((":held", ":granted")) and amount}
        gone: Counter[str] = Counter()
        for (account, unit), amount in accounts.items():
            gone[unit] += amount if account.startswith(("used:", "spent:")) else 0
        theirs = {key: amount for key, amount in owed.items() if amount}
        if not any(gone.values()):
            assert people == theirs
        for unit in UNITS:
            there = sum(amount for (_, each), amount in people.items() if each == unit)
            assert there + gone[unit] == sum(amount for (_, each), amount in theirs.items() if each == unit)


def wecom(name: str) -> Identity:
    return Identity(IdentityKind.WECOM, name)
