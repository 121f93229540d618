"""Settling: what each order of one person stands for, worked out anew from everything that is known of them.

New facts may come in any order: touches that were told late, identities joined, a purchase nobody knew of. So a
person's orders are decided together, the oldest first, and a credit is corrected as long as nothing of it has gone
beyond being held. What was granted stays (design 5.4, 5.9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import suspicions, thanks
from referral.attribution import (
    DEFAULT_LATE_DAYS,
    FINAL,
    LATE_CLAIM,
    USED_UP,
    Attributed,
    Conversion,
    Reason,
    Refused,
    Unreferred,
    attribute,
)
from referral.ids import Bits
from referral.orders.values import Order, Outcome
from referral.people import Person
from referral.referrals import Referral, ReferralStatus
from referral.shares import Share, ShareLevel
from referral.terms import Terms
from referral.thanks import Credit
from referral.times import days
from referral.touches import Touch

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

_CREDITED = (Outcome.HELD, Outcome.CREDITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Where one person's orders are decided: what is known of them, and with what."""

    tx: Tx
    facts: Facts
    person: Person
    orders: Sequence[Order]
    touches: Sequence[Touch]
    now: datetime
    rng: Bits
    read: dict[tuple[str, int], Terms] = field(default_factory=dict)

    def terms(self, touch: Touch) -> Terms:
        """The rules that a touch met, read once: a friend's many touches are of few campaigns."""
        version = (touch.campaign, touch.version)
        if version not in self.read:
            self.read[version] = self.tx.campaigns.terms(*version)
        return self.read[version]


def settle(tx: Tx, facts: Facts, person_id: str, *, now: datetime, rng: Bits) -> None:
    """Decide every order of a person that may still be decided, or decided otherwise, the oldest first."""
    person = tx.people.get(person_id)
    mine = tx.orders.of_person(person.id) if person else []
    if person is None or not mine:
        return
    touches = tx.touches.of_friend(person.id)
    desk = _Desk(tx=tx, facts=facts, person=person, orders=mine, touches=touches, now=now, rng=rng)
    if _go_through(desk):  # a credit was given up, which an earlier order may have now
        _go_through(replace(desk, orders=tx.orders.of_person(person.id)))


def _go_through(desk: _Desk) -> bool:
    """Decide the orders once; whether a credit was given up for good."""
    given_up = False
    for order in sorted(desk.orders, key=lambda order: (order.came, order.id)):
        if not _is_closed(desk.tx, order, desk.now):
            given_up |= _decide(desk, order)
    return given_up


def late_until(tx: Tx, order: Order) -> datetime:
    """Until when a claim may still name who brought this order: the longest late-claim days of any running offer."""
    late = [tx.campaigns.terms(c.id, c.version).late_days for c in tx.campaigns.all() if not c.is_over(order.paid_at)]
    return order.paid_at + days(max(late, default=DEFAULT_LATE_DAYS))


def _is_closed(tx: Tx, order: Order, now: datetime) -> bool:
    """Whether nothing that may still become known can change this order."""
    if order.outcome is Outcome.NO_REFERRAL:
        return now > late_until(tx, order)
    if order.outcome is Outcome.REJECTED and set(order.reasons) & FINAL:
        return True
    return _is_given_back(order)


def _is_given_back(order: Order) -> bool:
    """Whether it was credited, or would have been, and then taken back."""
    return order.outcome is Outcome.REJECTED and order.reasons[0] in (
        Reason.REFUND_FULL,
        Reason.REFUND_BEFORE_GRANT,
        Reason.REFUND_BELOW_MINIMUM,
    )


def _decide(desk: _Desk, order: Order) -> bool:
    """Decide one order; whether it had a credit and has none any more."""
    verdict = attribute(_conversion(desk, order), desk.touches, desk.terms)
    holder = _holder(desk.tx, order)
    if holder and not thanks.is_open(desk.tx, holder):
        return False
    match verdict:
        case Unreferred(reason=reason):
            decided = _uncredited(desk, order, holder, None, Outcome.NO_REFERRAL, reason)
        case Refused(reason=Reason.ERASED) if order.outcome in _CREDITED:
            return False  # what counted for the friend before still does
        case Refused(touch=touch, reason=reason):
            decided = _refused(desk, order, holder, touch, reason)
        case Attributed():
            decided = _credited(desk, order, holder, verdict)
    if decided.refunded_fen > 0 and not decided.is_given_back:
        decided = replace(decided, reasons=with_refund(decided.reasons, Reason.REFUND_PARTIAL))
    if decided != order:
        desk.tx.orders.save(decided)
    return holder is not None and decided.outcome not in _CREDITED


