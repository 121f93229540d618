"""Nicknames as they may be drawn: pure rules, no fonts.

A nickname is anything a stranger typed. What is drawn has no control or invisible characters, no bidi tricks, nothing
that would come out as a box, and at most a dozen signs; if nothing is left, it is 您的好友.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from referral.people import NAMELESS

LIMIT = 12  # signs, the ellipsis included
LONGEST = 256  # code points looked at; a longer nickname is cut first

Covers = Callable[[str], bool]

_PICTOGRAPH = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_PICTURE = f"{_PICTOGRAPH}\ufe0f?\u20e3?"
_CLUSTER = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag
    "|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # a flag of a region
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    f"|{_PICTURE}(?:\u200d{_PICTURE})*"  # an emoji, or several joined into one
    "|.",
    re.DOTALL,
)
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_JOINER = "\u200d"
_STYLES = re.compile("[\ufe00-\ufe0f]")
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS_PER_SIGN = 2
_LETTERS_PER_SIGN = 3


def sanitise(nickname: str, *, covers: Covers, limit: int = LIMIT) -> str:
    """Return `nickname` as it may be drawn: at most `limit` signs, all of them covered, never empty.

    `covers(sign)` tells whether the fonts at hand can draw a sign (one character with its marks, or one emoji, however
    many code points it has). Skin tones fall back to the plain emoji, fancy letters to plain ones.
    """
    signs = [drawn for sign in clusters(nickname[:LONGEST]) if (drawn := _drawable(sign, covers))]
    return shorten(_single_spaced(signs), limit) or NAMELESS


def clusters(text: str) -> list[str]:
    """Split `text` into the signs a reader sees; marks stay with their letter, joined emoji together."""
    plain = unicodedata.normalize("NFC", _SKIN_TONES.sub("", text))
    found: list[str] = []
    for sign in _CLUSTER.findall(plain):
        if _STYLES.fullmatch(sign):
            continue
        if found and _is_mark(sign):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def shorten(signs: list[str], limit: int) -> str:
    """Return the signs as text, cut to `limit` of them with an ellipsis as the last."""
    if len(signs) <= limit:
        return "".join(signs)
    return "".join(signs[: limit - 1]).rstrip() + "…"


def initial(name: str) -> str:
    """Return the sign that stands for `name` in a round portrait: its first letter or emoji; 友 if there is none."""
    if name == NAMELESS:
        return "友"
    return next((sign for sign in clusters(name) if _is_letter(sign) or is_emoji(sign)), "友")


def is_emoji(sign: str) -> bool:
    """Tell whether a sign is a picture rather than writing."""
    return "\U0001f000" <= sign[0] < "\U00020000" or "\ufe0f" in sign or "\u20e3" in sign


def _drawable(sign: str, covers: Covers) -> str:
    """Return the sign, or what stands for it, or nothing."""
    if sign.isspace():
        return " "
    if is_emoji(sign) or _JOINER in sign[1:]:
        return sign if covers(sign) else _plain(sign, covers)
    if _is_invisible(sign[0]):
        return ""
    kept = sign[0] + "".join(mark for mark in sign[1 : 1 + _MARKS_PER_SIGN] if covers(mark))
    return kept if covers(kept) else _plain(sign[0], covers)


def _plain(sign: str, covers: Covers) -> str:
    """Return the everyday letters behind a fancy one (𝓜 is M), if there are any."""
    letters = unicodedata.normalize("NFKC", sign)
    return letters if letters.isalnum() and len(letters) <= _LETTERS_PER_SIGN and all(map(covers, letters)) else ""


def _single_spaced(signs: list[str]) -> list[str]:
    kept: list[str] = []
    for sign in signs:
        if sign != " " or (kept and kept[-1] != " "):
            kept.append(sign)
    return kept[:-1] if kept and kept[-1] == " " else kept


def _is_mark(sign: str) -> bool:
    return len(sign) == 1 and unicodedata.category(sign) in {"Mn", "Mc", "Me"}


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign[0])[0] in "LN"


def _is_invisible(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "CMZ" or letter in _BLANKS
