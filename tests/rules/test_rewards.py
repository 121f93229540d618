"""The states of a reward and of a campaign: every one has its row, and what is over stays over."""

import pytest

from referral import campaigns, rewards
from referral.campaigns import CampaignState
from referral.rewards import RewardState


def test_every_state_says_what_may_follow():
    assert rewards.NEXT.keys() == set(RewardState)
    assert campaigns.NEXT.keys() == set(CampaignState)


@pytest.mark.parametrize("over", [RewardState.REVERSED, RewardState.REJECTED, RewardState.EXPIRED])
def test_a_reward_that_is_over_goes_nowhere(over):
    assert rewards.NEXT[over] == set()


def test_nothing_leads_back_to_held():
    assert not any(RewardState.HELD in after for after in rewards.NEXT.values())


def test_an_ended_campaign_stays_ended():
    assert campaigns.NEXT[CampaignState.ENDED] == set()
