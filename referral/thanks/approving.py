"""Somebody's yes or no to a thanks that waits for it (reliability B 30: never from whoever asked)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from referral import announcements, enrolment, grafting
from referral.attribution import Reason
from referral.errors import NotFound, RuleViolation
from referral.ids import Bits
from referral.jobs import Job
from referral.referrals import Referral, ReferralStatus
from referral.rewards import Reward, RewardState
from referral.thanks.ending import end
from referral.thanks.holding import GRANT

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


def approve(tx: Tx, reward_id: str, who: str, *, now: datetime) -> Reward:
    """Say yes to a thanks that waits for it; where its refund window is over it goes on at once.

    Raises `RuleViolation` for whoever asked for it, and where nobody waits for an answer.
    """
    reward = _asked(tx, reward_id, who)
    tx.rewards.answer(reward_id, "approved", who, now)
    tx.audit.note(who, "reward.approve", reward_id, "", now)
    _go_on(tx, reward, now)
    return reward


def refuse(tx: Tx, facts: Facts, reward_id: str, who: str, why: str, *, now: datetime, rng: Bits) -> Reward:
    """Say no to a thanks that waits for a yes, with a reason; where both sides hang together both end."""
    reward = _asked(tx, reward_id, who)
    if not why.strip():
        raise RuleViolation("approval.reason", "不同意要写明原因。")
    tx.audit.note(who, "reward.refuse", reward_id, why.strip(), now)
    for each in _bound(tx, reward):
        tx.rewards.answer(each.id, "refused", who, now)
        end(tx, facts, each, RewardState.REJECTED, Reason.APPROVAL_REFUSED, now=now, rng=rng)
    referral = tx.referrals.get(reward.referral) if reward.referral else None
    if referral and not any(r.is_counted for r in tx.rewards.of_referral(referral.id)):
        _turn_down(tx, facts, referral, now=now, rng=rng)
    elif referral:
        _go_on(tx, reward, now)
    return reward


def _asked(tx: Tx, reward_id: str, who: str) -> Reward:
    reward, approval = tx.rewards.get(reward_id), tx.rewards.approval(reward_id)
    if reward is None:
        raise NotFound(f"没有这份谢礼：{reward_id}")
    if approval is None or approval.answer or reward.state is not RewardState.HELD:
        raise RuleViolation("approval.none", "这份谢礼没有在等审批。")
    if approval.asked_by == who:
        raise RuleViolation("approval.second", "申请人不能审批自己的申请，请换一位同事。")
    return reward


def _bound(tx: Tx, reward: Reward) -> Sequence[Reward]:
    referral = tx.referrals.get(reward.referral) if reward.referral else None
    if referral and tx.campaigns.terms(referral.campaign, referral.version).both_or_neither:
        return [r for r in tx.rewards.of_referral(referral.id) if r.state is RewardState.HELD]
    return [reward]


def _go_on(tx: Tx, reward: Reward, now: datetime) -> None:
    """Where the refund window is over, look again at what may be granted."""
    if reward.due_at and reward.due_at <= now:
        tx.jobs.put(Job(kind=GRANT, key=reward.referral or reward.id, due_at=now))


def _turn_down(tx: Tx, facts: Facts, referral: Referral, *, now: datetime, rng: Bits) -> None:
    tx.referrals.decide(referral.id, ReferralStatus.REJECTED, Reason.APPROVAL_REFUSED, now)
    if referral.status is ReferralStatus.CREDITED:
        enrolment.credited(tx, referral, -1)
    grafting.follow(tx, facts, referral, now=now)
    announcements.announce(tx, facts, announcements.REFERRAL_REVERSED, referral.id, now=now, rng=rng)
    if referral.order:
        tx.orders.turn_down(referral.order, Reason.APPROVAL_REFUSED)
