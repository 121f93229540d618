"""What a friend may be promised of a campaign now: its thanks, or, while its budget is used up, that there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral.campaigns import BUDGET, Campaign, CampaignState

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


def is_full(campaign: Campaign) -> bool:
    """Whether it takes friends, but has nothing left to thank the next one with."""
    return campaign.state is CampaignState.PAUSED and campaign.pause == BUDGET


def offered(tx: Tx, facts: Facts, campaign: Campaign) -> dict[str, object]:
    """The values of a campaign's words under its present rules, with what a friend is promised as it stands now."""
    stock = dict(facts.words.offer(campaign.pack, tx.campaigns.terms(campaign.id, campaign.version)))
    return stock | {"promise_friend": facts.words.say("campaign.full", stock)} if is_full(campaign) else stock
