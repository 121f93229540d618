"""What is said aloud over the end of a short video: feed words, about fifteen seconds of them."""

from __future__ import annotations

import re
from math import ceil

from bot.copy import fill_from
from referral.framing import Framing
from referral.offers import Pack

SPOKEN_LONGEST = 72
"""Characters, punctuation included, since a comma is a breath: sixteen seconds."""

SPOKEN_OVER = "end"
"""The size of poster that is the last picture of a short video."""

_SENTENCE = re.compile(r"[^。！？]+[。！？]?")
_PER_SECOND = 4.5  # characters of unhurried Mandarin


def spoken_words(pack: Pack, framing: Framing, company: str) -> str:
    """The words of the one who speaks, filled; no reward, no amount, no call to share.

    Where a long name of the company would take too much of the time, the last sentence is left unsaid.
    """
    text = fill_from(pack.spoken[framing], {"company": company, "product": pack.product})
    sentences = _SENTENCE.findall(text)
    return "".join(sentences[:-1]) if len(text) > SPOKEN_LONGEST and len(sentences) > 1 else text


def spoken_seconds(text: str) -> int:
    """About how long a text takes, in whole seconds."""
    return ceil(len(text) / _PER_SECOND)
