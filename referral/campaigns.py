"""Campaigns: a dated offer with its terms, its budget and its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from referral.carriers import Carrier
from referral.errors import NotFound, RuleViolation
from referral.ids import Bits, new_id
from referral.terms import Terms, worse_for_consumers


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


SPOKEN = {
    CampaignState.DRAFT: "草稿",
    CampaignState.WAITING: "未开始",
    CampaignState.RUNNING: "进行中",
    CampaignState.PAUSED: "已暂停",
    CampaignState.ENDED: "已结束",
}
"""Each state as staff call it."""

BUDGET = "budget"
GUARDRAIL = "guardrail"
OPERATOR = "operator"
"""Why a campaign is paused: its budget is used up, too many were upset by being asked, or somebody said so."""

NEXT = {
    CampaignState.DRAFT: {CampaignState.WAITING, CampaignState.RUNNING, CampaignState.ENDED},
    CampaignState.WAITING: {CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.ENDED},
    CampaignState.RUNNING: {CampaignState.PAUSED, CampaignState.ENDED},
    CampaignState.PAUSED: {CampaignState.RUNNING, CampaignState.WAITING, CampaignState.ENDED},
    CampaignState.ENDED: set[CampaignState](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign. `used_fen` counts what its thanks have reserved or spent of `budget_fen`, `spent_fen` the latter.

    `pause` says why it is paused, `paused_at` since when somebody wants it so; `alarmed_at` is when staff were told
    that little of the budget is left. `carrier` is what the QR of its posters is to be.
    """

    id: str
    pack: str
    name: str
    state: CampaignState
    starts_at: datetime
    ends_at: datetime | None
    budget_fen: int
    used_fen: int = 0
    spent_fen: int = 0
    version: int = 1
    pause: str = ""
    paused_at: datetime | None = None
    alarmed_at: datetime | None = None
    carrier: Carrier = Carrier.LANDING

    def is_open(self, now: datetime) -> bool:
        """Whether new friends may come through it at that time: not before its start, not while it rests."""
        return not self.refuses(now, came_before=False)

    def refuses(self, at: datetime, *, came_before: bool) -> str:
        """Why a touch of that time cannot count, as a reason's code; empty where it can.

        One that rests takes no new friends. One whose budget is used up does: what they buy is then refused openly.
        """
        if self.is_over(at):
            return "campaign.ended"
        if not self.has_begun(at):
            return "campaign.early"
        return "campaign.paused" if self._rested(at) and not came_before else ""

    def _rested(self, at: datetime) -> bool:
        if self.state is CampaignState.PAUSED and self.pause != BUDGET:
            return self.paused_at is None or at >= self.paused_at
        return self.state is CampaignState.DRAFT

    def has_begun(self, now: datetime) -> bool:
        """Whether its start had come, in whole seconds as platforms tell time."""
        return self.starts_at.replace(microsecond=0) <= now

    def is_over(self, now: datetime) -> bool:
        """Whether at that time it had been ended, or its last day had passed."""
        if self.ends_at is None:
            return self.state is CampaignState.ENDED
        return now >= self.ends_at


class Campaigns(Protocol):
    """Where campaigns and their frozen terms are kept."""

    def add(self, campaign: Campaign, terms: Terms, now: datetime) -> None: ...
    def get(self, campaign: str) -> Campaign | None: ...
    def all(self) -> list[Campaign]: ...
    def set_state(
        self, campaign: str, state: CampaignState, *, pause: str = "", paused_at: datetime | None = None
    ) -> None: ...
    def edit(
        self, campaign: str, terms: Terms, *, budget_fen: int, ends_at: datetime | None, now: datetime
    ) -> None: ...
    def carry(self, campaign: str, carrier: Carrier) -> None: ...
    def alarm(self, campaign: str, now: datetime) -> bool: ...
    def begin(self, campaign: str, at: datetime) -> None: ...
    def end(self, campaign: str, at: datetime) -> None: ...
    def terms(self, campaign: str, version: int) -> Terms: ...
    def reserve(self, campaign: str, cost_fen: int) -> bool: ...
    def confirm(self, campaign: str, reserved_fen: int, cost_fen: int) -> None: ...
    def release(self, campaign: str, reserved_fen: int, *, spent_fen: int = 0) -> None: ...
    def used_since(self, campaign: str, since: datetime) -> int: ...


class HasCampaigns(Protocol):
    """The part of a transaction that this noun needs."""

    @property
    def campaigns(self) -> Campaigns: ...


def start(
    tx: HasCampaigns,
    *,
    pack: str,
    name: str,
    terms: Terms,
    starts_at: datetime | None,
    ends_at: datetime | None,
    budget_fen: int,
    carrier: Carrier = Carrier.LANDING,
    now: datetime,
    rng: Bits,
) -> Campaign:
    """Make a campaign from a pack's terms: running at once, or waiting for its first day."""
    begins = starts_at or now
    if ends_at is not None and ends_at <= max(begins, now):
        raise RuleViolation("campaign.dates", "结束时间要晚于开始时间，也不能已经过去。")
    state = CampaignState.RUNNING if begins <= now else CampaignState.WAITING
    campaign = Campaign(
        id=new_id(rng, "c"),
        pack=pack,
        name=name,
        state=state,
        starts_at=begins,
        ends_at=ends_at,
        budget_fen=budget_fen,
        carrier=carrier,
    )
    tx.campaigns.add(campaign, terms, now)
    return campaign


