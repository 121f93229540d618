"""Taking in batches of a company's files, each in one transaction: people in bulk, signals and orders as webhooks do.

A batch answers with one verdict a row. With `dry` nothing is written, and the verdicts are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.intake.batches import (
    Batch,
    Ended,
    Found,
    OrderFound,
    OrdersBatch,
    PeopleBatch,
    SignalsBatch,
    Telling,
    Verdict,
)
from bot.intake.events import Taker, hear, heard, order, ordered
from bot.intake.people import People
from bot.intake.strangers import Learned, Prepared
from bot.lessons import ROWS, apply_some
from referral.errors import BadInput
from referral.facts import Facts
from referral.ids import Bits
from referral.taught import Taught
from referral.times import Clock
from storage.errors import AlreadyKept
from storage.intake import IDENTITIES, NewRows
from storage.store import Store
from storage.transaction import Transaction

__all__ = [
    "Batch",
    "Ended",
    "Found",
    "Intake",
    "OrderFound",
    "OrdersBatch",
    "PeopleBatch",
    "SignalsBatch",
    "Telling",
    "Verdict",
]


class _Known(Exception):
    """Somebody is known under a name, though nobody has it."""


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
            if what == "lesson":
                return await self.learn(msgspec.convert(args, Taught))
            if what == "tell":
                return await self.tell(msgspec.convert(args, Telling))
        except msgspec.ValidationError as error:
            raise BadInput("import", "这个命令行程序和运行中的机器人不是同一个版本，请先重启机器人") from error
        raise BadInput("command", f"没有这个命令：import.{what}")

    async def ended(self, ended: Ended) -> None:
        """Note in the audit that a file was taken in."""
        now, counts = self.clock(), json.dumps(ended.counts)
        await self.store.write(lambda tx: tx.audit.note("cli", f"import.{ended.what}", ended.digest, counts, now))

    async def learn(self, taught: Taught) -> None:
        """Keep what the company's history taught."""
        now = self.clock()
        await self.store.write(lambda tx: tx.lessons.keep(taught, now))

    async def tell(self, telling: Telling, rows: int = ROWS) -> tuple[int, str]:
        """Give the next customers what the lesson says of them; how many changed, and whom to go on behind, '' at the
        end."""
        now = self.clock()

        def unit(tx: Transaction) -> tuple[int, str]:
            taught = tx.lessons.latest()
            return apply_some(tx, self.facts, taught.lesson, telling.after, now=now, limit=rows) if taught else (0, "")

        return await self.store.write(unit)

    async def foreseen(self, batch: PeopleBatch) -> list[tuple[Found, Learned]]:
        """What rows of a people file would be, and how their people would be known afterwards."""
        now = self.clock()
        return await self.store.read(lambda tx: People(tx, self.facts, batch, now, self.rng).look())

    async def people(self, batch: PeopleBatch) -> list[Found]:
        """Take in rows of a people file; what each was, and how its person stands to being written to."""
        now = self.clock()
        return await self.store.write(lambda tx: People(tx, self.facts, batch, now, self.rng).take())

    async def prepared(self, some: Callable[[], Iterator[Prepared]]) -> list[list[Found]] | None:
        """Keep people who were made elsewhere, all batches that `some` gives in one transaction.

        None if somebody is known after all; then nothing was kept. A transaction that lost a race calls `some` again.
        Identities are kept last and in the order of their index: by the batch, each would land on a page of its own.
        """

        def unit(tx: Transaction) -> list[list[Found]] | None:
            found: list[list[Found]] = []
            identities: NewRows = []
            for ready in some():
                if tx.intake.awaited(ready.names):
                    raise _Known
                tx.intake.add([rows for rows in ready.rows if rows[0] != IDENTITIES])
                identities += [rows for rows in ready.rows if rows[0] == IDENTITIES]
                found.append(ready.found)
            tx.intake.add_sorted(identities)
            return found

        try:
            return await self.store.write(unit)
        except (AlreadyKept, _Known):  # a name that is somebody's already cannot be kept twice
            return None

    async def signals(self, batch: SignalsBatch, *, dry: bool = False) -> list[Verdict]:
        """Take in rows of a signals file."""
        now, taker = self.clock(), Taker(facts=self.facts, rng=self.rng)
        if dry:
            return await self.store.read(lambda tx: [heard(tx, row) for row in batch.rows])
        return await self.store.write(lambda tx: [hear(taker, tx, row, now) for row in batch.rows])

    async def orders(self, batch: OrdersBatch, *, dry: bool = False) -> list[OrderFound]:
        """Take in rows of an orders file; for one that says otherwise than what is known, what is wrong with it."""
        now, taker = self.clock(), Taker(facts=self.facts, rng=self.rng)
        if dry:
            return await self.store.read(lambda tx: [ordered(tx, row) for row in batch.rows])
        return await self.store.write(lambda tx: [order(taker, tx, row, now) for row in batch.rows])
