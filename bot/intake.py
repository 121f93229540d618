"""Taking in batches of a company's files, each in one transaction: people in bulk, signals and orders as webhooks do.

A batch answers with one verdict a row. With `dry` nothing is written, and the verdicts are the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any

import msgspec

from bot.files.orders import OrderRow
from bot.files.signals import SignalTold
from bot.hooks.reading import RefundTold
from referral import due_rows, intake, orders
from referral.consent import Answer
from referral.errors import BadInput
from referral.facts import Facts
from referral.identities import Identity
from referral.ids import Bits, new_id
from referral.intake import Profile, Told
from referral.moments import Due, Moment, Permission, Thresholds
from referral.orders import Order, Refund
from referral.people import find_or_create, is_held_out, join
from referral.signals import Signal
from referral.times import SHANGHAI, Clock
from storage.store import Store
from storage.transaction import Transaction


class Verdict(StrEnum):
    """What a row was."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


Found = tuple[Verdict, Permission]
_ID_BITS = 80
OrderFound = Verdict | str
"""What an order was; any other text is what is wrong with its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleBatch:
    """Rows about different people: those behind the first `place` of `of`.

    `digest` is the file's SHA-256; `steps` the scale of activity, None as it is.
    """

    digest: str
    place: int
    of: int
    steps: tuple[float, ...] | None
    rows: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsBatch:
    """Rows of a signals file."""

    rows: tuple[SignalTold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersBatch:
    """Rows of an orders file, about different orders."""

    rows: tuple[OrderRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """That a whole file was taken in: which kind, its SHA-256, and how many rows were what."""

    what: str
    digest: str
    counts: dict[str, int]


Batch = PeopleBatch | SignalsBatch | OrdersBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes in batches."""

    store: Store
    facts: Facts
    clock: Clock
    rng: Bits

    async def run(self, what: str, args: Mapping[str, Any]) -> Any:
        """Take in a batch that came as plain JSON. Raises `BadInput` for one that is none of ours."""
        try:
            if what == "people":
                return await self.people(msgspec.convert(args, PeopleBatch))
            if what == "signals":
                return await self.signals(msgspec.convert(args, SignalsBatch))
            if what == "orders":
                return await self.orders(msgspec.convert(args, OrdersBatch))
            if what == "ended":
                return await self.ended(msgspec.convert(args, Ended))
        except msgspec.ValidationError as error:
            raise BadInput("import", "这个命令行程序和运行中的机器人不是同一个版本，请先重启机器人") from error
        raise BadInput("command", f"没有这个命令：import.{what}")

    async def ended(self, ended: Ended) -> None:
        """Note in the audit that a file was taken in."""
        now, counts = self.clock(), json.dumps(ended.counts)
        await self.store.write(lambda tx: tx.audit.note("cli", f"import.{ended.what}", ended.digest, counts, now))

    async def people(self, batch: PeopleBatch, *, dry: bool = False) -> list[Found]:
        """Take in rows of a people file; what each was, and how its person stands to being written to."""
        now = self.clock()
        if dry:
            return await self.store.read(lambda tx: _People(tx, self.facts, batch, now, self.rng).look())
        return await self.store.write(lambda tx: _People(tx, self.facts, batch, now, self.rng).take())

    async def signals(self, batch: SignalsBatch, *, dry: bool = False) -> list[Verdict]:
        """Take in rows of a signals file."""
        now = self.clock()
        if dry:
            return await self.store.read(lambda tx: [_heard(tx, row) for row in batch.rows])
        return await self.store.write(lambda tx: [self._hear(tx, row, now) for row in batch.rows])

    async def orders(self, batch: OrdersBatch, *, dry: bool = False) -> list[OrderFound]:
        """Take in rows of an orders file; for one that says otherwise than what is known, what is wrong with it."""
        now = self.clock()
        if dry:
            return await self.store.read(lambda tx: [_ordered(tx, row) for row in batch.rows])
        return await self.store.write(lambda tx: [self._order(tx, row, now) for row in batch.rows])

    def _hear(self, tx: Transaction, row: SignalTold, now: datetime) -> Verdict:
        person = self._person(tx, row.identities, now)
        heard = due_rows.hear(tx, self.facts, _signal(row, person), now=now)
        return Verdict.NEW if heard else Verdict.SAME

    def _person(self, tx: Transaction, identities: tuple[Identity, ...], now: datetime) -> str:
        """Whom these identities name; one not yet known becomes known by them, and orders that waited are looked at."""
        known = tx.intake.whose(map(str, identities))
        if len(known) == len(identities) and len(set(known.values())) == 1:
            return known[str(identities[0])]
        first = next((each for each in identities if str(each) in known), identities[0])
        find_or_create(tx, first, now=now, rng=self.rng, holdout=self.facts.holdout)
        person = join(tx, identities, now=now)
        assert person
        orders.reexamine(tx, self.facts, person.id, now=now, rng=self.rng)
        return person.id

    def _order(self, tx: Transaction, row: OrderRow, now: datetime) -> OrderFound:
        found = _ordered(tx, row)
        told = row.told
        if found == Verdict.NEW:
            order = Order(
                id=new_id(self.rng, "o"),
                source=told.source,
                order_no=told.order_no,
                kind=told.kind,
                amount_fen=told.amount_fen,
                paid_at=told.at,
                received_at=now,
                digest=told.digest,
                code=told.code,
            )
            orders.place(tx, self.facts, order, told.buyer, now=now, rng=self.rng)
        if found in (Verdict.NEW, Verdict.CHANGED) and (given_back := _refund_told(tx, row)):
            refund = Refund(
                id=new_id(self.rng, "f"),
                source=told.source,
                order_no=told.order_no,
                refund_no=given_back.refund_no,
                kind=told.kind,
                amount_fen=given_back.amount_fen,
                at=given_back.at,
                received_at=now,
                digest=given_back.digest,
            )
            orders.refund(tx, self.facts, refund, now=now, rng=self.rng)
        return found