def draft(
    tx: HasCampaigns, *, pack: str, name: str, terms: Terms, budget_fen: int, now: datetime, rng: Bits
) -> Campaign:
    """Make a campaign that waits for somebody's yes; it begins when it gets it, and has no last day."""
    state, made = CampaignState.DRAFT, new_id(rng, "c")
    campaign = Campaign(id=made, pack=pack, name=name, state=state, starts_at=now, ends_at=None, budget_fen=budget_fen)
    tx.campaigns.add(campaign, terms, now)
    return campaign


def move(tx: HasCampaigns, campaign_id: str, state: CampaignState, *, now: datetime) -> Campaign:
    """Pause, resume or end a campaign; a second time changes nothing. Raises `RuleViolation` for a step not allowed."""
    campaign = tx.campaigns.get(campaign_id)
    if campaign is None:
        raise NotFound(f"没有这个活动：{campaign_id}")
    if state is CampaignState.RUNNING and campaign.starts_at > now:
        state = CampaignState.WAITING
    if state is campaign.state and not (state is CampaignState.PAUSED and campaign.pause == BUDGET):
        return campaign
    if state is not campaign.state and state not in NEXT[campaign.state]:
        raise RuleViolation("campaign.state", f"活动现在是「{SPOKEN[campaign.state]}」，不能改为「{SPOKEN[state]}」。")
    if state is CampaignState.ENDED:
        tx.campaigns.end(campaign_id, now)
    elif state is CampaignState.PAUSED:
        tx.campaigns.set_state(campaign_id, state, pause=OPERATOR, paused_at=now)
    else:
        tx.campaigns.set_state(campaign_id, state)
    if campaign.state is CampaignState.DRAFT and state is CampaignState.RUNNING:
        tx.campaigns.begin(campaign_id, now)
    moved = tx.campaigns.get(campaign_id)
    assert moved
    return moved


def edit(
    tx: HasCampaigns,
    campaign_id: str,
    terms: Terms,
    *,
    budget_fen: int | None = None,
    ends_at: datetime | None = None,
    now: datetime,
) -> Campaign:
    """Change a campaign that has begun, as a new rule version: only to the consumers' advantage (reliability R4).

    Who met an earlier version keeps it. Raises `RuleViolation` naming whatever would be worse; then nothing changes.
    """
    campaign = tx.campaigns.get(campaign_id)
    if campaign is None:
        raise NotFound(f"没有这个活动：{campaign_id}")
    if campaign.is_over(now):
        raise RuleViolation("campaign.ended", "这个活动已经结束。")
    budget = campaign.budget_fen if budget_fen is None else budget_fen
    ends = ends_at or campaign.ends_at
    worse = worse_for_consumers(tx.campaigns.terms(campaign_id, campaign.version), terms)
    worse += ["budget_fen: 预算只能增加"] if budget < campaign.budget_fen else []
    worse += ["to: 结束时间只能推后"] if _ends_sooner(campaign.ends_at, ends) else []
    if worse:
        why = "活动开始后只能往对消费者有利的方向改，请另开一个活动"
        raise RuleViolation("campaign.worse", f"{why}：{'；'.join(worse)}")
    tx.campaigns.edit(campaign_id, terms, budget_fen=budget, ends_at=ends, now=now)
    resume(tx, campaign_id, now=now)
    edited = tx.campaigns.get(campaign_id)
    assert edited
    return edited


def carry(tx: HasCampaigns, campaign_id: str, carrier: Carrier, *, now: datetime) -> Campaign:
    """Give its posters another QR from now on; old ones stay good. It is no rule: no friend meets other terms by it."""
    campaign = tx.campaigns.get(campaign_id)
    if campaign is None:
        raise NotFound(f"没有这个活动：{campaign_id}")
    if campaign.is_over(now):
        raise RuleViolation("campaign.ended", "这个活动已经结束。")
    tx.campaigns.carry(campaign_id, carrier)
    return replace(campaign, carrier=carrier)


def resume(tx: HasCampaigns, campaign_id: str, *, now: datetime) -> None:
    """Let a campaign go on that paused for its budget, where there is enough for one more friend again."""
    campaign = tx.campaigns.get(campaign_id)
    if campaign and campaign.pause == BUDGET and not campaign.is_over(now) and not is_used_up(tx, campaign):
        tx.campaigns.set_state(campaign_id, CampaignState.RUNNING)


def is_used_up(tx: HasCampaigns, campaign: Campaign) -> bool:
    """Whether not even one more friend fits into the budget."""
    left = campaign.budget_fen - campaign.used_fen
    return left < tx.campaigns.terms(campaign.id, campaign.version).one_friend_fen


def _ends_sooner(before: datetime | None, after: datetime | None) -> bool:
    return after is not None and (before is None or after < before)


def turn_calendar(tx: HasCampaigns, *, now: datetime) -> None:
    """Open the campaigns whose first day has come and end those whose last day has passed."""
    for campaign in tx.campaigns.all():
        if campaign.state is not CampaignState.ENDED and campaign.is_over(now):
            tx.campaigns.set_state(campaign.id, CampaignState.ENDED)
        elif campaign.state is CampaignState.WAITING and campaign.starts_at <= now:
            tx.campaigns.set_state(campaign.id, CampaignState.RUNNING)


def current(tx: HasCampaigns, *, now: datetime) -> Campaign | None:
    """The newest running campaign: the one that chat uses."""
    running = [c for c in tx.campaigns.all() if c.state is CampaignState.RUNNING and c.is_open(now)]
    return max(running, key=lambda c: (c.starts_at, c.id), default=None)
