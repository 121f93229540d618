"""What is said aloud over the end of a short video: feed words, at most fifteen seconds of them."""

from __future__ import annotations

from math import ceil

from bot.copy import fill_from
from referral.framing import Framing
from referral.offers import Pack

SPOKEN_LONGEST = 65
"""Characters, punctuation included, since a comma is a breath."""

SPOKEN_OVER = "end"
"""The size of poster that is the last picture of a short video."""

_PER_SECOND = 4.5  # characters of unhurried Mandarin


def spoken_words(pack: Pack, framing: Framing, company: str) -> str:
    """The words of the one who speaks, filled; no reward, no amount, no call to share."""
    return fill_from(pack.spoken[framing], {"company": company, "product": pack.product})


def spoken_seconds(text: str) -> int:
    """About how long a text takes, in whole seconds."""
    return ceil(len(text) / _PER_SECOND)
