"""A reward comes to its end without being had: taken back, turned down, or lapsed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import announcements, budgets, fulfilment, ledger, notices, points
from referral.attribution import Reason
from referral.ids import Bits
from referral.rewards import Reward, RewardState
from referral.thanks.releasing import EXPIRE, tiers_of

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

_TAKEN_FOR_GOOD = ("cash", "gift")
"""Kinds that are never taken back once they have reached the person (design: cash is never auto-debited)."""


def end(tx: Tx, facts: Facts, reward: Reward, to: RewardState, reason: Reason, *, now: datetime, rng: Bits) -> None:
    """Take a thanks out of the books and give its budget back."""
    if tx.rewards.move(reward, to, reason, now) is None:
        return
    ledger.record(tx, reward, to, now=now, rng=rng)
    spent = reward.cost_fen if reward.state is RewardState.GRANTED else 0
    budgets.release(tx, reward.campaign, 0 if spent else reward.reserved_fen, spent_fen=spent, now=now)
    tx.jobs.cancel(EXPIRE, reward.id)
    points.give_back(tx, reward, now=now, rng=rng)
    _lower_tier(tx, reward)
    notices.thanks(tx, facts, reward, to, now=now, rng=rng)
    if to is RewardState.REVERSED:
        announcements.announce(tx, facts, announcements.REWARD_REVERSED, reward.id, now=now, rng=rng)


def withdraw(tx: Tx, facts: Facts, reward: Reward, reason: Reason, *, now: datetime, rng: Bits) -> bool:
    """Take a thanks back; False where it was used or sent and cannot come back."""
    if _is_past_recall(tx, reward, now=now):
        return False
    end(tx, facts, reward, RewardState.REVERSED, reason, now=now, rng=rng)
    return True


def fail(tx: Tx, facts: Facts, reward: Reward, reason: Reason, *, now: datetime, rng: Bits) -> None:
    """A connector could not make an approved thanks real, for good: it ends, and its budget comes back."""
    end(tx, facts, reward, RewardState.REJECTED, reason, now=now, rng=rng)


def expire(tx: Tx, reward_id: str, *, now: datetime, rng: Bits) -> None:
    """A granted thanks was good until now: what is left of it lapses. Points lapse in the order they came.

    The budget gets back only what is known not to have been used; a privilege was enjoyed until now.
    """
    reward = tx.rewards.get(reward_id)
    if reward is None or reward.state is not RewardState.GRANTED or not reward.expires_at or reward.expires_at > now:
        return
    unused = reward.kind == "coupon" and tx.coupons.of_reward(reward.id) is not None
    if unused and not tx.coupons.void(reward.id, now):
        return  # used in time
    left = _left(tx, reward)
    spared = reward.cost_fen * left // reward.amount if unused or reward.unit == points.UNIT else 0
    if tx.rewards.move(reward, RewardState.EXPIRED, Reason.EXPIRED, now, reserved_fen=reward.cost_fen - spared) is None:
        return
    _lower_tier(tx, reward)
    if left:
        ledger.record(tx, reward, RewardState.EXPIRED, now=now, rng=rng, amount=left)
    if spared:
        budgets.release(tx, reward.campaign, 0, spent_fen=spared, now=now)


def _is_past_recall(tx: Tx, reward: Reward, *, now: datetime) -> bool:
    if reward.state is RewardState.APPROVED:
        return not fulfilment.cancel(tx, reward, now=now)
    if reward.state is RewardState.GRANTED and reward.kind == "coupon" and tx.coupons.of_reward(reward.id):
        return not tx.coupons.void(reward.id, now)
    return reward.state is RewardState.GRANTED and reward.kind in _TAKEN_FOR_GOOD


def _lower_tier(tx: Tx, reward: Reward) -> None:
    """A tier that ends leaves the one that it had taken the place of, unless it was given twice, or another since."""
    person = tx.people.get(reward.person)
    if reward.kind != "tier" or reward.state is not RewardState.GRANTED or person is None:
        return
    stands = any(r.value == reward.value and r.id != reward.id for r in tiers_of(tx, reward.person))
    if person.tier == reward.value and not stands:
        tx.people.learn(person.id, tier=reward.former)


def _left(tx: Tx, reward: Reward) -> int:
    """What its person has not used of a granted thanks: of points what came first is used first."""
    if reward.unit == points.UNIT:
        return points.left(tx, reward)
    if reward.kind == "coupon":
        return reward.amount
    balance = tx.ledger.balance(ledger.account_of(reward.person, RewardState.GRANTED), reward.unit)
    return reward.amount if balance >= reward.amount else max(0, balance)
