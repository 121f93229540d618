"""A reward made from what terms promise."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from referral.attribution import Reason
from referral.ids import Bits, new_id
from referral.rewards import Approval, Cause, Reward, RewardState, Side
from referral.terms import Choice, Terms, Thanks

if TYPE_CHECKING:
    from referral.tx import Tx

RULE = "rule"
"""Who asks for an approval that the terms demand."""


def reward_of(
    campaign: str, person: str, thanks: Thanks, refusal: Reason | None, *, due: datetime, now: datetime, rng: Bits
) -> Reward:
    """A thanks for a person, in its first form: held until it is due, or rejected for a reason."""
    return Reward(
        id=new_id(rng, "w"),
        campaign=campaign,
        referral=None,
        friend=None,
        order=None,
        person=person,
        side=Side(thanks.side),
        cause=Cause(thanks.cause),
        rule=thanks.rule,
        state=RewardState.REJECTED if refusal else RewardState.HELD,
        reason=refusal or Reason.HOLD_RUNNING,
        reserved_fen=0 if refusal else thanks.most_cost_fen,
        created_at=now,
        held_at=None if refusal else now,
        due_at=None if refusal else due,
        **form_of(thanks.choices[0]),
    )


def form_of(choice: Choice) -> dict[str, Any]:
    """The form of a thanks, by the names that a reward has for it."""
    return {
        "kind": choice.kind,
        "unit": choice.unit,
        "amount": choice.amount,
        "cost_fen": choice.cost_fen,
        "says": choice.says,
        "value": choice.value,
        "tax_class": choice.tax_class,
        "valid_days": choice.valid_days,
    }


def ask(tx: Tx, terms: Terms, reward: Reward, *, now: datetime) -> None:
    """Have somebody say yes to a reward, where the terms demand it."""
    dear = terms.approve_over_fen and reward.reserved_fen > terms.approve_over_fen
    if terms.confirm or dear:
        why = "confirm" if terms.confirm else "amount"
        tx.rewards.ask(Approval(reward=reward.id, why=why, asked_by=RULE, asked_at=now))
