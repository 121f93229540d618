"""`/orders/match-rate`: how many orders find their buyer."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from bot.api.operations import Asked, Operation
from bot.unmatched import rate_as_json
from storage.transaction import Transaction


class MatchRate(Struct, frozen=True, kw_only=True):
    """Of the orders received in the last `days` days: how many there were, how many have a buyer, and how many still
    wait for one, whenever they came. `percent` is null where there were no orders."""

    days: int
    orders: int
    matched: int
    percent: float | None
    waiting: int


def _rate(tx: Transaction, asked: Asked) -> MatchRate:
    return msgspec.convert(rate_as_json(tx, asked.now) | {"waiting": tx.unmatched.count()}, MatchRate)


OPERATIONS = (
    Operation(
        name="getMatchRate",
        method="GET",
        path="/orders/match-rate",
        scope="orders:read",
        summary="How many orders find their buyer; `outcome=unmatched` lists those that wait.",
        run=_rate,
        answer=MatchRate,
        example=MatchRate(days=30, orders=120, matched=114, percent=95.0, waiting=4),
    ),
)
