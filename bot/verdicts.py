"""Decisions about asking as the command line shows them (design 5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.words import Words
from referral.decisions import Verdict
from referral.moments import Reason
from referral.nudges import Nudge
from referral.plan import Tally
from storage.times import iso


def as_json(verdict: Verdict, words: Words) -> dict[str, Any]:
    """A verdict as a line of `shortlist`; `score` is the chance, 0-1, that an ask is taken up."""
    customer = verdict.customer
    return {
        "person": {"id": customer.moment.person, "crm_id": customer.crm_id, "external_userid": customer.handle},
        "decision": verdict.kind,
        "score": round(verdict.score, 4),
        "channel": verdict.route.value,
        "why": _told(verdict.why, words),
        "against": _told(verdict.against, words),
        "gate": verdict.gate.value if verdict.gate else None,
        "not_before": iso(verdict.not_before),
    }


def nudge_as_json(nudge: Nudge) -> dict[str, Any]:
    """One ask, and how far it came."""
    return {
        "purpose": nudge.purpose.value,
        "campaign": nudge.campaign,
        "channel": nudge.route.value,
        "rep": nudge.rep,
        "copy": nudge.copy,
        "state": nudge.state.value,
        "planned_at": iso(nudge.planned_at),
        "sent_at": iso(nudge.sent_at),
        "delivered_at": iso(nudge.delivered_at),
        "outcome": nudge.outcome,
    }


def tally_as_json(tally: Tally) -> dict[str, Any]:
    """What a plan came to."""
    return {
        "sent": tally.sent,
        "listed": tally.listed,
        "deferred": tally.deferred,
        "dropped": tally.dropped,
        "permissions": tally.permissions,
        "by_reason": dict(tally.by_reason.most_common()),
    }


def _told(reasons: Iterable[Reason], words: Words) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": words.moment(reason.code, reason.value)} for reason in reasons]
