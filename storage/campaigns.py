"""Campaigns, their frozen terms and their budgets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, update
from sqlalchemy.exc import NoResultFound

from referral.campaigns import Campaign, CampaignState
from referral.carriers import Carrier
from referral.rewards import COUNTED
from referral.terms import Terms, terms_from_json
from storage import tables as t
from storage.prepared import PreparedChange, PreparedSelect
from storage.times import at, ms

_ONE = PreparedSelect(select(t.campaigns).where(t.campaigns.c.id == bindparam("which")))
_ALL = PreparedSelect(select(t.campaigns).order_by(t.campaigns.c.created_at, t.campaigns.c.id))
_TERMS = PreparedSelect(
    select(t.terms.c.body).where(t.terms.c.campaign == bindparam("which"), t.terms.c.version == bindparam("number"))
)
_USED = t.campaigns.c.used_fen + bindparam("cost")
_RESERVE = PreparedChange(
    update(t.campaigns)
    .where(t.campaigns.c.id == bindparam("which"), t.campaigns.c.budget_fen >= _USED)
    .values(used_fen=_USED)
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
                carrier=campaign.carrier.value,
                created_at=ms(now),
            )
        )
        self._c.execute(
            insert(t.terms).values(campaign=campaign.id, version=campaign.version, body=terms.to_json(), since=ms(now))
        )

    def get(self, campaign: str) -> Campaign | None:
        row = _ONE.first(self._c, {"which": campaign})
        return _campaign(row) if row else None

    def all(self) -> list[Campaign]:
        return [_campaign(row) for row in _ALL.all(self._c, {})]

    def set_state(
        self, campaign: str, state: CampaignState, *, pause: str = "", paused_at: datetime | None = None
    ) -> None:
        self._set(campaign, state=state.value, pause=pause, paused_at=ms(paused_at))

    def edit(self, campaign: str, terms: Terms, *, budget_fen: int, ends_at: datetime | None, now: datetime) -> None:
        """Give it another rule version, budget and end; what met an earlier version keeps that."""
        version = self._c.execute(
            update(t.campaigns)
            .where(t.campaigns.c.id == campaign)
            .values(version=t.campaigns.c.version + 1, budget_fen=budget_fen, ends_at=ms(ends_at), alarmed_at=None)
            .returning(t.campaigns.c.version)
        ).scalar_one()
        self._c.execute(insert(t.terms).values(campaign=campaign, version=version, body=terms.to_json(), since=ms(now)))

    def carry(self, campaign: str, carrier: Carrier) -> None:
        self._set(campaign, carrier=carrier.value)

    def alarm(self, campaign: str, now: datetime) -> bool:
        """Note that staff are told of a budget coming to its end; False if they were told before."""
        where = (t.campaigns.c.id == campaign, t.campaigns.c.alarmed_at.is_(None))
        return self._c.execute(update(t.campaigns).where(*where).values(alarmed_at=ms(now))).rowcount == 1

    def begin(self, campaign: str, began_at: datetime) -> None:
        """Let it begin at that time, not before."""
        self._set(campaign, starts_at=ms(began_at))

    def end(self, campaign: str, ended_at: datetime) -> None:
        """End it now, or leave the earlier end it had."""
        ends = t.campaigns.c.ends_at
        earlier = case((ends < ms(ended_at), ends), else_=ms(ended_at))
        self._set(campaign, state=CampaignState.ENDED.value, pause="", ends_at=earlier)

    def terms(self, campaign: str, version: int) -> Terms:
        body = _TERMS.scalar(self._c, {"which": campaign, "number": version})
        if body is None:
            raise NoResultFound(f"campaign {campaign} has no version {version}")
        return terms_from_json(body)

    def reserve(self, campaign: str, cost_fen: int) -> bool:
        """Take from the budget in one statement; False, and nothing taken, where it would be exceeded."""
        return _RESERVE.run(self._c, {"which": campaign, "cost": cost_fen}) == 1

    def confirm(self, campaign: str, reserved_fen: int, cost_fen: int) -> None:
        """What was reserved is spent, at what it really cost."""
        c = t.campaigns.c
        self._set(campaign, used_fen=c.used_fen - reserved_fen + cost_fen, spent_fen=c.spent_fen + cost_fen)

    def release(self, campaign: str, reserved_fen: int, *, spent_fen: int = 0) -> None:
        """Give back to the budget what was reserved, or was spent already."""
        c = t.campaigns.c
        self._set(campaign, used_fen=c.used_fen - reserved_fen - spent_fen, spent_fen=c.spent_fen - spent_fen)

    def used_since(self, campaign: str, since: datetime) -> int:
        """What was taken from the budget since a time and still counts, in fen."""
        r = t.rewards.c
        where = (r.campaign == campaign, r.held_at >= ms(since), r.state.in_([state.value for state in COUNTED]))
        return int(self._c.execute(select(func.coalesce(func.sum(r.reserved_fen), 0)).where(*where)).scalar_one())

    def _set(self, campaign: str, **values: Any) -> None:
        self._c.execute(update(t.campaigns).where(t.campaigns.c.id == campaign).values(**values))


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
        spent_fen=row.spent_fen,
        version=row.version,
        pause=row.pause,
        paused_at=at(row.paused_at),
        alarmed_at=at(row.alarmed_at),
        carrier=Carrier(row.carrier),
    )
