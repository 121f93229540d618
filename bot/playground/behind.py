"""What stands behind the phones, read from the bot's own store: decisions with their reasons, ledger, short list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.words import Words
from referral.decisions import Verdict
from referral.facts import Facts
from referral.foresight import shortlist, verdict_on
from referral.identities import Identity, IdentityKind
from referral.nicknames import legible
from referral.nudges import Nudge, Purpose
from referral.people import Person
from referral.times import SHANGHAI, Clock
from storage.ledger import Leaf
from storage.store import Store
from storage.times import iso
from storage.transaction import Transaction

LISTED, ENTRIES = 8, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What would be decided about asking one customer: `kind` is send, defer or drop; the sentences are reasons."""

    name: str
    kind: str
    channel: str
    chance: int
    why: Sequence[str]
    against: Sequence[str]
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A customer on the rep's list of today: how far the ask is, and the reasons it was listed for."""

    name: str
    state: str
    why: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thanks:
    """One thanks: whose, how much, how far, and why it stands so."""

    side: str
    amount: int
    unit: str
    state: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """How somebody came: through whom, whether it counts and why, their orders and the thanks.

    `granted_at` is when the latest of them were, ISO 8601, or empty.
    """

    name: str
    advocate: str
    status: str
    why: str
    orders: Sequence[str]
    thanks: Sequence[Thanks]
    granted_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One entry of the ledger, with its place from 1 on."""

    place: int
    at: str
    kind: str
    amount: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The ledger: how many entries, the root in hex, the newest entries, and up to which a head is signed."""

    size: int
    root: str
    entries: Sequence[Written]
    signed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """All of it; `retrying` jobs that failed and are tried again, `untold` news for the customer that waits until they
    write, `waiting` letters that are still to go out, when the next one is due."""

    customer: Judged | None
    friend: Came | None
    listed: Sequence[Listed]
    list: Sequence[Judged]
    book: Book
    waiting: int
    retrying: int
    untold: int
    next_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads it."""

    store: Store
    facts: Facts
    words: Words
    clock: Clock

    async def read(self, customer: str | None, friend: str | None, rep: str) -> Behind:
        """For the customer and the friend whom the platform calls so, None for somebody unheard of, and the rep."""
        now = self.clock()
        return await self.store.read(lambda tx: self._read(tx, customer, friend, rep, now))

    def _read(self, tx: Transaction, customer: str | None, friend: str | None, rep: str, now: datetime) -> Behind:
        asked, came = _find(tx, customer), _find(tx, friend)
        due = tx.outbox.next_due()
        verdict = verdict_on(tx, self.facts, asked.id, at=now) if asked else None
        story = self._came(tx, came) if came else None
        return Behind(
            customer=self._judged(tx, verdict) if verdict else None,
            friend=story,
            listed=[self._listed(tx, nudge) for nudge in tx.nudges.on_list(rep, now) if nudge.purpose == Purpose.ASK],
            list=[self._judged(tx, each) for each in shortlist(tx, self.facts, at=now, limit=LISTED)],
            book=_book(tx),
            waiting=tx.outbox.waiting(),
            retrying=tx.jobs.retrying(),
            untold=len(tx.notices.waiting(asked.id)) if asked else 0,
            next_at=f"{due.astimezone(SHANGHAI):%H:%M:%S}" if due else "",
        )

    def _listed(self, tx: Transaction, nudge: Nudge) -> Listed:
        person = tx.people.get(nudge.person)
        return Listed(
            name=self.words.friend(_called(person)),
            state=nudge.state.value,
            why=[self.words.moment(code, value) for code, value in nudge.reasons],
        )

    def _judged(self, tx: Transaction, verdict: Verdict) -> Judged:
        person = tx.people.get(verdict.customer.moment.person)
        until = verdict.not_before
        return Judged(
            name=self.words.friend(_called(person)),
            kind=verdict.kind,
            channel=verdict.route.value,
            chance=round(100 * verdict.score),
            why=[self.words.moment(each.code, each.value) for each in verdict.why],
            against=[self.words.moment(each.code, each.value) for each in verdict.against],
            until=f"{until.astimezone(SHANGHAI):%m-%d %H:%M}" if until else "",
        )

    def _came(self, tx: Transaction, person: Person) -> Came | None:
        referral = next(iter(reversed(tx.referrals.of_friend(person.id))), None)
        orders = tx.orders.of_person(person.id)
        if referral is None and not orders:
            return None
        advocate = tx.people.get(referral.advocate) if referral else None
        thanks = tx.rewards.of_referral(referral.id) if referral else []
        granted = max((each.granted_at for each in thanks if each.granted_at), default=None)
        return Came(
            name=self.words.friend(_called(person)),
            advocate=self.words.friend(_called(advocate)) if advocate else "",
            status=referral.status.value if referral else "",
            why=self.words.reason(referral.reason, audience="staff") if referral and referral.reason else "",
            orders=[
                f"{order.order_no} · ¥{order.amount_fen / 100:g} · {self.words.reason(reason, audience='staff')}"
                for order in orders
                for reason in order.reasons[:1]
            ],
            thanks=[
                Thanks(
                    side=each.side.value,
                    amount=each.amount,
                    unit=each.unit,
                    state=each.state.value,
                    why=self.words.reason(each.reason, audience="staff") if each.reason else "",
                )
                for each in thanks
            ],
            granted_at=iso(granted) or "",
        )


def _called(person: Person | None) -> str:
    return (person.called or legible(person.name)) if person else ""


def _find(tx: Transaction, external_userid: str | None) -> Person | None:
    if external_userid is None:
        return None
    return tx.people.find(Identity(IdentityKind.WECOM, external_userid))


def _book(tx: Transaction) -> Book:
    size = tx.ledger.size()
    heads = tx.ledger.heads()
    return Book(
        size=size,
        root=tx.ledger.root().hex() if size else "",
        entries=[_entry(leaf) for leaf in tx.ledger.newest(ENTRIES)],
        signed=heads[-1].size if heads else 0,
    )


def _entry(leaf: Leaf) -> Written:
    entry = leaf.entry
    at = f"{entry.at.astimezone(SHANGHAI):%m-%d %H:%M}"
    return Written(place=leaf.seq + 1, at=at, kind=entry.kind, amount=entry.amount, unit=entry.unit)
