"""The night's learning: from the asks that are ripe, then everybody's score anew where the weights have moved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from bot.merging import worded
from bot.naming import colleague
from referral import ripening
from referral.errors import BadInput
from referral.learning import Model
from referral.scoring import PRIOR, Weights, score
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()
_ROWS = 500
Row = tuple[str, float, float]
_SCORED = "model_scored"
_SAME = 0.01  # of the score: less moves nobody's place in a plan


async def learn_from_asks(store: Store, *, clock: Clock) -> int:
    """Learn from all that is ripe; from how many asks."""
    now, count = clock(), 0
    sums = await store.read(lambda tx: tx.models.sums())
    while found := await store.read(partial(ripening.lesson, now=now, sums=sums)):
        if await store.write(partial(ripening.take_in, found=found, now=now)):
            count += len(found.nudges)
    model = await store.read(lambda tx: tx.models.current())
    moved = ripening.moved(await store.read(_scored_by), model.weights)
    await rescore(store, clock=clock, overtaken=not moved)
    if count:
        log.info("model.learned", asks=count, version=model.version)
    return count


async def rescore(store: Store, *, clock: Clock, overtaken: bool = False) -> int:
    """Make every score anew, or only those that news has `overtaken`, a slice at a time; how many were written."""
    model, now = await store.read(lambda tx: tx.models.current()), clock()
    last, written, more = "", 0, True
    while more:
        rows, last = await store.read(partial(_slice, model=model, after=last, now=now, overtaken=overtaken))
        if rows:
            written += await store.write(partial(_write, rows=rows))
        more = bool(last)
    if not overtaken:  # last: one that is broken off begins anew
        await store.write(lambda tx: tx.marks.set(_SCORED, _told(model.weights)))
    return written


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelling:
    """What staff do about the model; `door` is where it was done, for the audit."""

    store: Store
    clock: Clock
    door: str

    async def run(self, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`reset`: forget what asks have taught, of everybody. `history`: learn from the company's own, or no more.

        Afterwards scores are made anew.
        """
        if command == "history":
            return await self._history(args)
        if command != "reset":
            raise BadInput("command", f"没有这个命令：model.{command}")
        now, by, why = self.clock(), colleague(str(args["by"])), worded(str(args["reason"]))

        def unit(tx: Transaction) -> int:
            version = ripening.reset(tx, now=now).version
            tx.moments.forget_own()
            tx.audit.note(self.door, "model.reset", str(version), f"{by}：{why}", now)
            return version

        version = await self.store.write(unit)
        await rescore(self.store, clock=self.clock)
        return {"version": version}

    async def _history(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Let the company's own history weigh no more, and be learned from no more; or let it be, from tonight on."""
        now, by, why = self.clock(), colleague(str(args["by"])), worded(str(args["reason"]))
        on = args["on"] is True

        def unit(tx: Transaction) -> None:
            tx.lessons.switch(on=on)
            tx.audit.note(self.door, "model.history", "on" if on else "off", f"{by}：{why}", now)

        await self.store.write(unit)
        await rescore(self.store, clock=self.clock)
        return {"history": on}


def _scored_by(tx: Transaction) -> Sequence[float]:
    """The weights by which everybody was scored last; those of the profile rule where that never was."""
    told = tx.marks.get(_SCORED) or _told(PRIOR)
    weights: list[float] = json.loads(told)
    return weights


def _told(weights: Weights) -> str:
    return json.dumps(weights.all)


def _write(tx: Transaction, rows: Sequence[Row]) -> int:
    return tx.moments.rescore(rows)


def _slice(tx: Transaction, model: Model, after: str, now: datetime, overtaken: bool) -> tuple[list[Row], str]:
    """Whose score is to be written: as it was, and as it should be; and whom to go on behind."""
    some = tx.moments.scored_after(after, _ROWS, overtaken=overtaken)
    scored = ((moment, was, score(moment, now, model.weights)) for moment, was in some)
    rows = [(moment.person, was, is_) for moment, was, is_ in scored if overtaken or abs(is_ - was) > _SAME]
    return rows, some[-1][0].person if len(some) == _ROWS else ""
