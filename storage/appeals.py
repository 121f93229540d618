"""Appeals."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, insert, select, update

from referral.appeals import Appeal
from storage import tables as t
from storage.times import at, ms

_a = t.appeals.c


class AppealsTable:
    """`referral.appeals.Appeals` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, appeal: Appeal) -> None:
        self._c.execute(
            insert(t.appeals).values(
                id=appeal.id,
                person=appeal.person,
                about=appeal.about,
                reason=appeal.reason,
                words=appeal.words,
                at=ms(appeal.at),
                rep=appeal.rep,
                again=appeal.again,
                **_outcome(appeal),
            )
        )

    def get(self, appeal: str) -> Appeal | None:
        return next(iter(self._where(_a.id == appeal)), None)

    def save(self, appeal: Appeal) -> None:
        """Keep what was added to an appeal, and what became of it."""
        self._c.execute(update(t.appeals).where(_a.id == appeal.id).values(words=appeal.words, **_outcome(appeal)))

    def of_person(self, person: str) -> list[Appeal]:
        return self._where(_a.person == person)

    def waiting(self) -> list[Appeal]:
        """Those that nobody has answered, the oldest first."""
        return self._where(_a.answered_at.is_(None))

    def all(self) -> list[Appeal]:
        """Every appeal, the oldest first."""
        return self._where()

    def _where(self, *where: ColumnElement[bool]) -> list[Appeal]:
        rows = self._c.execute(select(t.appeals).where(*where).order_by(_a.at, _a.id))
        return [
            Appeal(
                id=row.id,
                person=row.person,
                about=row.about,
                reason=row.reason,
                words=row.words,
                at=at(row.at),
                rep=row.rep,
                again=bool(row.again),
                answer=row.answer,
                answered_by=row.answered_by,
                answered_at=at(row.answered_at),
            )
            for row in rows
        ]


def _outcome(appeal: Appeal) -> dict[str, object]:
    return {"answer": appeal.answer, "answered_by": appeal.answered_by, "answered_at": ms(appeal.answered_at)}