def _signal(row: SignalTold, person: str) -> Signal:
    return Signal(person=person, kind=row.kind, at=row.at, source=intake.CHANNEL, score=row.score, count=row.count)


def _heard(tx: Transaction, row: SignalTold) -> Verdict:
    """What a signal would be."""
    people = set(tx.intake.whose(map(str, row.identities)).values())
    told = [(each.kind, each.at, each.value) for person in people for each in tx.signals.of_person(person)]
    signal = _signal(row, "")
    return Verdict.SAME if (signal.kind, signal.at, signal.value) in told else Verdict.NEW


def _ordered(tx: Transaction, row: OrderRow) -> OrderFound:
    """What an order would be: one known from a webhook is the same, however its buyer is named there."""
    known = tx.orders.find(row.told.source, row.told.order_no, row.told.kind)
    if known is None:
        return Verdict.NEW
    if known.amount_fen != row.told.amount_fen:
        return f"这个订单之前的金额是 {known.amount_fen} 分"
    days = [at.astimezone(SHANGHAI).date() for at in (known.paid_at, row.told.at)]
    if known.paid_at != row.told.at and not (row.day_only and days[0] == days[1]):
        return f"这个订单之前的付款时间是 {known.paid_at.astimezone(SHANGHAI).isoformat()}"
    return Verdict.CHANGED if _refund_told(tx, row) else Verdict.SAME


def _refund_told(tx: Transaction, row: OrderRow) -> RefundTold | None:
    """What was given back beyond what is known; its number says up to how much, so that it comes only once."""
    told = row.told
    refunds = [each for each in tx.orders.refunds_of(told.source, told.order_no) if each.kind == told.kind]
    if row.refunded_at is None or any(each.amount_fen is None for each in refunds):
        return None
    more = row.refunded_fen - sum(each.amount_fen or 0 for each in refunds)
    if more <= 0:
        return None
    return RefundTold(
        kind=told.kind,
        source=told.source,
        order_no=told.order_no,
        refund_no=f"file:{told.order_no}:{row.refunded_fen}",
        amount_fen=more,
        at=row.refunded_at,
    )


_NOTHING, _NOBODY = Profile(), Moment(person="")


class _InOrder:
    """Chance whose draws for ids ascend over a whole file.

    People of one file then lie side by side in every index: at a million people a batch touches a tenth of the pages.
    """

    def __init__(self, rng: Bits, place: int, of: int) -> None:
        self._rng = rng
        self._place = place
        self._of = of

    def getrandbits(self, bits: int, /) -> int:
        """As many bits; in draws of 80 the upper ones say the place, and at least 40 are chance."""
        drawn = self._rng.getrandbits(bits)
        if bits < _ID_BITS:
            return drawn
        self._place += 1
        return ((self._place << bits) + drawn) // (self._of + 1)


