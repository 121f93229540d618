"""Attribution: which touch, if any, a friend's act is credited to, and the reason in one code.

Pure rules of design 5.4 and 5.9: last touch by when it happened (ties by arrival), inside the window of the rules that
the touch met; new customers only; nobody refers themselves; one friend is paid for once in a campaign's life.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from referral.terms import Terms
from referral.times import SHANGHAI, days
from referral.touches import Touch, TouchKind

DEFAULT_LATE_DAYS = 7
LATE_CLAIM = "late_claim"
"""The method of a touch that became known only after the order."""


class Reason(StrEnum):
    """Why an order, a referral or a reward stands as it does. The words for each are in `templates/chat`."""

    HOLD_RUNNING = "hold.running"
    GRANTED = "granted"
    LATE_CLAIM = "late.claim"
    WAITING = "conversion.waiting"
    BUYER_UNKNOWN = "buyer.unknown"
    TOUCH_NONE = "touch.none"
    LATE_PASSED = "late.passed"
    WINDOW_PASSED = "window.passed"
    CONVERSION_OTHER = "conversion.other"
    AMOUNT_SMALL = "amount.too_small"
    CUSTOMER_EXISTING = "customer.existing"
    SELF_REFERRAL = "self.referral"
    REWARD_ONCE = "reward.once"
    CAP_REACHED = "cap.reached"
    BUDGET_EXHAUSTED = "budget.exhausted"
    REFUND_FULL = "refund.full"
    REFUND_BELOW_MINIMUM = "refund.below_minimum"
    REFUND_PARTIAL = "refund.partial"
    REFUND_WAITING = "refund.waiting"
    REFUND_BEFORE_GRANT = "refund.before_grant"
    REFUND_AFTER_PAYMENT = "refund.after_payment"
    CREDITED = "credited"
    CAMPAIGN_ENDED = "campaign.ended"
    CAMPAIGN_EARLY = "campaign.early"
    CAMPAIGN_PAUSED = "campaign.paused"
    TOUCH_READD = "touch.readd"
    STAFF = "staff"
    MINOR = "minor"
    CAP_DAY = "cap.day"
    CAP_CAMPAIGN = "cap.campaign"
    MARGIN_EXCEEDED = "margin.exceeded"
    OTHER_SIDE = "other.side"
    APPROVAL_WAITING = "approval.waiting"
    APPROVAL_REFUSED = "approval.refused"
    FULFILMENT_RUNNING = "fulfilment.running"
    FULFILMENT_FAILED = "fulfilment.failed"
    CORRECTED = "reward.corrected"
    MILESTONE_MISSED = "milestone.missed"
    MERGED = "person.merged"
    ERASED = "person.erased"
    EXPIRED = "expired"
    SUSPECT_REVIEW = "suspect.review"
    SUSPECT_CONFIRMED = "suspect.confirmed"


FINAL = frozenset(
    (
        Reason.BUDGET_EXHAUSTED,
        Reason.CAP_REACHED,
        Reason.CAP_DAY,
        Reason.CAP_CAMPAIGN,
        Reason.MARGIN_EXCEEDED,
        Reason.APPROVAL_REFUSED,
        Reason.SUSPECT_CONFIRMED,
        Reason.ERASED,
    )
)
"""Refusals by how things stood then: looking again later does not undo them."""

USED_UP = FINAL | {Reason.REFUND_FULL, Reason.REFUND_BELOW_MINIMUM}
"""Why a friend has had their turn in a campaign though nothing came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What a friend did: `kind` is the webhook's type, `at` when it happened.

    `paid_before` are their other purchases, whenever; `staff` names everybody here who works for the company, `minors`
    everybody known to be one, `erased` every advocate who had themselves erased.
    """

    person: str
    kind: str
    amount_fen: int
    at: datetime
    joined_at: datetime | None
    paid_before: Sequence[datetime]
    staff: Collection[str] = ()
    minors: Collection[str] = ()
    erased: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """The touch that counts, by which `method`."""

    touch: Touch
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A touch there was, but a rule refuses it."""

    touch: Touch
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreferred:
    """Nobody brought this buyer, as far as is known."""

    reason: Reason


Verdict = Attributed | Refused | Unreferred
TermsOf = Callable[[Touch], Terms]


