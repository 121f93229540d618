"""Rows of a people file, each as what it tells of one person (design 5.5). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bot.files import cells
from bot.files.cells import Unclear
from bot.files.reading import Reader, Row, past_day, person_readers, problem, read_cells
from bot.files.rows import Problem
from bot.hooks.fields import IDENTITIES
from bot.hooks.reading import Naming
from referral.intake import Told

SCALES = (5, 10, 100)
_CALLED = {"joined_on": "joined_at", "marketing_consent": "consent"}
"""Columns whose value goes by another name here."""


class PeopleReader:
    """Reads the rows of one people file, whose columns are `fields`; `scale` is the top of its satisfaction column."""

    def __init__(self, fields: Sequence[str], naming: Naming, *, scale: int, now: datetime) -> None:
        readers = _readers(naming, scale, now)
        self._fields = fields
        self._readers = [readers[field] for field in fields]

    def read(self, row: Row) -> Told | Problem:
        """What a row tells, or its first problem."""
        found = read_cells(row, self._fields, self._readers)
        if isinstance(found, Problem):
            return found
        try:
            named = found.identities()
        except Unclear as unclear:
            return problem(found.line, next(f for f in self._fields if f in IDENTITIES), "", str(unclear))
        said: dict[str, Any] = {
            _CALLED.get(field, field): value for field, value in found.values.items() if field not in IDENTITIES
        }
        return Told(line=found.line, identities=named, **said)


def _readers(naming: Naming, scale: int, now: datetime) -> dict[str, Reader]:
    return person_readers(naming) | {
        "name": cells.name,
        "nickname": cells.name,
        "rep": cells.name,
        "joined_on": past_day(now),
        "tier": cells.name,
        "satisfaction": partial(cells.satisfaction, scale=scale),
        "activity": cells.number,
        "last_order_at": past_day(now),
        "orders": cells.count,
        "past_referrals": cells.count,
        "tags": cells.tags,
        "marketing_consent": cells.consent,
    }
