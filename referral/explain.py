"""The explainer: why something stands as it does, since when, what is missing, and what can still change it until when.

Pure: from what is on record to one `Explanation`, the same for the chat, `/me`, the command line and the API. What the
reader may not see is never in it: an advocate learns a friend's name only with the friend's yes (design §3.7), and
nobody but an auditor is told of an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from referral.attribution import DEFAULT_LATE_DAYS, Reason
from referral.orders import Order, Outcome
from referral.people import Person
from referral.referrals import Disclosure, Referral, ReferralStatus
from referral.rewards import Reward, RewardState, Side
from referral.terms import Terms
from referral.times import days

CHOICE_OPEN, CLAIM_WAITING = "choice.open", "claim.waiting"
"""Reasons that no decision leaves on record: something waits for the person, or for staff."""


class Reader(StrEnum):
    """Who asks. A rep knows customers by name; an auditor sees ids, order numbers and rules, and no names."""

    ADVOCATE = "advocate"
    FRIEND = "friend"
    REP = "rep"
    AUDITOR = "auditor"


class Missing(StrEnum):
    """What has yet to happen."""

    CONVERSION = "conversion"
    IDENTITY = "identity"
    HOLD = "hold"
    CHOICE = "choice"
    APPROVAL = "approval"
    REVIEW = "review"
    DELIVERY = "delivery"
    CLAIM = "claim"


class Change(StrEnum):
    """What can still change it, until `Explanation.until`."""

    CONVERSION = "conversion"
    REFUND = "refund"
    LATE_CLAIM = "late_claim"
    EXPIRY = "expiry"


class Advice(StrEnum):
    """What the person can do now."""

    WAIT = "wait"
    CODE = "code"
    CHOOSE = "choose"
    PHONE = "phone"
    NEXT = "next"
    LATER = "later"
    APPEAL = "appeal"
    USE = "use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How one thing stands. `about` is `referral:ID`, `reward:ID`, `order:ID` or `claim:ID`.

    `name` is the friend's as this reader may read it; `state` a key of the chat's states; `method` the rule that
    attributed it; `order` is for auditors. `until` belongs to `change`.
    """

    about: str
    state: str
    reason: str
    since: datetime
    name: str | None = None
    method: str | None = None
    missing: tuple[Missing, ...] = ()
    change: Change | None = None
    until: datetime | None = None
    advice: Advice | None = None
    order: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts, or still may."""
        return self.state not in _OUT


_OUT = ("left_out", "reversed", "rejected", "expired")

ADVICE: dict[str, Advice] = {
    Reason.HOLD_RUNNING: Advice.WAIT,
    Reason.WAITING: Advice.WAIT,
    Reason.REFUND_WAITING: Advice.WAIT,
    Reason.REFUND_PARTIAL: Advice.WAIT,
    Reason.FULFILMENT_RUNNING: Advice.WAIT,
    Reason.APPROVAL_WAITING: Advice.WAIT,
    Reason.SUSPECT_REVIEW: Advice.WAIT,
    Reason.CAMPAIGN_EARLY: Advice.LATER,
    Reason.CAMPAIGN_PAUSED: Advice.LATER,
    Reason.CAP_REACHED: Advice.LATER,
    Reason.CAP_DAY: Advice.LATER,
    Reason.BUYER_UNKNOWN: Advice.PHONE,
    Reason.TOUCH_NONE: Advice.CODE,
    Reason.REWARD_ONCE: Advice.NEXT,
    Reason.CAP_CAMPAIGN: Advice.NEXT,
    Reason.BUDGET_EXHAUSTED: Advice.NEXT,
    Reason.CAMPAIGN_ENDED: Advice.NEXT,
    Reason.CUSTOMER_EXISTING: Advice.NEXT,
    Reason.TOUCH_READD: Advice.NEXT,
    Reason.REFUND_FULL: Advice.NEXT,
    Reason.REFUND_BEFORE_GRANT: Advice.NEXT,
    Reason.GRANTED: Advice.USE,
    CHOICE_OPEN: Advice.CHOOSE,
    CLAIM_WAITING: Advice.CODE,
}
"""What the person can do about each reason; for those left out, only a colleague can look again."""

_SETTLED = (Reason.LATE_CLAIM, Reason.CREDITED, Reason.MERGED, Reason.ERASED)


_OF_FRIENDS = (Advice.NEXT, Advice.LATER)
"""What only somebody who brings friends is told."""


def advice_for(reason: str, *, of_own: bool = False) -> Advice | None:
    """What a person can do about a reason; None where there is nothing to be done and nothing wrong.

    `of_own` where it is their own act, or a thanks for it: then there is nothing to say of friends.
    """
    if reason in _SETTLED:
        return None
    advice = ADVICE.get(reason, Advice.APPEAL)
    return None if of_own and advice in _OF_FRIENDS else advice


def reason_now(decided: str, rewards: Sequence[Reward]) -> str:
    """What is true of a decision, as the thanks that it brought stand now.

    `granted` stands on record from the day the refund window was over: a thanks may still be on its way then, wait for
    somebody's yes, or have failed to come.
    """
    if decided not in (Reason.HOLD_RUNNING, Reason.GRANTED):
        return decided
    telling = _most_telling(rewards)
    if telling is None:
        return Reason.CREDITED if decided == Reason.GRANTED else decided
    return decided if telling.state in _ARRIVED else telling.reason


def of_referral(
    referral: Referral,
    *,
    friend: Person | None,
    rewards: Sequence[Reward],
    terms: Terms,
    reader: Reader,
    now: datetime,
    order: Order | None = None,
) -> Explanation:
    """How one friend's coming stands. `rewards` are the reader's own of this referral, or all for staff.

    Until when each thanks is good is told of the thanks themselves, of which there may be several.
    """
    seen = {"name": _name(referral, friend, reader), "order": order.name if order and _sees_orders(reader) else None}
    about = f"referral:{referral.id}"
    if referral.status in (ReferralStatus.PENDING, ReferralStatus.UNMATCHED):
        return _waiting(about, referral, terms, now, **seen)
    since = referral.decided_at or referral.at
    if referral.status is not ReferralStatus.CREDITED:
        return _explained(about, "left_out", referral.reason, since, method=referral.method, **seen)
    telling = _most_telling(rewards)
    if telling is None:
        return _explained(about, "bought", reason_now(referral.reason, ()), since, method=referral.method, **seen)
    state = _FRIEND_STATES.get(telling.state, "left_out")
    told = _of_reward(about, state, telling, terms, method=referral.method, **seen)
    return replace(told, change=None, until=None) if told.change is Change.EXPIRY else told


def of_reward(
    reward: Reward, terms: Terms, *, reader: Reader, order: Order | None = None, approving: bool = False
) -> Explanation:
    """How one thanks stands, for the person whose it is or for staff; the friend behind it is not named.

    `approving` where somebody has still to say yes to it.
    """
    seen = order.name if order and _sees_orders(reader) else None
    told = _of_reward(f"reward:{reward.id}", reward.state.value, reward, terms, order=seen)
    return replace(told, missing=_with_approval(told.missing)) if approving else told


def _with_approval(missing: tuple[Missing, ...]) -> tuple[Missing, ...]:
    return missing if Missing.APPROVAL in missing else (*missing, Missing.APPROVAL)


def of_order(
    order: Order,
    *,
    rewards: Sequence[Reward] = (),
    late_days: int = DEFAULT_LATE_DAYS,
    reader: Reader,
    now: datetime,
) -> Explanation:
    """How the reader's own purchase, visit or contract stands.

    `rewards` are what it brought the reader, or all that it brought for staff.
    """
    reason = reason_now(order.reasons[-1], rewards) if order.reasons else Reason.BUYER_UNKNOWN
    until = order.paid_at + days(late_days)
    open_still = order.outcome in (Outcome.UNMATCHED, Outcome.NO_REFERRAL) and now <= until
    if reason == Reason.TOUCH_NONE and not open_still:
        reason = Reason.LATE_PASSED
    return Explanation(
        about=f"order:{order.id}",
        state="bought" if order.outcome in (Outcome.HELD, Outcome.CREDITED) or open_still else "left_out",
        reason=reason,
        since=order.paid_at,
        missing=(Missing.IDENTITY,) if order.outcome is Outcome.UNMATCHED else (),
        change=Change.LATE_CLAIM if open_still else None,
        until=until if open_still else None,
        advice=advice_for(reason, of_own=True),
        order=order.name if _sees_orders(reader) else None,
    )


def of_claim(claim: str, said_at: datetime, expires_at: datetime) -> Explanation:
    """That the reader said who introduced them, and staff have not said yet who is meant."""
    return Explanation(
        about=f"claim:{claim}",
        state="seen",
        reason=CLAIM_WAITING,
        since=said_at,
        missing=(Missing.CLAIM,),
        change=Change.LATE_CLAIM,
        until=expires_at,
        advice=Advice.CODE,
    )


def _waiting(
    about: str, referral: Referral, terms: Terms, now: datetime, *, name: str | None, order: str | None
) -> Explanation:
    until = referral.at + days(terms.window_days)
    if now > until:
        passed = Reason.WINDOW_PASSED
        return _explained(about, "left_out", passed, until, method=referral.method, name=name, order=order)
    return Explanation(
        about=about,
        state="added" if referral.method == "add" else "seen",
        reason=referral.reason,
        since=referral.at,
        name=name,
        method=referral.method,
        missing=(Missing.CONVERSION if referral.status is ReferralStatus.PENDING else Missing.IDENTITY,),
        change=Change.CONVERSION,
        until=until,
        advice=Advice.WAIT,
        order=order,
    )


def _explained(
    about: str, state: str, reason: str, since: datetime, *, method: str, name: str | None, order: str | None
) -> Explanation:
    return Explanation(
        about=about,
        state=state,
        reason=reason,
        since=since,
        name=name,
        method=method,
        advice=advice_for(reason),
        order=order,
    )


def _of_reward(
    about: str,
    state: str,
    reward: Reward,
    terms: Terms,
    *,
    method: str | None = None,
    name: str | None = None,
    order: str | None = None,
) -> Explanation:
    choosing = _may_choose(reward, terms)
    reason = CHOICE_OPEN if choosing else str(reward.reason)
    missing, change, until = _open_ends(reward, choosing=choosing)
    return Explanation(
        about=about,
        state=state,
        reason=reason,
        since=_moved_at(reward),
        name=name,
        method=method,
        missing=missing,
        change=change,
        until=until,
        advice=advice_for(reason, of_own=reward.side is Side.FRIEND),
        order=order,
    )


def _open_ends(reward: Reward, *, choosing: bool) -> tuple[tuple[Missing, ...], Change | None, datetime | None]:
    """What a thanks still lacks, and what may still become of it."""
    match reward.state:
        case RewardState.HELD if reward.reason == Reason.APPROVAL_WAITING:  # the refund window is over
            return (Missing.APPROVAL,), None, None
        case RewardState.HELD if reward.reason == Reason.SUSPECT_REVIEW:
            return (Missing.CHOICE, Missing.REVIEW) if choosing else (Missing.REVIEW,), None, None
        case RewardState.HELD:
            missing = (Missing.CHOICE, Missing.HOLD) if choosing else (Missing.HOLD,)
            return missing, Change.REFUND, reward.due_at
        case RewardState.APPROVED:
            lacks = Missing.APPROVAL if reward.reason == Reason.APPROVAL_WAITING else Missing.DELIVERY
            return (lacks,), None, None
        case RewardState.GRANTED:
            return (), Change.EXPIRY if reward.expires_at else None, reward.expires_at
        case _:
            return (), None, None


def _may_choose(reward: Reward, terms: Terms) -> bool:
    thanks = terms.find(reward.rule, reward.side.value)
    forms = len(thanks.choices) if thanks else 0
    return reward.state is RewardState.HELD and reward.chosen_at is None and forms > 1


_FRIEND_STATES = {
    RewardState.HELD: "bought",
    RewardState.APPROVED: "bought",
    RewardState.GRANTED: "done",
    RewardState.EXPIRED: "done",
}
_ARRIVED = (RewardState.GRANTED, RewardState.EXPIRED)
_ORDER = (
    RewardState.HELD,
    RewardState.APPROVED,
    RewardState.GRANTED,
    RewardState.EXPIRED,
    RewardState.REVERSED,
    RewardState.REJECTED,
)


def _most_telling(rewards: Sequence[Reward]) -> Reward | None:
    """The thanks that tells most of where a friend stands: what is under way before what is over."""
    return min(rewards, key=lambda reward: _ORDER.index(reward.state), default=None)


def _moved_at(reward: Reward) -> datetime:
    return reward.reversed_at or reward.granted_at or reward.held_at or reward.created_at


def _name(referral: Referral, friend: Person | None, reader: Reader) -> str | None:
    if friend is None:
        return None
    if reader is Reader.REP:
        return friend.called or friend.name or None
    if reader is Reader.ADVOCATE and referral.disclosed is Disclosure.YES:
        return friend.called or None
    return None


def _sees_orders(reader: Reader) -> bool:
    return reader is Reader.AUDITOR
