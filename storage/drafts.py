"""Drafts: campaigns that reps ask for, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from referral.campaigns import CampaignState
from referral.drafts import Answer, Draft
from storage import tables as t
from storage.times import at, ms

_d = t.drafts.c


class DraftsTable:
    """`referral.drafts.Drafts` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, draft: Draft) -> None:
        self._c.execute(
            insert(t.drafts).values(
                campaign=draft.campaign, rep=draft.rep, handle=draft.handle, asked_at=ms(draft.asked_at)
            )
        )

    def of(self, campaign: str) -> Draft | None:
        row = self._c.execute(select(t.drafts).where(_d.campaign == campaign)).first()
        return _draft(row) if row else None

    def by_handle(self, handle: str) -> Draft | None:
        """The latest one that had this handle."""
        return self._first(_d.asked_at, _d.handle == handle)

    def waiting(self) -> list[Draft]:
        """Those that nobody has answered, the oldest first."""
        draft = t.campaigns.c.state == CampaignState.DRAFT.value
        statement = select(t.drafts).join(t.campaigns, t.campaigns.c.id == _d.campaign)
        rows = self._c.execute(statement.where(_d.answer.is_(None), draft).order_by(_d.asked_at, _d.campaign))
        return [_draft(row) for row in rows]

    def last_answered(self, since: datetime) -> Draft | None:
        return self._first(_d.answered_at, _d.answered_at >= ms(since))

    def answer(self, campaign: str, answer: Answer, by: str, answered_at: datetime) -> bool:
        values = {"answer": answer.value, "answered_by": by, "answered_at": ms(answered_at)}
        statement = update(t.drafts).where(_d.campaign == campaign, _d.answer.is_(None)).values(**values)
        return self._c.execute(statement).rowcount == 1

    def _first(self, latest: ColumnElement[int], *where: ColumnElement[bool]) -> Draft | None:
        row = self._c.execute(select(t.drafts).where(*where).order_by(latest.desc(), _d.campaign).limit(1)).first()
        return _draft(row) if row else None


def _draft(row: Any) -> Draft:
    return Draft(
        campaign=row.campaign,
        rep=row.rep,
        handle=row.handle,
        asked_at=at(row.asked_at),
        answer=Answer(row.answer) if row.answer else None,
        answered_by=row.answered_by,
        answered_at=at(row.answered_at),
    )
