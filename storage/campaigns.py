"""Campaigns, their frozen terms and their budgets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, select, update

from referral.campaigns import Campaign, CampaignState
from referral.offers import Terms
from storage import tables as t
from storage.times import at, ms

_ONE = select(t.campaigns).where(t.campaigns.c.id == bindparam("which"))
_TERMS = select(t.terms.c.body).where(
    t.terms.c.campaign == bindparam("which"), t.terms.c.version == bindparam("number")
)


class CampaignsTable:
    """`referral.campaigns.Campaigns` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, campaign: Campaign, terms: Terms, now: datetime) -> None:
        self._c.execute(
            insert(t.campaigns).values(
                id=campaign.id,
                pack=campaign.pack,
                name=campaign.name,
                state=campaign.state.value,
                starts_at=ms(campaign.starts_at),
                ends_at=ms(campaign.ends_at),
                budget_fen=campaign.budget_fen,
                used_fen=campaign.used_fen,
                version=campaign.version,
                created_at=ms(now),
            )
        )
        self._c.execute(
            insert(t.terms).values(campaign=campaign.id, version=campaign.version, body=terms.to_json(), since=ms(now))
        )

    def get(self, campaign: str) -> Campaign | None:
        row = self._c.execute(_ONE, {"which": campaign}).first()
        return _campaign(row) if row else None

    def all(self) -> list[Campaign]:
        rows = self._c.execute(select(t.campaigns).order_by(t.campaigns.c.created_at, t.campaigns.c.id))
        return [_campaign(row) for row in rows]

    def set_state(self, campaign: str, state: CampaignState) -> None:
        self._c.execute(update(t.campaigns).where(t.campaigns.c.id == campaign).values(state=state.value))

    def begin(self, campaign: str, began_at: datetime) -> None:
        """Let it begin at that time, not before."""
        self._c.execute(update(t.campaigns).where(t.campaigns.c.id == campaign).values(starts_at=ms(began_at)))

    def end(self, campaign: str, ended_at: datetime) -> None:
        """End it now, or leave the earlier end it had."""
        ends = t.campaigns.c.ends_at
        earlier = case((ends < ms(ended_at), ends), else_=ms(ended_at))
        values = {"state": CampaignState.ENDED.value, "ends_at": earlier}
        self._c.execute(update(t.campaigns).where(t.campaigns.c.id == campaign).values(**values))

    def terms(self, campaign: str, version: int) -> Terms:
        return Terms.from_json(self._c.execute(_TERMS, {"which": campaign, "number": version}).scalar_one())

    def reserve(self, campaign: str, cost_fen: int) -> bool:
        """Take from the budget in one statement; False, and nothing taken, where it would be exceeded."""
        used = t.campaigns.c.used_fen
        statement = (
            update(t.campaigns)
            .where(t.campaigns.c.id == campaign, used + cost_fen <= t.campaigns.c.budget_fen)
            .values(used_fen=used + cost_fen)
        )
        return self._c.execute(statement).rowcount == 1

    def release(self, campaign: str, cost_fen: int) -> None:
        used = t.campaigns.c.used_fen
        self._c.execute(update(t.campaigns).where(t.campaigns.c.id == campaign).values(used_fen=used - cost_fen))


def _campaign(row: Any) -> Campaign:
    return Campaign(
        id=row.id,
        pack=row.pack,
        name=row.name,
        state=CampaignState(row.state),
        starts_at=at(row.starts_at),
        ends_at=at(row.ends_at),
        budget_fen=row.budget_fen,
        used_fen=row.used_fen,
        version=row.version,
    )
