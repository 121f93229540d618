"""Thanks that no friend's act brings: for a selected story, and by two people's decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import budgets, ledger
from referral.attribution import Reason
from referral.campaigns import Campaign, CampaignState
from referral.errors import NotFound, RuleViolation
from referral.ids import Bits
from referral.rewards import Approval, Cause, Reward, RewardState, Side
from referral.terms import Choice, Thanks
from referral.thanks.making import reward_of
from referral.thanks.releasing import hold_alone

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.stories import Story
    from referral.tx import Tx


def thanks_for_story(
    tx: Tx, facts: Facts, story: Story, *, now: datetime, rng: Bits
) -> tuple[list[Reward], Reason | None]:
    """Thank the author of a story that staff selected: by the newest running campaign that thanks for stories.

    Returns the rewards, and why there are none. A story is thanked for once, good or critical, shared or not.
    """
    if tx.rewards.of_story(story.id):
        return [], Reason.REWARD_ONCE
    campaign = campaign_for_stories(tx, now)
    if campaign is None:
        return [], Reason.CREDITED
    terms = tx.campaigns.terms(campaign.id, campaign.version)
    author = tx.people.get(story.person)
    if author is None or author.staff:
        return [], Reason.STAFF
    wanted = terms.thanks_for("story", tier=author.tier)
    if not budgets.reserve(tx, facts, campaign, sum(t.most_cost_fen for t in wanted), now=now, rng=rng):
        return [], Reason.BUDGET_EXHAUSTED
    for thanks in wanted:
        reward = reward_of(campaign.id, story.person, thanks, None, due=now, now=now, rng=rng)
        hold_alone(tx, facts, terms, replace(reward, story=story.id), now=now, rng=rng)
    return tx.rewards.of_story(story.id), None


def campaign_for_stories(tx: Tx, now: datetime) -> Campaign | None:
    """The newest running campaign that thanks for selected stories: its rules say by what they are chosen, and when."""
    running = [c for c in tx.campaigns.all() if c.is_open(now) and _thanks_stories(tx, c)]
    return max(running, key=lambda c: (c.starts_at, c.id), default=None)


def _thanks_stories(tx: Tx, campaign: Campaign) -> bool:
    return bool(tx.campaigns.terms(campaign.id, campaign.version).thanks_for("story"))


def adjust(
    tx: Tx, facts: Facts, campaign_id: str, person: str, form: Choice, why: str, who: str, *, now: datetime, rng: Bits
) -> Reward:
    """Owe a person something by decision: with a reason, and held until a second person says yes (reliability B 30)."""
    campaign = tx.campaigns.get(campaign_id)
    if campaign is None:
        raise NotFound(f"没有这个活动：{campaign_id}")
    if campaign.state is CampaignState.DRAFT:
        raise RuleViolation("campaign.state", "这个活动还没有人批准，不能用它给谢礼。")
    if not why.strip():
        raise RuleViolation("adjustment.reason", "手工调整要写明原因。")
    if not budgets.reserve(tx, facts, campaign, form.cost_fen, now=now, rng=rng):
        raise RuleViolation("budget.exhausted", "这个活动的预算不够了。")
    thanks = Thanks(rule="manual", side=Side.ADVOCATE, cause=Cause.MANUAL, choices=(form,))
    reward = reward_of(campaign_id, person, thanks, None, due=now, now=now, rng=rng)
    reward = replace(reward, rule=f"manual.{reward.id}", note=why.strip(), reason=Reason.APPROVAL_WAITING)
    tx.rewards.add(reward)
    tx.rewards.ask(Approval(reward=reward.id, why="manual", asked_by=who, asked_at=now))
    ledger.record(tx, reward, RewardState.HELD, now=now, rng=rng)
    tx.audit.note(who, "reward.adjust", reward.id, why.strip(), now)
    return reward
