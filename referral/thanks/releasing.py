"""A held reward goes on to its person: at once, or through a connector of the company."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import announcements, campaigns, coupons, fulfilment, ledger, notices
from referral.attribution import Reason
from referral.ids import Bits
from referral.jobs import Job
from referral.rewards import Reward, RewardState
from referral.terms import Terms
from referral.thanks import making

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

EXPIRE = "reward.expire"
"""The job that ends a granted thanks; its key is the reward's id."""


def release(tx: Tx, facts: Facts, reward: Reward, *, now: datetime, rng: Bits) -> Reason | None:
    """Let a held reward go on to its person; what it still waits for, None where it does not."""
    if reward.state is not RewardState.HELD:
        return None
    if waiting := waits(tx, reward):
        tx.rewards.explain(reward.id, waiting)
        return waiting
    connector = facts.connectors.get(reward.kind)
    if connector is None:
        give(tx, facts, reward, now=now, rng=rng)
    elif approved := tx.rewards.move(reward, RewardState.APPROVED, Reason.FULFILMENT_RUNNING, now):
        fulfilment.begin(tx, approved, connector, now=now, rng=rng)
    return None


def waits(tx: Tx, reward: Reward) -> Reason | None:
    """What a held reward waits for: somebody's look at what seems odd, or somebody's yes; None where for neither."""
    if reward.state is not RewardState.HELD:
        return None
    if reward.referral and tx.suspicions.is_open(reward.referral):
        return Reason.SUSPECT_REVIEW
    approval = tx.rewards.approval(reward.id)
    return Reason.APPROVAL_WAITING if approval is not None and approval.answer is None else None


def give(tx: Tx, facts: Facts, reward: Reward, *, now: datetime, rng: Bits) -> Reward | None:
    """A thanks has reached its person: granted, booked, told; None if it was no longer theirs to have."""
    granted = tx.rewards.move(reward, RewardState.GRANTED, Reason.GRANTED, now)
    if granted is None:
        return None
    ledger.record(tx, reward, RewardState.GRANTED, now=now, rng=rng)
    tx.campaigns.confirm(reward.campaign, reward.reserved_fen, reward.cost_fen)
    campaigns.resume(tx, reward.campaign, now=now)
    if granted.kind == "tier":
        _raise_tier(tx, granted)
    if granted.expires_at:
        tx.jobs.put(Job(kind=EXPIRE, key=granted.id, due_at=granted.expires_at))
    if granted.kind == "coupon" and granted.kind not in facts.connectors:
        coupons.give_own(tx, granted, now=now, rng=rng)
    notices.thanks(tx, facts, granted, RewardState.GRANTED, now=now, rng=rng)
    announcements.announce(tx, facts, announcements.REWARD_GRANTED, granted.id, now=now, rng=rng)
    return granted


def hold_alone(tx: Tx, facts: Facts, terms: Terms, reward: Reward, *, now: datetime, rng: Bits) -> None:
    """Put on record a thanks that no refund window stands before, and let it go on."""
    tx.rewards.add(reward)
    making.ask(tx, terms, reward, now=now)
    ledger.record(tx, reward, RewardState.HELD, now=now, rng=rng)
    release(tx, facts, reward, now=now, rng=rng)


def _raise_tier(tx: Tx, reward: Reward) -> None:
    """Give the tier, and remember the one it takes the place of: that comes back when this one ends."""
    person = tx.people.get(reward.person)
    if person is None:
        return
    same = [r for r in tiers_of(tx, reward.person) if r.value == reward.value and r.id != reward.id]
    tx.rewards.remember_tier(reward.id, same[0].former if same and person.tier == reward.value else person.tier)
    tx.people.learn(person.id, tier=reward.value)


def tiers_of(tx: Tx, person: str) -> list[Reward]:
    """The tiers that a person has as a thanks."""
    mine = tx.rewards.of_person(person)
    return [r for r in mine if r.kind == "tier" and r.state is RewardState.GRANTED]
