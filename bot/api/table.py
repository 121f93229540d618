"""All operations of the API."""

from __future__ import annotations

from bot.api import (
    appeals,
    approvals,
    budgets,
    campaigns,
    claims,
    codes,
    evidence,
    matching,
    merges,
    orders,
    people,
    proofs,
    referrals,
    rewards,
    stories,
    taxes,
    why,
)
from bot.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *campaigns.OPERATIONS,
    *people.OPERATIONS,
    *merges.OPERATIONS,
    *codes.OPERATIONS,
    *evidence.SHARES,
    *evidence.TOUCHES,
    *referrals.OPERATIONS,
    *claims.OPERATIONS,
    *orders.OPERATIONS,
    *matching.OPERATIONS,
    *rewards.OPERATIONS,
    *approvals.OPERATIONS,
    *taxes.OPERATIONS,
    *proofs.OPERATIONS,
    *budgets.OPERATIONS,
    *stories.OPERATIONS,
    *appeals.OPERATIONS,
    *why.OPERATIONS,
)
