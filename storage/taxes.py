"""What people got in a year that is taxed, for those who pay it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from referral.rewards import RewardState
from referral.tax import TAXED, Payment
from referral.times import SHANGHAI
from storage import tables as t
from storage.listings import Listing
from storage.times import at, ms
from storage.transaction import Transaction

_r = t.rewards.c
_HAD = (RewardState.GRANTED.value, RewardState.EXPIRED.value)


def people_of(year: int) -> Listing:
    """Those who got something taxed in a year of Beijing's, each once."""
    return Listing(name=f"tax{year}", rows=select(_r.person).where(*_taxed(year)).distinct(), key=(_r.person,))


def payments_of(tx: Transaction, year: int, people: Sequence[str]) -> dict[str, list[Payment]]:
    """What each of them got in that year, in the order of time; what was taken back is not in it."""
    statement = select(t.rewards).where(*_taxed(year), _r.person.in_(people)).order_by(_r.granted_at, _r.id)
    found: defaultdict[str, list[Payment]] = defaultdict(list)
    for row in tx.connection.execute(statement):
        found[row.person].append(_payment(row))
    return dict(found)


def _taxed(year: int) -> tuple[ColumnElement[bool], ...]:
    begins, ends = (ms(datetime(each, 1, 1, tzinfo=SHANGHAI)) for each in (year, year + 1))
    return _r.tax_class.in_(TAXED), _r.state.in_(_HAD), _r.granted_at >= begins, _r.granted_at < ends


def _payment(row: Any) -> Payment:
    """Money is worth its amount, whatever else what the company paid for it."""
    value = row.amount if row.unit == "fen" else row.cost_fen
    return Payment(tax_class=row.tax_class, value_fen=value, at=at(row.granted_at))
