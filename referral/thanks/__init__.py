"""Thanks: rewards held, approved, granted and taken back, each step with its ledger entries in the same transaction."""

from referral.thanks.approving import approve, refuse
from referral.thanks.choosing import choose
from referral.thanks.concluding import bring_forward, correct, cost_of, grant, is_open, take_back
from referral.thanks.ending import expire, fail, withdraw
from referral.thanks.giving import adjust, campaign_for_stories, thanks_for_story
from referral.thanks.holding import GRANT, Credit, hold
from referral.thanks.milestones import MILESTONES, review_milestones
from referral.thanks.overruling import overrule
from referral.thanks.releasing import EXPIRE, give

__all__ = [
    "EXPIRE",
    "GRANT",
    "MILESTONES",
    "Credit",
    "adjust",
    "approve",
    "bring_forward",
    "campaign_for_stories",
    "choose",
    "correct",
    "cost_of",
    "expire",
    "fail",
    "give",
    "grant",
    "hold",
    "is_open",
    "overrule",
    "refuse",
    "review_milestones",
    "take_back",
    "thanks_for_story",
    "withdraw",
]
