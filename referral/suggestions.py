"""Suggested words for an ask: an opening that fits the moment, and the wording that has the best chance with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from referral import copies, experiments, learning, scoring
from referral.campaigns import Campaign
from referral.decisions import Route, Verdict
from referral.ids import Bits
from referral.signals import SignalKind
from referral.times import days

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

FRAMINGS = ("plain", "help", "both", "thanks")
"""What an ask may be framed as; early access is told in the words that a customer passes on."""

_REMEMBERED = days(400)


def suggestion(
    tx: Tx, facts: Facts, verdict: Verdict, campaign: Campaign, offer: Mapping[str, object], *, now: datetime, rng: Bits
) -> tuple[str, str]:
    """Which copy, and the words: from the desk as the company speaks, from a rep as she would write herself.

    An experiment on the campaign's copy decides first; else what was learned. Never the same words twice running.
    """
    moment = verdict.customer.moment
    framing = experiments.framing_for(tx, campaign.id, moment.person)
    fitting = [each for each in facts.words.framings(campaign.pack) if each in FRAMINGS]
    if framing not in fitting:
        seen = learning.sight(moment, scoring.features(moment, now))
        framing = copies.choose(tx.models.current(), seen, fitting, rng)
    last = tx.nudges.last_sent(moment.person, now - _REMEMBERED)
    copy = copies.worded(framing, last.copy if last else None, rng)
    voice = "kf" if verdict.route is Route.KF else "rep"
    opening = facts.words.say(f"nudge.open_{_opening(verdict)}")
    return copy, opening + facts.words.say(f"nudge.{voice}_{copy.replace('.', '_')}", offer)


def _opening(verdict: Verdict) -> str:
    """The freshest good moment if that is a reason to ask at all, else nothing in particular."""
    good = [reason.code for reason in verdict.why if reason.code.startswith("good.")]
    return SignalKind(good[0].removeprefix("good.")).name.lower() if good else "plain"