def with_refund(reasons: Sequence[Reason], reason: Reason) -> tuple[Reason, ...]:
    """A partial refund is told beside what stands; anything more replaces it."""
    if reason is not Reason.REFUND_PARTIAL:
        return (reason,)
    return (*(r for r in reasons if r is not Reason.REFUND_PARTIAL), reason)


def _conversion(desk: _Desk, order: Order) -> Conversion:
    advocates = {touch.advocate for touch in desk.touches}
    return Conversion(
        person=desk.person.id,
        kind=order.kind,
        amount_fen=order.amount_fen,
        at=order.paid_at,
        joined_at=desk.person.joined_at,
        paid_before=[o.paid_at for o in desk.orders if o.id != order.id and o.is_purchase],
        staff=desk.tx.people.staff_among([desk.person.id, *advocates]),
        minors=[each for each in (desk.person.id, *advocates) if desk.tx.moments.get(each).minor],
        erased=desk.tx.erasures.among(advocates),
    )


def _holder(tx: Tx, order: Order) -> Referral | None:
    """The referral that this order has credited."""
    referral = tx.referrals.get(order.referral) if order.referral and order.outcome in _CREDITED else None
    return referral if referral and referral.order == order.id else None


def _uncredited(
    desk: _Desk, order: Order, holder: Referral | None, referral: Referral | None, outcome: Outcome, reason: Reason
) -> Order:
    """An order that brings nobody anything; what it had brought by mistake is taken back."""
    if holder:
        thanks.correct(desk.tx, desk.facts, holder, reason, now=desk.now, rng=desk.rng)
    reasons = (reason, Reason.TOUCH_READD) if reason is Reason.TOUCH_NONE and _came_again(desk) else (reason,)
    return replace(order, outcome=outcome, reasons=reasons, referral=referral.id if referral else None)


def _came_again(desk: _Desk) -> bool:
    """Whether somebody added a rep again whom they had added before: a re-add is no touch (design 5.9)."""
    return any(contact.returned_at for contact in desk.tx.reps.contacts_of(desk.person.id))


def _refused(desk: _Desk, order: Order, holder: Referral | None, touch: Touch, reason: Reason) -> Order:
    """A rule refuses the touch. The friend's turn is only used up where the order would have counted."""
    referral = desk.tx.referrals.find(touch.campaign, desk.person.id)
    said = Reason.REFUND_FULL if order.is_given_back else reason
    decided = _uncredited(desk, order, holder, referral, Outcome.REJECTED, said)
    if referral and (not _is_settled(referral) or (holder and holder.id == referral.id)):
        desk.tx.referrals.save(_turned_down(referral, touch, reason, desk.now))
    return decided


def _turned_down(referral: Referral, touch: Touch, reason: Reason, now: datetime) -> Referral:
    """The referral says which touch it was that the rule refused."""
    return replace(
        referral,
        advocate=touch.advocate,
        code=touch.code,
        touch=touch.id,
        version=touch.version,
        status=ReferralStatus.REJECTED,
        reason=reason,
        at=touch.at,
        decided_at=now,
        order=None,
    )


def _credited(desk: _Desk, order: Order, holder: Referral | None, verdict: Attributed) -> Order:
    """Credit the order to the touch: held rewards for both sides, or the reason why there are none."""
    tx, touch = desk.tx, verdict.touch
    if holder and holder.campaign == touch.campaign:
        return order if holder.advocate == touch.advocate else _handed_on(desk, order, holder, verdict)
    if holder:
        thanks.correct(tx, desk.facts, holder, Reason.CORRECTED, now=desk.now, rng=desk.rng)
    referral = tx.referrals.find(touch.campaign, desk.person.id)
    if referral and _has_a_later_one(tx, referral, order):
        return _brought_forward(desk, order, referral, verdict)
    if referral and _is_settled(referral):
        outcome = Outcome.CREDITED if referral.status is ReferralStatus.CREDITED else Outcome.REJECTED
        return replace(order, outcome=outcome, reasons=(Reason.REWARD_ONCE,), referral=referral.id)
    return _held(desk, order, referral, verdict)


