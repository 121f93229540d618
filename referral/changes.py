"""What would change a decision: for all that stands in the way, what a person can do, say or wait for."""

from __future__ import annotations

from collections.abc import Mapping

from referral.decisions import Send, Verdict
from referral.scoring import Reason
from referral.times import chinese_date

_NEWS: Mapping[str, str] = {
    "opted_out": "change.own_word",
    "consent.unknown": "change.consent",
    "complaint.open": "change.complaint",
    "survey.low": "change.survey",
    "tenure.unknown": "change.joined",
    "holdout": "change.never",
    "minor": "change.adult",
    "minor.unknown": "change.adult",
    "audience": "change.campaign",
    "campaign.none": "change.campaign",
    "channel.none": "change.channel",
    "cap.none": "change.settings",
    "gate.recognition": "change.recognise",
    "gate.tool": "change.easier",
    "gate.interaction": "change.greet",
    "asked.open": "change.answer",
    "rep.load": "change.room",
    "budget.day": "change.room",
}
_FOR_GOOD = "change.never"


def changes_of(verdict: Verdict) -> tuple[Reason, ...]:
    """All that it takes for another decision, each once; for an ask, what would stop it.

    With several things in the way one of them gone changes nothing; of several times the last one counts.
    """
    if isinstance(verdict.decision, Send) or (verdict.customer.on_list and verdict.why[0].code == "asked.open"):
        return (Reason("change.stop"),)
    codes = dict.fromkeys(_NEWS.get(each.code, "change.time" if each.until else "change.news") for each in verdict.why)
    if _FOR_GOOD in codes:
        return (Reason(_FOR_GOOD),)
    last = max((each.until for each in verdict.why if each.until and each.code not in _NEWS), default=None)
    return tuple(Reason(code, chinese_date(last) if last and code == "change.time" else "") for code in codes)