def attribute(conversion: Conversion, touches: Sequence[Touch], terms_of: TermsOf) -> Verdict:
    """Decide which touch a conversion is credited to.

    `touches` are all the buyer's own, in any order; views of devices never count, nor do those that came while their
    campaign took nobody. The rules are those of the winning touch's frozen version. Of several campaigns the one with
    the latest touch has it, of late claims the earliest, among those that do not refuse it.
    """
    known = [t for t in touches if t.kind is not TouchKind.VIEW]
    if not known:
        return Unreferred(reason=Reason.TOUCH_NONE)
    others = [t for t in known if not t.void and t.advocate != conversion.person]
    if not others:
        return _none_counts(conversion, known)
    candidates = _candidates(conversion, others, terms_of)
    if not candidates:
        return Unreferred(reason=Reason.LATE_PASSED)
    judged = [_judged(conversion, touch, method, terms_of(touch)) for touch, method in candidates]
    open_to = [verdict for verdict in judged if isinstance(verdict, Attributed)] or judged
    pick = min if candidates[0][1] == LATE_CLAIM else max
    return pick(open_to, key=lambda verdict: _happened(verdict.touch))


def _none_counts(conversion: Conversion, touches: Sequence[Touch]) -> Refused:
    """Why none of the touches there were can count: their own code, or a campaign that took nobody then."""
    own = [t for t in touches if t.advocate == conversion.person]
    touch = max(own or touches, key=_happened)
    return Refused(touch=touch, reason=Reason.SELF_REFERRAL if own else Reason(touch.void))


def _candidates(conversion: Conversion, touches: Sequence[Touch], terms_of: TermsOf) -> list[tuple[Touch, str]]:
    """The touch that each campaign's rule picks before any refusal, with the method; none where a claim came late."""
    before = [t for t in touches if t.at <= conversion.at]
    if not before:
        in_time = [t for t in touches if t.arrived_at <= conversion.at + days(terms_of(t).late_days)]
        return [(min(group, key=_happened), LATE_CLAIM) for group in _by_campaign(in_time)]
    inside = [t for t in before if conversion.at - t.at <= days(terms_of(t).window_days)]
    picked = [_by_rule(group, terms_of) for group in _by_campaign(inside or before)]
    return [(touch, f"{terms_of(touch).attribution}_touch") for touch in picked]


def _judged(conversion: Conversion, touch: Touch, method: str, terms: Terms) -> Attributed | Refused:
    refusal = _refusal(conversion, touch, terms, late=method == LATE_CLAIM)
    return Refused(touch=touch, reason=refusal) if refusal else Attributed(touch=touch, method=method)


def _by_campaign(touches: Sequence[Touch]) -> list[list[Touch]]:
    groups: dict[str, list[Touch]] = {}
    for touch in touches:
        groups.setdefault(touch.campaign, []).append(touch)
    return list(groups.values())


def _by_rule(touches: Sequence[Touch], terms_of: TermsOf) -> Touch:
    latest = max(touches, key=_happened)
    return min(touches, key=_happened) if terms_of(latest).attribution == "first" else latest


def _happened(touch: Touch) -> tuple[datetime, datetime, int]:
    return touch.at, touch.arrived_at, touch.row


def _refusal(conversion: Conversion, touch: Touch, terms: Terms, *, late: bool) -> Reason | None:
    if not late and conversion.at - touch.at > days(terms.window_days):
        return Reason.WINDOW_PASSED
    if conversion.person in conversion.staff or touch.advocate in conversion.staff:
        return Reason.STAFF
    if conversion.person in conversion.minors or touch.advocate in conversion.minors:
        return Reason.MINOR
    if touch.advocate in conversion.erased:
        return Reason.ERASED
    if terms.new_customers_only and _was_customer(conversion, min(touch.at, conversion.at)):
        return Reason.CUSTOMER_EXISTING
    if conversion.kind not in terms.conversions:
        return Reason.CONVERSION_OTHER
    if conversion.amount_fen < terms.min_amount_fen:
        return Reason.AMOUNT_SMALL
    return None


def _was_customer(conversion: Conversion, at: datetime) -> bool:
    """Whether the buyer was a customer before `at`. A joining day is only a day, so the same day proves nothing."""
    joined = conversion.joined_at
    if joined and joined.astimezone(SHANGHAI).date() < at.astimezone(SHANGHAI).date():
        return True
    return any(paid < at for paid in conversion.paid_before)
