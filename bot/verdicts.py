"""Decisions about asking as the command line shows them (design 5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.copy_keys import MOMENTS
from bot.pages.rep_labels import CAME, OVER, SKIPS
from bot.words import Words
from referral.care import action_of
from referral.changes import changes_of
from referral.decisions import Verdict
from referral.nudges import Nudge
from referral.plan import Tally
from referral.scoring import Reason
from storage.times import iso


def as_json(verdict: Verdict, words: Words) -> dict[str, Any]:
    """A verdict as a line of `shortlist`: `why` made the decision, `for` and `against` are the score's own reasons.

    `score`, 0-1, is what an ask is worth; the `size` of a reason is what it adds to that, in log-odds.
    """
    customer = verdict.customer
    return {
        "person": {"id": customer.moment.person, "crm_id": customer.crm_id, "external_userid": customer.handle},
        "decision": verdict.kind,
        "score": round(verdict.score, 4),
        "channel": verdict.route.value,
        "why": _told(verdict.why, words),
        "against": _sized(verdict.against, words),
        "gate": verdict.gate.value if verdict.gate else None,
        "not_before": iso(verdict.not_before),
        "for": _sized(verdict.speaks_for, words),
        "action": action_of(verdict).value,
        "change": _together(changes_of(verdict), words),
    }


def nudge_as_json(nudge: Nudge, words: Words) -> dict[str, Any]:
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
        "came": _came(nudge.outcome or "", words),
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


def _came(outcome: str, words: Words) -> str:
    """What came of an ask in words, empty where nothing has."""
    how, _, code = outcome.partition(":")
    if how == "dropped" and code in MOMENTS:
        return words.moment(code, "")
    return SKIPS.get(code, "") if how == "skipped" else {**_CAME, **CAME, **OVER}.get(outcome, "情况有变")


_CAME = {"": "", "complained": "有了投诉", "merged": "两份资料合并了", "granted": "愿意收到", "refused": "不想收到"}


def _told(reasons: Iterable[Reason], words: Words) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": words.moment(reason.code, reason.value)} for reason in reasons]


def _sized(reasons: Sequence[Reason], words: Words) -> list[dict[str, Any]]:
    return [told | {"size": round(each.size, 2)} for each, told in zip(reasons, _told(reasons, words), strict=True)]


def _together(reasons: Sequence[Reason], words: Words) -> dict[str, str]:
    """Several as one, by the code of the first."""
    return {"code": reasons[0].code, "text": "；".join(each["text"] for each in _told(reasons, words))}
