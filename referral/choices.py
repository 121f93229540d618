"""Her choice: the forms between which a person may choose while a thanks is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from referral.rewards import Reward, RewardState
from referral.terms import Choice

if TYPE_CHECKING:
    from referral.tx import Tx


def forms(tx: Tx, reward: Reward) -> tuple[Choice, ...]:
    """The forms between which a person may still choose; empty where there is no choice any more."""
    referral = tx.referrals.get(reward.referral) if reward.referral else None
    if referral is None or reward.state is not RewardState.HELD:
        return ()
    thanks = tx.campaigns.terms(referral.campaign, referral.version).find(reward.rule, reward.side)
    return thanks.choices if thanks and len(thanks.choices) > 1 else ()


def item(reward: str, number: int) -> str:
    """The name of a menu item that takes the form of this number, counted from 0."""
    return f"{CHOOSE}:{reward}:{number}"


CHOOSE = "choose"
"""How the name of such an item begins."""
