"""All operations of the API."""

from __future__ import annotations

from bot.api import (
    appeals,
    approvals,
    budgets,
    campaigns,
    champions,
    claims,
    codes,
    evidence,
    experiments,
    lift,
    matching,
    merges,
    orders,
    people,
    proofs,
    referrals,
    rewards,
    stories,
    suspicions,
    taxes,
    why,
)
from bot.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *campaigns.OPERATIONS,
    *experiments.OPERATIONS,
    *people.OPERATIONS,
    *merges.OPERATIONS,
    *champions.OPERATIONS,
    *codes.OPERATIONS,
    *evidence.SHARES,
    *evidence.TOUCHES,
    *referrals.OPERATIONS,
    *claims.OPERATIONS,
    *orders.OPERATIONS,
    *matching.OPERATIONS,
    *rewards.OPERATIONS,
    *approvals.OPERATIONS,
    *suspicions.OPERATIONS,
    *taxes.OPERATIONS,
    *proofs.OPERATIONS,
    *budgets.OPERATIONS,
    *lift.OPERATIONS,
    *stories.OPERATIONS,
    *appeals.OPERATIONS,
    *why.OPERATIONS,
)
