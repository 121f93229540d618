"""Budgets: taken before anything is promised, given back when nothing comes of it, and watched.

A campaign is never over its budget by one fen: `Campaigns.reserve` takes and checks in one statement. At 80 % its
managers are told; when not even one more friend fits, it pauses, and goes on by itself when something comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from referral import managers
from referral.campaigns import BUDGET, Campaign, CampaignState, is_used_up, resume
from referral.ids import Bits
from referral.times import SHANGHAI

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

ALARM_PERCENT = 80
LOOK_BACK = timedelta(days=14)
"""The pace of this long tells when a budget will be used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How a budget stands, in fen, and the Beijing day it runs out at the present pace, None where it does not."""

    budget_fen: int
    used_fen: int
    spent_fen: int
    a_day_fen: int
    runs_out_on: date | None

    @property
    def left_fen(self) -> int:
        return self.budget_fen - self.used_fen


def reserve(tx: Tx, facts: Facts, campaign: Campaign, cost_fen: int, *, now: datetime, rng: Bits) -> bool:
    """Take from a campaign's budget, or nothing where it does not suffice. What has little left is said and paused."""
    if not tx.campaigns.reserve(campaign.id, cost_fen):
        return False
    after = tx.campaigns.get(campaign.id)
    assert after
    if cost_fen and is_used_up(tx, after) and after.state is CampaignState.RUNNING:
        _pause(tx, facts, after, now=now, rng=rng)
    elif after.used_fen * 100 >= after.budget_fen * ALARM_PERCENT and cost_fen:
        _alarm(tx, facts, after, now=now, rng=rng)
    return True


def _pause(tx: Tx, facts: Facts, campaign: Campaign, *, now: datetime, rng: Bits) -> None:
    """Who answers for it hears why, and how much is left; once per budget, however often it goes on and rests again."""
    tx.campaigns.set_state(campaign.id, CampaignState.PAUSED, pause=BUDGET)
    tx.audit.note("budget", "campaign.pause", campaign.id, f"{campaign.used_fen}/{campaign.budget_fen}", now)
    left = campaign.budget_fen - campaign.used_fen
    yuan = {"left_yuan": _yuan(left), "budget_yuan": _yuan(campaign.budget_fen)}
    stock: dict[str, object] = {"title": campaign.name, **yuan}
    once = f"budget_paused:{campaign.id}:{campaign.budget_fen}"
    managers.tell(tx, facts, "rep.budget_paused", stock, now=now, rng=rng, dedupe=once)


def release(tx: Tx, campaign_id: str, reserved_fen: int, *, spent_fen: int = 0, now: datetime) -> None:
    """Give back what was taken; a campaign that paused for want of it goes on."""
    tx.campaigns.release(campaign_id, reserved_fen, spent_fen=spent_fen)
    resume(tx, campaign_id, now=now)


def forecast(campaign: Campaign, used_lately_fen: int, *, now: datetime) -> Forecast:
    """When the budget is used up if the pace of the last days holds; `used_lately_fen` is what `LOOK_BACK` took."""
    span = min(LOOK_BACK, max(now - campaign.starts_at, timedelta(days=1)))
    a_day = used_lately_fen * timedelta(days=1) // span
    left = campaign.budget_fen - campaign.used_fen
    runs_out = None
    if a_day > 0 and left // a_day < 3650:
        runs_out = (now.astimezone(SHANGHAI) + timedelta(days=left // a_day)).date()
    return Forecast(
        budget_fen=campaign.budget_fen,
        used_fen=campaign.used_fen,
        spent_fen=campaign.spent_fen,
        a_day_fen=a_day,
        runs_out_on=runs_out,
    )


def forecast_of(tx: Tx, campaign: Campaign, *, now: datetime) -> Forecast:
    """The forecast from what stands in the books."""
    return forecast(campaign, tx.campaigns.used_since(campaign.id, now - LOOK_BACK), now=now)


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f}".removesuffix(".00")


def _alarm(tx: Tx, facts: Facts, campaign: Campaign, *, now: datetime, rng: Bits) -> None:
    """Once per budget: who answers for it hears that it comes to its end."""
    if not tx.campaigns.alarm(campaign.id, now):
        return
    told = forecast_of(tx, campaign, now=now)
    runs_out = told.runs_out_on
    stock: dict[str, object] = {
        "title": campaign.name,
        "count": campaign.used_fen * 100 // campaign.budget_fen,
        "when": f"{runs_out.month}月{runs_out.day}日" if runs_out else "近期",
    }
    tx.audit.note("budget", "campaign.alarm", campaign.id, f"{campaign.used_fen}/{campaign.budget_fen}", now)
    managers.tell(tx, facts, "rep.budget_alarm", stock, now=now, rng=rng)
