"""What was held for a referral comes to its end: granted when the refund window is over, or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import announcements, enrolment, grafting
from referral.attribution import Reason
from referral.ids import Bits
from referral.jobs import Job
from referral.referrals import Referral, ReferralStatus
from referral.rewards import Reward, RewardState
from referral.terms import Terms
from referral.thanks import milestones
from referral.thanks.ending import withdraw
from referral.thanks.holding import GRANT
from referral.thanks.releasing import release, waits
from referral.times import days

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.orders import Order
    from referral.tx import Tx


def grant(tx: Tx, facts: Facts, key: str, *, now: datetime, rng: Bits) -> None:
    """The refund window is over: what is held for this referral, or this reward, becomes the person's own.

    What waits for somebody's yes, or for somebody to look at it, stays held until then.
    """
    referral = tx.referrals.get(key)
    alone = tx.rewards.get(key) if referral is None else None
    if alone:
        release(tx, facts, alone, now=now, rng=rng)
    if referral is None or referral.status is not ReferralStatus.CREDITED:
        return
    rewards = tx.rewards.of_referral(key)
    terms = tx.campaigns.terms(referral.campaign, referral.version)
    waiting = [each for reward in rewards if (each := waits(tx, reward))] if terms.both_or_neither else []
    if waiting:
        for reward in rewards:
            if reward.state is RewardState.HELD:
                tx.rewards.explain(reward.id, waiting[0])
    else:
        released = [release(tx, facts, reward, now=now, rng=rng) for reward in rewards]
        waiting = [each for each in released if each]
    if waiting:
        tx.referrals.decide(key, ReferralStatus.CREDITED, waiting[0], now)
        return
    tx.referrals.decide(key, ReferralStatus.CREDITED, Reason.GRANTED, now)
    if referral.order:
        tx.orders.explain(referral.order, Reason.HOLD_RUNNING, Reason.GRANTED)
    milestones.review(tx, facts, referral, now=now, rng=rng)


def take_back(tx: Tx, facts: Facts, referral_id: str, reason: Reason, *, now: datetime, rng: Bits) -> Reason:
    """Reverse what a referral brought after a refund, and free its budget; returns the reason that stands for it.

    What has reached its person and cannot come back (cash, a gift sent) stays theirs, marked for staff.
    """
    referral = tx.referrals.get(referral_id)
    counted = [r for r in tx.rewards.of_referral(referral_id) if r.is_counted]
    if referral is None or (not counted and referral.status is not ReferralStatus.CREDITED):
        return reason
    if counted and all(r.state is not RewardState.GRANTED for r in counted):
        reason = Reason.REFUND_BEFORE_GRANT
    _reverse(tx, facts, counted, reason, now=now, rng=rng)
    tx.jobs.cancel(GRANT, referral_id)
    tx.referrals.decide(referral_id, ReferralStatus.REVERSED, reason, now)
    _after(tx, facts, referral, now=now, rng=rng)
    return reason


def correct(tx: Tx, facts: Facts, referral: Referral, reason: Reason, *, now: datetime, rng: Bits) -> None:
    """What is held for a referral turns out not to be owed: reverse it. The friend may be credited again."""
    counted = [r for r in tx.rewards.of_referral(referral.id) if r.is_counted]
    _reverse(tx, facts, counted, reason, now=now, rng=rng)
    tx.jobs.cancel(GRANT, referral.id)
    tx.referrals.save(replace(referral, status=ReferralStatus.REJECTED, reason=reason, decided_at=now, order=None))
    _after(tx, facts, referral, now=now, rng=rng)


def bring_forward(tx: Tx, facts: Facts, referral: Referral, order: Order, terms: Terms, *, now: datetime) -> None:
    """What is held for a referral was brought by an earlier order: the refund window is that one's."""
    due = max(now, order.paid_at + days(terms.hold_days))
    tx.rewards.reassign(referral.id, order.id, due)
    tx.referrals.save(replace(referral, order=order.id))
    grafting.follow(tx, facts, referral, now=now)
    if any(r.is_counted for r in tx.rewards.of_referral(referral.id)):
        tx.jobs.put(Job(kind=GRANT, key=referral.id, due_at=due))


def is_open(tx: Tx, referral: Referral) -> bool:
    """Whether a credit may still be corrected: nothing of it has gone beyond being held."""
    theirs = [r for r in tx.rewards.of_referral(referral.id) if r.order == referral.order]
    return all(r.state in (RewardState.HELD, RewardState.REJECTED, RewardState.REVERSED) for r in theirs)


def cost_of(tx: Tx, referral_id: str) -> int:
    """What a referral's thanks take of the budget, in fen."""
    return sum(r.reserved_fen for r in tx.rewards.of_referral(referral_id) if r.is_counted)


def _reverse(tx: Tx, facts: Facts, rewards: Sequence[Reward], reason: Reason, *, now: datetime, rng: Bits) -> None:
    for reward in rewards:
        if not withdraw(tx, facts, reward, reason, now=now, rng=rng):
            tx.rewards.explain(reward.id, Reason.REFUND_AFTER_PAYMENT)


def _after(tx: Tx, facts: Facts, referral: Referral, *, now: datetime, rng: Bits) -> None:
    """`referral` is as it was before."""
    if referral.status is ReferralStatus.CREDITED:
        enrolment.credited(tx, referral, -1)
    grafting.follow(tx, facts, referral, now=now)
    milestones.review(tx, facts, referral, now=now, rng=rng)
    announcements.announce(tx, facts, announcements.REFERRAL_REVERSED, referral.id, now=now, rng=rng)
