"""Thanks: both sides' rewards held, granted and taken back, each step with its ledger entries in the same transaction.

Budget is reserved for both sides in one statement, so that either both are held or neither, and the budget is never
exceeded.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import ledger, notices
from referral.attribution import Reason
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.offers import Terms
from referral.referrals import Disclosure, Referral, ReferralStatus
from referral.rewards import COUNTED, Reward, RewardState, Side
from referral.times import days, year_start

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.orders import Order
    from referral.touches import Touch
    from referral.tx import Tx

GRANT = "reward.grant"
"""The job that ends a refund window; its key is the referral's id."""


def hold(
    tx: Tx,
    facts: Facts,
    order: Order,
    known: Referral | None,
    touch: Touch,
    terms: Terms,
    method: str,
    *,
    now: datetime,
    rng: Bits,
) -> tuple[Referral, Reason | None]:
    """Credit a friend's act to a touch and hold both rewards until the refund window ends.

    Returns the referral, and why nothing could be held: then both rewards are on record as rejected.
    """
    assert order.person
    if known and tx.rewards.of_referral(known.id):
        return known, Reason.REWARD_ONCE
    refusal = _refusal(tx, touch, terms, now)
    referral = Referral(
        id=known.id if known else new_id(rng, "r"),
        campaign=touch.campaign,
        friend=order.person,
        advocate=touch.advocate,
        code=touch.code,
        touch=touch.id,
        version=touch.version,
        method=method,
        status=ReferralStatus.REJECTED if refusal else ReferralStatus.CREDITED,
        reason=refusal or Reason.HOLD_RUNNING,
        at=touch.at,
        disclosed=known.disclosed if known and known.advocate == touch.advocate else Disclosure.UNASKED,
        decided_at=now,
    )
    tx.referrals.save(referral)
    for reward in _both(order, referral, terms, refusal, now=now, rng=rng):
        tx.rewards.add(reward)
        if not refusal:
            ledger.record(tx, reward, RewardState.HELD, now=now, rng=rng)
            notices.thanks(tx, facts, reward, RewardState.HELD, now=now, rng=rng)
    if not refusal:
        tx.jobs.put(Job(kind=GRANT, key=referral.id, due_at=_due(order, terms, now)))
    return referral, refusal


def grant(tx: Tx, facts: Facts, referral_id: str, *, now: datetime, rng: Bits) -> None:
    """The refund window is over: what is still held for this referral becomes the people's own."""
    referral = tx.referrals.get(referral_id)
    if referral is None or referral.status is not ReferralStatus.CREDITED:
        return
    tx.referrals.decide(referral_id, ReferralStatus.CREDITED, Reason.GRANTED, now)
    for reward in tx.rewards.of_referral(referral_id):
        if reward.state is RewardState.HELD and tx.rewards.move(reward, RewardState.GRANTED, Reason.GRANTED, now):
            ledger.record(tx, reward, RewardState.GRANTED, now=now, rng=rng)
            notices.thanks(tx, facts, reward, RewardState.GRANTED, now=now, rng=rng)
            tx.orders.explain(reward.order, Reason.HOLD_RUNNING, Reason.GRANTED)


def take_back(tx: Tx, facts: Facts, referral_id: str, reason: Reason, *, now: datetime, rng: Bits) -> Reason:
    """Reverse both sides after a refund, and free their budget; returns the reason that stands for it."""
    referral = tx.referrals.get(referral_id)
    counted = [r for r in tx.rewards.of_referral(referral_id) if r.state in COUNTED]
    if referral is None or not counted:
        return reason
    if all(r.state is not RewardState.GRANTED for r in counted):
        reason = Reason.REFUND_BEFORE_GRANT
    for reward in counted:
        if tx.rewards.move(reward, RewardState.REVERSED, reason, now):
            ledger.record(tx, reward, RewardState.REVERSED, now=now, rng=rng)
            tx.campaigns.release(reward.campaign, reward.cost_fen)
            notices.thanks(tx, facts, reward, RewardState.REVERSED, now=now, rng=rng)
    tx.jobs.cancel(GRANT, referral_id)
    tx.referrals.decide(referral_id, ReferralStatus.REVERSED, reason, now)
    return reason


def _refusal(tx: Tx, touch: Touch, terms: Terms, now: datetime) -> Reason | None:
    """Why nothing can be held. Where nothing speaks against it the budget has been taken for both sides."""
    if tx.rewards.counted_since(touch.campaign, touch.advocate, year_start(now)) >= terms.cap_per_year:
        return Reason.CAP_REACHED
    if not tx.campaigns.reserve(touch.campaign, 2 * terms.cost_fen):
        return Reason.BUDGET_EXHAUSTED
    return None


def _due(order: Order, terms: Terms, now: datetime) -> datetime:
    return max(now, order.paid_at + days(terms.hold_days))


def _both(
    order: Order, referral: Referral, terms: Terms, refusal: Reason | None, *, now: datetime, rng: Bits
) -> list[Reward]:
    sides = (
        (Side.ADVOCATE, referral.advocate, terms.amount_advocate),
        (Side.FRIEND, referral.friend, terms.amount_friend),
    )
    return [
        Reward(
            id=new_id(rng, "w"),
            campaign=referral.campaign,
            referral=referral.id,
            friend=referral.friend,
            person=person,
            side=side,
            rule=terms.rule,
            kind=terms.kind,
            unit=terms.unit,
            amount=amount,
            cost_fen=terms.cost_fen,
            state=RewardState.REJECTED if refusal else RewardState.HELD,
            reason=refusal or Reason.HOLD_RUNNING,
            order=order.id,
            held_at=None if refusal else now,
            due_at=None if refusal else _due(order, terms, now),
        )
        for side, person, amount in sides
    ]