def _held(desk: _Desk, order: Order, referral: Referral | None, verdict: Attributed) -> Order:
    touch, terms = verdict.touch, desk.terms(verdict.touch)
    if taken_back := _taken_back(order, terms):
        return _refused(desk, order, None, touch, taken_back)
    credit = Credit(order=order, touch=touch, terms=terms, method=verdict.method)
    made, refusal = thanks.hold(desk.tx, desk.facts, credit, referral, now=desk.now, rng=desk.rng)
    if refusal:
        return replace(order, outcome=Outcome.REJECTED, reasons=(refusal,), referral=made.id)
    _bought(desk.tx, touch, order)
    suspicions.look(desk.tx, order, touch, now=desk.now)
    stands = Reason(made.reason)
    reasons = (Reason.LATE_CLAIM, stands) if verdict.method == LATE_CLAIM else (stands,)
    return replace(order, outcome=_outcome(stands), reasons=reasons, referral=made.id)


def _taken_back(order: Order, terms: Terms) -> Reason | None:
    """Why what would have counted does not any more: too little of it is left."""
    if not (order.refunded_fen or order.cancelled):
        return None
    reason = refund_reason(order, terms, terms.one_friend_fen)
    return None if reason is Reason.REFUND_PARTIAL else reason


def refund_reason(order: Order, terms: Terms | None, cost_fen: int) -> Reason:
    """What a refund means for an order under the terms that it was credited by, if it was, at what its thanks cost."""
    if order.is_given_back:
        return Reason.REFUND_FULL
    if terms is not None and order.amount_fen - order.refunded_fen < terms.min_amount_fen:
        return Reason.REFUND_BELOW_MINIMUM
    if terms is not None and _is_too_dear(order, terms, cost_fen):
        return Reason.MARGIN_EXCEEDED
    return Reason.REFUND_PARTIAL


def _is_too_dear(order: Order, terms: Terms, cost_fen: int) -> bool:
    """Whether the thanks for it cost more than what it earns."""
    earned = order.earns(terms.margin_percent)
    return earned is not None and cost_fen > earned


def _handed_on(desk: _Desk, order: Order, holder: Referral, verdict: Attributed) -> Order:
    """It turns out that another advocate's touch counts: what was held is given up and held anew for the right one."""
    thanks.correct(desk.tx, desk.facts, holder, Reason.CORRECTED, now=desk.now, rng=desk.rng)
    return _held(desk, order, desk.tx.referrals.get(holder.id), verdict)


def _has_a_later_one(tx: Tx, referral: Referral, order: Order) -> bool:
    """Whether it was credited by an order that came after this one: the first that counts is the one."""
    if referral.status is not ReferralStatus.CREDITED or not referral.order or not thanks.is_open(tx, referral):
        return False
    other = tx.orders.get(referral.order)
    return other is not None and order.came < other.came


def _brought_forward(desk: _Desk, order: Order, referral: Referral, verdict: Attributed) -> Order:
    """The credit goes from a later order to this one, quietly where it stays with the same advocate."""
    terms = desk.tx.campaigns.terms(referral.campaign, referral.version)
    too_dear = _is_too_dear(order, terms, thanks.cost_of(desk.tx, referral.id))
    if referral.advocate != verdict.touch.advocate or _taken_back(order, terms) or too_dear:
        return _handed_on(desk, order, referral, verdict)
    thanks.bring_forward(desk.tx, desk.facts, referral, order, terms, now=desk.now)
    stands = Reason(referral.reason)
    return replace(order, outcome=_outcome(stands), reasons=(stands,), referral=referral.id)


def _outcome(stands: Reason) -> Outcome:
    """Whether rewards are held, or there is nothing to pay (design 5.4)."""
    return Outcome.CREDITED if stands is Reason.CREDITED else Outcome.HELD


def _is_settled(referral: Referral) -> bool:
    """Whether this friend has had their turn: paid for, given back (whichever of order and refund came first), or
    refused by how things stood then."""
    if referral.reason == Reason.MERGED:
        return False
    if referral.status is ReferralStatus.REJECTED:
        return referral.reason in USED_UP
    return referral.status in (ReferralStatus.CREDITED, ReferralStatus.REVERSED)


def _bought(tx: Tx, touch: Touch, order: Order) -> None:
    tx.shares.reach(
        Share(
            person=touch.advocate,
            campaign=touch.campaign,
            code=touch.code,
            channel=touch.channel,
            level=ShareLevel.BOUGHT,
            first_at=order.paid_at,
            evidence=f"order:{order.id}",
        )
    )
