"""A friend's act is credited, and what it brings is held until the refund window ends.

Budget is reserved for all of it in one statement, so that both sides are held or neither, and the budget is never
exceeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import announcements, budgets, enrolment, grafting, ledger, notices
from referral.attribution import Reason
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.referrals import Disclosure, Referral, ReferralStatus
from referral.rewards import Reward, RewardState, Side
from referral.terms import Terms, Thanks
from referral.thanks.making import ask, form_of, reward_of
from referral.times import days, midnight, year_start

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.orders import Order
    from referral.touches import Touch
    from referral.tx import Tx

GRANT = "reward.grant"
"""The job that ends a refund window; its key is the referral's id, or the reward's where it is for no referral."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """That an order of a friend is credited to a touch, under the terms that it met, by which method."""

    order: Order
    touch: Touch
    terms: Terms
    method: str

    def due(self, now: datetime) -> datetime:
        """When the refund window ends."""
        return max(now, self.order.paid_at + days(self.terms.hold_days))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owed:
    """One thanks to be put on record, and why it is refused, None where nothing speaks against it."""

    thanks: Thanks
    person: str
    refusal: Reason | None


def hold(
    tx: Tx, facts: Facts, credit: Credit, known: Referral | None, *, now: datetime, rng: Bits
) -> tuple[Referral, Reason | None]:
    """Credit a friend's act to a touch and hold what it brings until the refund window ends.

    Returns the referral, and why nothing could be held: then it is on record as rejected. An offer without thanks
    credits and holds nothing.
    """
    order, touch = credit.order, credit.touch
    assert order.person
    had = tx.rewards.of_referral(known.id) if known else []
    owed = _owed(tx, facts, credit, had, now=now, rng=rng)
    refusal = next((each.refusal for each in owed), None) if owed and all(each.refusal for each in owed) else None
    referral = Referral(
        id=known.id if known else new_id(rng, "r"),
        campaign=touch.campaign,
        friend=order.person,
        advocate=touch.advocate,
        code=touch.code,
        touch=touch.id,
        version=touch.version,
        method=credit.method,
        status=ReferralStatus.REJECTED if refusal else ReferralStatus.CREDITED,
        reason=refusal or (Reason.HOLD_RUNNING if owed else Reason.CREDITED),
        at=touch.at,
        disclosed=known.disclosed if known and known.advocate == touch.advocate else Disclosure.UNASKED,
        decided_at=now,
        order=order.id,
    )
    tx.referrals.save(referral)
    for each in owed:
        _put_on_record(tx, facts, referral, credit, each, had, now=now, rng=rng)
    if owed and not refusal:
        tx.jobs.put(Job(kind=GRANT, key=referral.id, due_at=credit.due(now)))
    if not refusal:
        if known is None or known.status is not ReferralStatus.CREDITED:
            enrolment.credited(tx, referral)
            tx.cares.look_at(referral.advocate, now)
        grafting.follow(tx, facts, referral, now=now)
        announcements.announce(tx, facts, announcements.REFERRAL_CREDITED, referral.id, now=now, rng=rng)
    return referral, refusal


def _owed(tx: Tx, facts: Facts, credit: Credit, had: Sequence[Reward], *, now: datetime, rng: Bits) -> list[_Owed]:
    """What a friend's act brings to both sides, but for what stayed theirs of `had` when it was taken back.

    The budget is taken for everything that is not refused.
    """
    touch, terms = credit.touch, credit.terms
    advocate = tx.people.get(touch.advocate)
    persons = {Side.ADVOCATE.value: touch.advocate, Side.FRIEND.value: credit.order.person or ""}
    kept = {(r.person, r.side.value, r.rule) for r in had if r.is_counted}
    due = terms.thanks_for("referral", tier=advocate.tier if advocate else "")
    wanted = [each for each in due if (persons[each.side], each.side, each.rule) not in kept]
    campaign = tx.campaigns.get(touch.campaign)
    assert campaign
    cost = sum(each.most_cost_fen for each in wanted)
    if wanted and not budgets.reserve(tx, facts, campaign, cost, now=now, rng=rng):
        return [_Owed(thanks=t, person=persons[t.side], refusal=Reason.BUDGET_EXHAUSTED) for t in wanted]
    refused = _refusals(tx, credit, cost, now)
    owed = [_Owed(thanks=t, person=persons[t.side], refusal=refused.get(t.side)) for t in wanted]
    if back := sum(each.thanks.most_cost_fen for each in owed if each.refusal):
        budgets.release(tx, campaign.id, back, now=now)
    return owed


def _refusals(tx: Tx, credit: Credit, cost_fen: int, now: datetime) -> dict[str, Reason]:
    """Which sides get nothing, and why. Counted after the budget was taken, which lets one order at a time through."""
    touch, terms, order = credit.touch, credit.terms, credit.order
    both = (Side.ADVOCATE.value, Side.FRIEND.value)
    if terms.cap_campaign and tx.rewards.counted_friends(touch.campaign, None, None) >= terms.cap_campaign:
        return dict.fromkeys(both, Reason.CAP_CAMPAIGN)
    earned = order.earns(terms.margin_percent)
    if earned is not None and cost_fen > earned:
        return dict.fromkeys(both, Reason.MARGIN_EXCEEDED)
    capped = _cap_reached(tx, credit, now)
    return dict.fromkeys(both, capped) if capped else {}


def _cap_reached(tx: Tx, credit: Credit, now: datetime) -> Reason | None:
    touch, terms = credit.touch, credit.terms
    if tx.rewards.counted_friends(touch.campaign, touch.advocate, year_start(now)) >= terms.cap_per_year:
        return Reason.CAP_REACHED
    per_day = terms.cap_per_day
    if per_day and tx.rewards.counted_friends(touch.campaign, touch.advocate, midnight(now)) >= per_day:
        return Reason.CAP_DAY
    return None


def _put_on_record(
    tx: Tx,
    facts: Facts,
    referral: Referral,
    credit: Credit,
    owed: _Owed,
    had: Sequence[Reward],
    *,
    now: datetime,
    rng: Bits,
) -> None:
    due = credit.due(now)
    reward = reward_of(referral.campaign, owed.person, owed.thanks, owed.refusal, due=due, now=now, rng=rng)
    reward = replace(
        reward, referral=referral.id, friend=referral.friend, advocate=referral.advocate, order=credit.order.id
    )
    reward = _as_chosen(reward, owed.thanks, had)
    tx.rewards.add(reward)
    if owed.refusal is None:
        ask(tx, credit.terms, reward, now=now)
        ledger.record(tx, reward, RewardState.HELD, now=now, rng=rng)
        notices.held(tx, facts, reward, now=now, rng=rng)
    else:
        notices.refused(tx, facts, reward, now=now, rng=rng)


def _as_chosen(reward: Reward, thanks: Thanks, had: Sequence[Reward]) -> Reward:
    """In the form that its person had chosen, where they had the same from this referral before: choices are kept."""
    mine = (reward.person, reward.side, reward.rule)
    same = [r for r in had if (r.person, r.side, r.rule) == mine]
    chosen = [r for r in same if r.chosen_at and r.form in thanks.choices]
    if not chosen or not reward.is_counted:
        return reward
    latest = max(chosen, key=lambda r: r.created_at)
    return replace(reward, chosen_at=latest.chosen_at, **form_of(latest.form))
