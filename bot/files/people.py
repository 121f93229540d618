"""Rows of a people file, each as what it tells of one person (design 5.5). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bot.files import cells
from bot.files.cells import Born, Unclear
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
        self._today = cells.today(now).isoformat()

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
        if "birthday" in said:
            said |= self._born(said["birthday"])
        return Told(line=found.line, identities=named, **said)

    def doubt(self, told: Told) -> Problem | None:
        """What a row that can be used says twice and otherwise: somebody's age, who is then taken for a minor."""
        if told.adult_on is None or told.minor is not False:
            return None
        words = f"写着不是，按生日却没满 {cells.OF_AGE} 岁；这一行已收下，到 {told.adult_on} 为止按未成年算"
        return problem(told.line, "minor", "", words)

    def _born(self, told: Born) -> dict[str, Any]:
        """The birthday; and of a minor, when they come of age: of anybody else no year is ours to keep."""
        is_minor = told.adult_on is not None and told.adult_on > self._today
        return {"birthday": told.day} | ({"adult_on": told.adult_on} if is_minor else {})


def _readers(naming: Naming, scale: int, now: datetime) -> dict[str, Reader]:
    return person_readers(naming) | {
        "name": cells.name,
        "nickname": cells.name,
        "rep": cells.name,
        "joined_on": past_day(now),
        "birthday": cells.born,
        "tier": cells.name,
        "satisfaction": partial(cells.satisfaction, scale=scale),
        "activity": cells.number,
        "last_order_at": past_day(now),
        "orders": cells.count,
        "past_referrals": cells.count,
        "tags": cells.tags,
        "marketing_consent": cells.consent,
        "minor": cells.minor,
    }
