"""Which form a thanks takes, as its person chooses while it is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import choices, ledger
from referral.errors import NotFound, RuleViolation
from referral.ids import Bits
from referral.rewards import Reward, RewardState
from referral.thanks.making import form_of

if TYPE_CHECKING:
    from referral.tx import Tx


def choose(tx: Tx, reward_id: str, person: str, number: int, *, now: datetime, rng: Bits) -> Reward:
    """Take one of the forms, counted from 0, that a held thanks offers; it may be changed until it is granted."""
    reward = tx.rewards.get(reward_id)
    if reward is None or reward.person != person:
        raise NotFound("没有这份谢礼。")
    offered = choices.forms(tx, reward)
    if not 0 <= number < len(offered):
        raise RuleViolation("choice.closed", "这份谢礼现在不能换了。")
    if form_of(offered[number]) == {name: getattr(reward, name) for name in form_of(offered[number])}:
        return reward
    chosen = replace(reward, chosen_at=now, **form_of(offered[number]))
    if tx.rewards.choose(chosen):
        ledger.record(tx, reward, RewardState.REVERSED, now=now, rng=rng)
        ledger.record(tx, chosen, RewardState.HELD, now=now, rng=rng)
    return chosen
