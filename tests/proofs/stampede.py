"""A stampede: very many orders at the same moment, for a budget that is good for a few."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

from sqlalchemy import select

from referral import orders
from referral.identities import Identity
from referral.ids import new_id
from storage import tables as t
from storage.open import open_store
from storage.transaction import Transaction
from tests.engine.books import NOON, Books, facts, wecom

COST_FEN = 6000  # of a pair of thanks, by the pack
PAIRS = 7
BUDGET_FEN = PAIRS * COST_FEN + COST_FEN - 1


async def stampede(url: str, buyers: int, *, stores: int = 1) -> dict[str, Any]:
    """`buyers` friends order with Mei's code, all at once, through several stores on one migrated, empty database.

    Returns the outcomes, how many rewards are in which state, and how the campaign stands; the books were checked.
    """
    opened = [await open_store(url) for _ in range(stores)]
    campaign, code = await opened[0].write(_start)

    async def buy(number: int) -> str:
        return await opened[number % stores].write(lambda tx: _ordered(tx, number, code))

    outcomes = Counter(await asyncio.gather(*map(buy, range(buyers))))
    kept = await opened[0].read(lambda tx: tx.campaigns.get(campaign))
    rewards = await opened[0].read(lambda tx: Counter(tx.connection.execute(select(t.rewards.c.state)).scalars()))
    await opened[0].read(lambda tx: _books(tx, 2).check())
    for store in opened:
        await store.close()
    return {"orders": outcomes, "rewards": rewards, "used_fen": kept.used_fen, "state": f"{kept.state} {kept.pause}"}


def expected(buyers: int) -> dict[str, Any]:
    """What must come of it: as many pairs as the budget is good for, and not one fen over."""
    return {
        "orders": {"held": PAIRS, "rejected": buyers - PAIRS},
        "rewards": {"held": 2 * PAIRS, "rejected": 2 * (buyers - PAIRS)},
        "used_fen": PAIRS * COST_FEN,
        "state": "paused budget",
    }


def _books(tx: Transaction, seed: int) -> Books:
    return Books(tx=tx, facts=facts(), rng=random.Random(seed))


def _start(tx: Transaction) -> tuple[str, str]:
    books = _books(tx, 1)
    campaign = books.campaign(budget_fen=BUDGET_FEN)
    return campaign, books.code(wecom("wmMei"), campaign)


def _ordered(tx: Transaction, number: int, code: str) -> str:
    rng = random.Random(f"order {number}")
    buyer: Identity = wecom(f"wm{number}")
    made = orders.Order(
        id=new_id(rng, "o"),
        source="shop",
        order_no=f"A{number}",
        kind=orders.MONEY,
        amount_fen=19_900,
        paid_at=NOON,
        received_at=NOON,
        digest=f"{number}",
        code=code,
    )
    return orders.place(tx, facts(), made, [buyer], now=NOON, rng=rng).outcome.value
