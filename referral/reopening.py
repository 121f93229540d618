"""Taking back what somebody found about a referral: it waits for a person again, as if nobody had looked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import grafting, suspicions
from referral.attribution import Reason
from referral.errors import NotFound, RuleViolation
from referral.ids import Bits
from referral.orders.settling import settle
from referral.orders.values import Outcome
from referral.referrals import Referral, ReferralStatus
from referral.suspicions import Suspicion, SuspicionState

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


def reopen(tx: Tx, facts: Facts, referral: str, who: str, why: str, *, now: datetime, rng: Bits) -> Suspicion:
    """Take back a clearing or a confirmation, whoever made it.

    What was cleared and has reached its person stays theirs until it is confirmed. What had ended by the confirmation
    is judged anew by today's caps and budget, and held anew: what the ledger has is never undone, only added to.
    Raises `NotFound`, and `RuleViolation` where nobody has decided, or no reason is given.
    """
    known = tx.suspicions.get(referral)
    if known is None:
        raise NotFound(f"没有这一条：{referral}")
    if not known.is_decided:
        raise RuleViolation("suspicion.undecided", "这一条还没有核对过，没有要收回的结果。")
    if not why.strip():
        raise RuleViolation("suspicion.reason", "请写明收回的原因。")
    waiting = replace(known, state=SuspicionState.OPEN, decided_by=None, decided_at=None, note="")
    tx.suspicions.save(waiting)
    tx.audit.note(who, "suspicion.reopened", referral, why.strip(), now)
    if known.state is SuspicionState.CONFIRMED:
        _credit_again(tx, facts, referral, now=now, rng=rng)
    if suspicions.is_credited(tx, referral):
        suspicions.hold_up(tx, referral)
    else:
        tx.suspicions.lay_aside(referral)
    grafting.reckon(tx, known.advocate)
    return tx.suspicions.get(referral) or waiting


def _credit_again(tx: Tx, facts: Facts, referral: str, *, now: datetime, rng: Bits) -> None:
    """Let the order that the confirmation had turned down be decided again; one given back since stays so."""
    was = tx.referrals.get(referral)
    if was is None or was.reason != Reason.SUSPECT_CONFIRMED:
        return
    order = tx.orders.get(was.order) if was.order else None
    if order is None:
        return
    tx.referrals.save(_as_before(was))
    tx.orders.save(replace(order, outcome=Outcome.REJECTED, reasons=(Reason.CORRECTED,)))
    settle(tx, facts, was.friend, now=now, rng=rng)


def _as_before(was: Referral) -> Referral:
    return replace(was, status=ReferralStatus.PENDING, reason="conversion.waiting", decided_at=None, order=None)
