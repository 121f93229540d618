"""Copies: in which words a customer is asked. The framing is drawn by what is known of each (Thompson sampling).

Each numbers' draw is one way the company's customers may be; the framing that is best there is the one that is tried,
so that a framing is tried as often as it may be the best (Thompson 1933; Chapelle and Li 2011). Segments are pooled by
the model's prior. The words themselves come in variants, so that nobody reads the same ones twice running.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from referral import learning
from referral.ids import Bits
from referral.learning import Model

VARIANTS = 2
"""How many wordings each framing has."""


def framing_of(copy: str | None) -> str:
    """The framing of a copy: `help` of `help.2`; '' of none."""
    return (copy or "").partition(".")[0]


def choose(model: Model, seen: Mapping[str, float], among: Sequence[str], rng: Bits) -> str:
    """One of these framings for a customer of whom this is seen."""
    numbers = learning.drawn(model, rng)
    return max(among, key=lambda arm: learning.arm_odds(numbers, arm, seen))


def worded(framing: str, last: str | None, rng: Bits) -> str:
    """The copy of a framing in one of its wordings, never the one that was said last."""
    wordings = [f"{framing}.{number}" for number in range(1, VARIANTS + 1)]
    fresh = [copy for copy in wordings if copy != last]
    return fresh[rng.getrandbits(30) % len(fresh)]
