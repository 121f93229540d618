"""Milestones: one more thanks after the so-many-th friend is through, told only then.

It stands as long as so many friends are through, whichever they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import budgets
from referral.attribution import Reason
from referral.ids import Bits
from referral.jobs import Job
from referral.referrals import Referral, ReferralStatus
from referral.rewards import Cause
from referral.terms import Terms
from referral.thanks.ending import withdraw
from referral.thanks.making import reward_of
from referral.thanks.releasing import hold_alone
from referral.times import days

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

MILESTONES = "milestones.review"
"""The job that looks again at a milestone that the budget did not suffice for; its key is the advocate."""


def review(tx: Tx, facts: Facts, referral: Referral, *, now: datetime, rng: Bits) -> None:
    """After something changed about a referral: give its advocate what is reached, take back what is not any more."""
    terms = _terms(tx, referral)
    if not any(each.cause == Cause.MILESTONE for each in terms.thanks):
        return
    mine = [r for r in tx.referrals.of_advocate(referral.advocate) if r.campaign == referral.campaign]
    through = sum(map(_is_through, mine))
    _give(tx, facts, referral, through, now=now, rng=rng)
    for reward in tx.rewards.of_person(referral.advocate):
        if reward.cause is not Cause.MILESTONE or reward.campaign != referral.campaign or not reward.is_counted:
            continue
        promised = terms.find(reward.rule, reward.side)
        if promised and through < promised.after_friends:
            withdraw(tx, facts, reward, Reason.MILESTONE_MISSED, now=now, rng=rng)


def review_milestones(tx: Tx, facts: Facts, advocate: str, *, now: datetime, rng: Bits) -> None:
    """After an advocate's friends became more or fewer: review each campaign in which they brought somebody."""
    latest = {referral.campaign: referral for referral in tx.referrals.of_advocate(advocate)}
    for referral in latest.values():
        review(tx, facts, referral, now=now, rng=rng)


def _give(tx: Tx, facts: Facts, referral: Referral, through: int, *, now: datetime, rng: Bits) -> None:
    terms, advocate = _terms(tx, referral), tx.people.get(referral.advocate)
    campaign = tx.campaigns.get(referral.campaign)
    assert campaign
    if tx.erasures.find(referral.advocate) or tx.people.staff_among([referral.advocate]):
        return
    for thanks in terms.thanks_for("milestone", tier=advocate.tier if advocate else ""):
        reached = through >= thanks.after_friends
        if not reached or tx.rewards.has_milestone(campaign.id, referral.advocate, thanks.rule):
            continue
        if budgets.reserve(tx, facts, campaign, thanks.most_cost_fen, now=now, rng=rng):
            reward = reward_of(campaign.id, referral.advocate, thanks, None, due=now, now=now, rng=rng)
            hold_alone(tx, facts, terms, reward, now=now, rng=rng)
        elif not campaign.is_over(now):  # looked at again, in case the budget is raised
            tx.jobs.put(Job(kind=MILESTONES, key=referral.advocate, due_at=now + days(1)))


def _terms(tx: Tx, referral: Referral) -> Terms:
    """The rules as they stand now: friends of several versions count together, and edits are only for the better."""
    campaign = tx.campaigns.get(referral.campaign)
    return tx.campaigns.terms(referral.campaign, campaign.version if campaign else referral.version)


def _is_through(referral: Referral) -> bool:
    return (referral.status, referral.reason) == (ReferralStatus.CREDITED, Reason.GRANTED)
