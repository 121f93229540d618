"""The figures of a rep and of a campaign, counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, distinct, func, select

from storage import tables as t
from storage.times import ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a rep's customers brought since a day: advocates with posters, friends added, friends who bought, thanks."""

    advocates: int
    friends: int
    bought: int
    granted: int


_CAME = ("add", "code")  # touches by which a friend becomes known, not only a page that was opened


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignResults:
    """Advocates with posters, and friends who came, of one campaign."""

    advocates: int
    friends: int


class ResultsTable:
    """Counts over codes that a rep greets for."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def of_rep(self, rep: str, since: datetime) -> Results:
        start, mine = ms(since), t.codes.c.rep == rep
        shares = select(func.count(distinct(t.shares.c.person))).join(t.codes, t.codes.c.code == t.shares.c.code)
        touches = select(func.count(distinct(t.touches.c.friend))).join(t.codes, t.codes.c.code == t.touches.c.code)
        referrals = select(func.count()).select_from(t.referrals).join(t.codes, t.codes.c.code == t.referrals.c.code)
        rewards = (
            select(func.count())
            .select_from(t.rewards)
            .join(t.referrals, t.referrals.c.id == t.rewards.c.referral)
            .join(t.codes, t.codes.c.code == t.referrals.c.code)
        )
        return Results(
            advocates=self._count(shares.where(mine, t.shares.c.level == "prepared", t.shares.c.first_at >= start)),
            friends=self._count(touches.where(mine, t.touches.c.kind == "add", t.touches.c.at >= start)),
            bought=self._count(
                referrals.where(mine, t.referrals.c.status == "credited", t.referrals.c.decided_at >= start)
            ),
            granted=self._count(rewards.where(mine, t.rewards.c.state == "granted", t.rewards.c.granted_at >= start)),
        )

    def of_campaign(self, campaign: str) -> CampaignResults:
        """What a campaign has brought so far, through whomever."""
        s, touch = t.shares.c, t.touches.c
        took = select(func.count(distinct(s.person))).where(s.campaign == campaign, s.level == "prepared")
        came = select(func.count(distinct(touch.friend))).where(touch.campaign == campaign, touch.kind.in_(_CAME))
        return CampaignResults(advocates=self._count(took), friends=self._count(came))

    def _count(self, statement: Select[int]) -> int:
        found: int = self._c.execute(statement).scalar_one()
        return found
