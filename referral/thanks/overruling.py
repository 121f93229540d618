"""What a rule had credited is turned down by a person: nothing of it stands that can still be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import announcements, enrolment, grafting
from referral.attribution import Reason
from referral.ids import Bits
from referral.referrals import ReferralStatus
from referral.rewards import RewardState
from referral.thanks import milestones
from referral.thanks.ending import end, withdraw
from referral.thanks.holding import GRANT

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


def overrule(tx: Tx, facts: Facts, referral_id: str, reason: Reason, *, now: datetime, rng: Bits) -> None:
    """Turn down a credited referral: what is held is rejected, what was given is taken back where it can be.

    Nothing where it is not credited any more. What has reached its person for good (cash, a gift sent) stays theirs.
    """
    referral = tx.referrals.get(referral_id)
    if referral is None or referral.status is not ReferralStatus.CREDITED:
        return
    counted = [r for r in tx.rewards.of_referral(referral_id) if r.is_counted]
    for reward in counted:
        if reward.state is RewardState.HELD:
            end(tx, facts, reward, RewardState.REJECTED, reason, now=now, rng=rng)
        else:
            withdraw(tx, facts, reward, reason, now=now, rng=rng)
    given = any(reward.state is not RewardState.HELD for reward in counted)
    status = ReferralStatus.REVERSED if given else ReferralStatus.REJECTED
    tx.jobs.cancel(GRANT, referral_id)
    tx.referrals.decide(referral_id, status, reason, now)
    enrolment.credited(tx, referral, -1)
    grafting.follow(tx, facts, referral, now=now)
    if referral.order:
        tx.orders.turn_down(referral.order, reason)
    milestones.review(tx, facts, referral, now=now, rng=rng)
    announcements.announce(tx, facts, announcements.REFERRAL_REVERSED, referral.id, now=now, rng=rng)