class _People:
    """One batch of people in one transaction."""

    def __init__(self, tx: Transaction, facts: Facts, batch: PeopleBatch, now: datetime, rng: Bits) -> None:
        self._tx = tx
        self._facts = facts
        self._digest = batch.digest
        self._now = now
        self._rng = _InOrder(rng, batch.place, batch.of)
        reps = tx.intake.reps()
        self._rows = [replace(row, rep=reps[row.rep]) if row.rep in reps else row for row in batch.rows]
        self._scale = tx.moments.thresholds() if batch.steps is None else Thresholds(batch.steps)
        self._names = {row.line: tuple(map(str, row.identities)) for row in self._rows}
        self._whose = tx.intake.whose(self._all_names())
        self._joined: set[int] = set()
        self._profiles: dict[str, Profile] = {}
        self._moments: dict[str, Moment] = {}

    def look(self) -> list[Found]:
        """What the rows would be."""
        return [found for found, _ in self._learned()]

    def take(self) -> list[Found]:
        """Write what the rows tell."""
        if self._scale != self._tx.moments.thresholds():
            self._tx.moments.set_thresholds(self._scale)
        self._join()
        learned = list(self._learned())
        self._keep([each for _, each in learned])
        return [found for found, _ in learned]

    def _join(self) -> None:
        """Bring people together whom one row names; what they were called stays with the one who is left."""
        several = [row for row in self._rows if len(self._named(row)) > 1]
        for row in several:
            kept = join(self._tx, row.identities, now=self._now)
            assert kept
            orders.reexamine(self._tx, self._facts, kept.id, now=self._now, rng=self._rng)
        if several:
            self._whose = self._tx.intake.whose(self._all_names())
            self._joined = {row.line for row in several if len(self._named(row)) == 1}

    def _learned(self) -> Iterator[tuple[Found, _Learned]]:
        known = list(dict.fromkeys(filter(None, map(self._person, self._rows))))
        self._profiles, self._moments = self._tx.intake.profiles(known), self._tx.moments.find(known)
        for row in self._rows:
            person = self._person(row)
            learned = self._stranger(row) if person is None else self._known(row, person)
            yield (learned.verdict, learned.moment.consent), learned

    def _all_names(self) -> Iterator[str]:
        return chain.from_iterable(self._names.values())

    def _named(self, row: Told) -> list[str]:
        """The people whom a row names, each once, in its order."""
        if not self._whose:
            return []
        return list(dict.fromkeys(self._whose[name] for name in self._names[row.line] if name in self._whose))

    def _person(self, row: Told) -> str | None:
        """Whom a row is about; the first it names, where it names two who cannot be joined."""
        return next(iter(self._named(row)), None)

    def _stranger(self, row: Told) -> _Learned:
        person = new_id(self._rng, "p")
        of_moment = intake.moment_news(_NOBODY, row, self._scale)
        said = intake.answer(_NOBODY, row, heard_before=False, own=False)
        if said:
            of_moment |= {"consent": Permission(said), "consent_at": self._now}
        held_out = is_held_out(self._rng, self._facts.holdout)
        return _Learned(
            person=person,
            verdict=Verdict.NEW,
            profile=intake.news(_NOTHING, row),
            moment=Moment(person=person, holdout=held_out, **of_moment),
            moved=True,
            answer=(person, said, intake.evidence(self._digest, row.line)) if said else None,
            attached=row.identities,
        )

    def _known(self, row: Told, person: str) -> _Learned:
        profile, moment = self._profiles[person], self._moments.get(person) or self._tx.moments.get(person)
        heard_before, own = False, False
        if intake.may_differ(moment, row):
            heard_before, own = self._tx.intake.own_words(person, intake.evidence(self._digest, row.line))
        said = intake.answer(moment, row, heard_before=heard_before, own=own)
        attached = tuple(identity for identity in row.identities if str(identity) not in self._whose)
        of_profile, of_moment = intake.news(profile, row), intake.moment_news(moment, row, self._scale)
        if said:
            of_moment |= {"consent": Permission(said), "consent_at": self._now}
        differs = attached or of_profile or of_moment.keys() - {"rank"} or row.line in self._joined
        if of_profile:
            self._profiles[person] = replace(profile, **of_profile)
        if of_moment:
            moment = self._moments[person] = replace(moment, **of_moment)
        return _Learned(
            person=person,
            verdict=Verdict.CHANGED if differs else Verdict.SAME,
            profile=of_profile,
            moment=moment,
            moved=bool(of_moment),
            answer=(person, said, intake.evidence(self._digest, row.line)) if said else None,
            attached=attached,
        )

    def _keep(self, learned: Sequence[_Learned]) -> None:
        table, now = self._tx.intake, self._now
        new = [each for each in learned if each.is_new]
        table.add_people([(each.person, each.moment.holdout, each.profile) for each in new], now)
        for each in learned:
            if each.profile and not each.is_new:
                table.change(each.person, each.profile)
        table.attach(((identity, each.person) for each in learned for identity in each.attached), now)
        table.add_moments(self._due(new))
        table.keep_moments(self._due(each for each in learned if each.moved and not each.is_new))
        table.add_answers([each.answer for each in learned if each.answer], now)
        self._reexamine(learned)

    def _due(self, learned: Iterable[_Learned]) -> list[tuple[Moment, Due]]:
        latest = {each.person: each.moment for each in learned}
        policy = self._facts.policy
        return [(moment, due_rows.outlook(moment, policy, self._now)) for moment in latest.values()]

    def _reexamine(self, learned: Sequence[_Learned]) -> None:
        """Look again at orders whose buyer has only now become somebody."""
        awaited = self._tx.intake.awaited()
        for each in learned:
            if awaited and not awaited.isdisjoint(each.attached):
                orders.reexamine(self._tx, self._facts, each.person, now=self._now, rng=self._rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learned:
    """What a row changes: `profile` only the changes, `moment` as it is afterwards and whether it has `moved`."""

    person: str
    verdict: Verdict
    profile: dict[str, Any]
    moment: Moment
    moved: bool
    answer: tuple[str, Answer, str] | None
    attached: tuple[Identity, ...]

    @property
    def is_new(self) -> bool:
        return self.verdict is Verdict.NEW
