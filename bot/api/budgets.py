"""`/budgets`: what campaigns may cost, what they have taken, and when it will be used up."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from bot.api.operations import Asked, Operation
from bot.api.shapes import CampaignId, Fen, Page, PageQuery, page
from referral.budgets import forecast_of
from referral.errors import NotFound
from referral.ids import is_id
from storage import listings
from storage.transaction import Transaction


class Budget(Struct, frozen=True, kw_only=True):
    """A campaign's budget in fen: `used_fen` is reserved or spent, `spent_fen` what was granted of it.

    `a_day_fen` is the pace of the last two weeks; at that pace the budget is used up on `runs_out_on`, a day in
    Beijing, null where it is not.
    """

    campaign: CampaignId
    budget_fen: Fen
    used_fen: Fen
    spent_fen: Fen
    left_fen: Fen
    a_day_fen: Fen
    runs_out_on: date | None


class BudgetQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list."""


def _list(tx: Transaction, asked: Asked) -> Page[Budget]:
    return page(tx, listings.CAMPAIGNS, asked.query, {}, lambda row: _budget(tx, row.id, asked))


def _one(tx: Transaction, asked: Asked) -> Budget:
    return _budget(tx, asked.path["campaign"], asked)


def _budget(tx: Transaction, campaign_id: str, asked: Asked) -> Budget:
    campaign = tx.campaigns.get(campaign_id) if is_id(campaign_id, "c") else None
    if campaign is None:
        raise NotFound("没有这个活动")
    stands = forecast_of(tx, campaign, now=asked.now)
    return Budget(
        campaign=campaign.id,
        budget_fen=stands.budget_fen,
        used_fen=stands.used_fen,
        spent_fen=stands.spent_fen,
        left_fen=stands.left_fen,
        a_day_fen=stands.a_day_fen,
        runs_out_on=stands.runs_out_on,
    )


_EXAMPLE = Budget(
    campaign="c0123456789abcdef",
    budget_fen=10_000_000,
    used_fen=1_800_000,
    spent_fen=600_000,
    left_fen=8_200_000,
    a_day_fen=120_000,
    runs_out_on=date(2027, 1, 30),
)

OPERATIONS = (
    Operation(
        name="listBudgets",
        method="GET",
        path="/budgets",
        scope="budgets:read",
        summary="The budgets of all campaigns.",
        run=_list,
        query=BudgetQuery,
        answer=Page[Budget],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="getBudget",
        method="GET",
        path="/budgets/{campaign}",
        parts={"campaign": CampaignId},
        scope="budgets:read",
        summary="The budget of one campaign.",
        run=_one,
        answer=Budget,
        example=_EXAMPLE,
        refuses=(404,),
    ),
)
