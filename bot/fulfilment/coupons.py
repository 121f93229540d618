"""The coupon connector: one code of a pool for one thanks, taken in the transaction that grants it."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.fulfilment.books import Books, later
from referral import bills, coupons
from referral.fulfilment import BillState
from referral.jobs import Job
from storage.transaction import Transaction

log = structlog.get_logger()

LOOK_AGAIN = timedelta(minutes=10)
"""How soon a bill looks whether an empty pool has been filled."""

EMPTY = "pool_empty"


class Coupons:
    """Gives the codes of one pool, or of those named after it: `referral.coupons.pool_for`."""

    def __init__(self, name: str, books: Books, pool: str) -> None:
        self._name = name
        self._books = books
        self._pool = pool

    async def fulfil(self, job: Job) -> None:
        """Give a code; where the pool is empty the bill waits, and the managers hear of it once until it is filled."""
        if await self._books.store.write(lambda tx: self._give(tx, job)):
            log.error("coupons.pool_empty", connector=self._name, pool=self._pool)

    def _give(self, tx: Transaction, job: Job) -> bool:
        """Whether it was found now that the pool is empty."""
        facts, now, rng = self._books.facts, self._books.clock(), self._books.rng
        found = bills.take_up(tx, job.key, now=now)
        if found is None:
            return False
        bill, reward = found
        if coupon := coupons.claim(tx, self._pool, reward, now=now):
            bills.done(tx, facts, bill, external=coupon.code, now=now, rng=rng)
            return False
        tx.bills.move(bill, BillState.WAITING, now, note=EMPTY)
        later(tx, job, LOOK_AGAIN, now)
        return coupons.ran_out(tx, facts, coupons.pool_for(self._pool, reward), now=now, rng=rng)
