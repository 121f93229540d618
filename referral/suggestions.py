"""Suggested words for an ask: an opening that fits the moment, and one of a few wordings, which are tested later on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from referral.decisions import Route, Verdict
from referral.ids import Bits
from referral.signals import SignalKind

if TYPE_CHECKING:
    from referral.facts import Facts

COPY: Mapping[str, int] = {"help": 6, "both": 5, "thanks": 5, "plain": 5}
"""The wordings and how often each is drawn: helping a friend 1.2 to 1 against the others, as a prior (science §2)."""


def suggestion(facts: Facts, verdict: Verdict, offer: Mapping[str, object], rng: Bits) -> tuple[str, str]:
    """Which wording, and the words: from the desk as the company speaks, from a rep as she would write herself."""
    copy = _draw(rng)
    opening = facts.words.say(f"nudge.open_{_opening(verdict)}")
    voice = "kf" if verdict.route is Route.KF else "rep"
    return copy, opening + facts.words.say(f"nudge.{voice}_{copy}", offer)


def _opening(verdict: Verdict) -> str:
    """The freshest good moment if that is a reason to ask at all, else nothing in particular."""
    good = [reason.code for reason in verdict.why if reason.code.startswith("good.")]
    return SignalKind(good[0].removeprefix("good.")).name.lower() if good else "plain"


def _draw(rng: Bits) -> str:
    arms = [copy for copy, times in COPY.items() for _ in range(times)]
    return arms[rng.getrandbits(30) % len(arms)]
