"""Rows of a signals file, each as one thing heard about one person (design 5.4, 5.5). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.files import cells
from bot.files.cells import Unclear
from bot.files.reading import Cells, Reader, Row, past_moment, person_readers, problem, read_cells
from bot.files.rows import Problem
from bot.hooks.reading import Naming
from referral.identities import Identity
from referral.signals import TOLD, SignalKind

TYPES = {kind.value: kind.value for kind in TOLD} | {
    "满意度调查": SignalKind.SURVEY.value,
    "好评": SignalKind.PRAISE.value,
    "送达": SignalKind.DELIVERY.value,
    "续费": SignalKind.RENEWAL.value,
    "里程碑": SignalKind.MILESTONE.value,
    "购买": SignalKind.PURCHASE.value,
    "投诉": SignalKind.COMPLAINT.value,
    "投诉解决": SignalKind.RESOLVED.value,
    "活跃": SignalKind.ACTIVITY.value,
}
"""What a row may call its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTold:
    """One row: `score` is a survey's, 0-10, `count` that of an activity."""

    line: int
    identities: tuple[Identity, ...]
    kind: SignalKind
    at: datetime
    score: float | None = None
    count: float | None = None


class SignalsReader:
    """Reads the rows of one signals file, whose columns are `fields`; `scale` is the top of its scores."""

    def __init__(self, fields: Sequence[str], naming: Naming, *, scale: int, now: datetime) -> None:
        readers: dict[str, Reader] = person_readers(naming) | {
            "type": partial(cells.one_of, known=TYPES),
            "score": partial(cells.satisfaction, scale=scale),
            "count": cells.number,
            "at": past_moment(now),
        }
        self._fields = fields
        self._readers = [readers[field] for field in fields]

    def read(self, row: Row) -> SignalTold | Problem:
        """What a row tells, or its first problem."""
        found = read_cells(row, self._fields, self._readers)
        if isinstance(found, Problem):
            return found
        for field in ("type", "at"):
            if field not in found.values:
                return problem(found.line, field, "", "不能为空")
        return _told(found)


def _told(found: Cells) -> SignalTold | Problem:
    kind = SignalKind(found.values["type"])
    score = found.values.get("score") if kind is SignalKind.SURVEY else None
    count = found.values.get("count") if kind is SignalKind.ACTIVITY else None
    if kind is SignalKind.SURVEY and score is None:
        return problem(found.line, "score", "", "满意度调查要有分数")
    if kind is SignalKind.ACTIVITY and count is None:
        return problem(found.line, "count", "", "活跃要有次数")
    try:
        named = found.identities()
    except Unclear as unclear:
        return problem(found.line, "crm_id", "", str(unclear))
    return SignalTold(line=found.line, identities=named, kind=kind, at=found.values["at"][0], score=score, count=count)
