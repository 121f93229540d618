"""Nicknames as they may be drawn: pure rules, no fonts.

`referral.nicknames` says what can be read at all. On a poster, moreover, nothing may come out as a box, and a name has
at most a dozen signs; if nothing is left, it is 您的好友.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from referral import nicknames
from referral.people import NAMELESS

LIMIT = 12  # signs, the ellipsis included

Covers = Callable[[str], bool]

_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_EMPTIED = re.compile(r"\(\s*\)|（\s*）|\[\s*\]|【\s*】|「\s*」|『\s*』")
_MARKS_PER_SIGN = 2
_LETTERS_PER_SIGN = 3


def sanitise(nickname: str, *, covers: Covers, limit: int = LIMIT) -> str:
    """Return `nickname` as it may be drawn: at most `limit` signs, all of them covered, never empty.

    `covers(sign)` tells whether a font at hand can draw a sign (one character with its marks, or one emoji, however
    many code points it has). Skin tones fall back to the plain emoji, fancy letters to plain ones.
    """
    plain = _SKIN_TONES.sub("", nicknames.legible(nickname))
    drawn = "".join(_drawable(sign, covers) for sign in nicknames.signs(plain))
    left = nicknames.signs(nicknames.legible(_EMPTIED.sub("", drawn)))
    return (shorten(left, limit) if _says_as_much(plain, left) else "") or NAMELESS


def shorten(signs: list[str], limit: int) -> str:
    """Return the signs as text, cut to `limit` of them with an ellipsis as the last."""
    if len(signs) <= limit:
        return "".join(signs)
    return "".join(signs[: limit - 1]).rstrip() + "…"


def initial(name: str) -> str:
    """Return the sign that stands for `name` in a round portrait: its first letter or emoji; 友 if there is none."""
    if name == NAMELESS:
        return "友"
    return next((sign for sign in nicknames.signs(name) if _is_letter(sign) or nicknames.is_picture(sign)), "友")


def _says_as_much(name: str, left: list[str]) -> bool:
    """Tell whether a name that has letters still has any, or a picture: the digits of a name are no name."""
    had = any(letter.isalpha() for letter in name)
    return not had or any(sign[0].isalpha() or nicknames.is_picture(sign) for sign in left)


def _drawable(sign: str, covers: Covers) -> str:
    """Return the sign, or what stands for it, or nothing."""
    if sign == " ":
        return sign
    if nicknames.is_picture(sign):
        return sign if covers(sign) else _plain(sign, covers)
    kept = sign[0]
    for mark in sign[1:]:
        if len(kept) <= _MARKS_PER_SIGN and unicodedata.category(mark)[0] == "M" and covers(kept + mark):
            kept += mark
    return kept if covers(kept) else _plain(sign[0], covers)


def _plain(sign: str, covers: Covers) -> str:
    """Return the everyday letters behind a fancy one (𝓜 is M), if there are any."""
    letters = unicodedata.normalize("NFKC", sign)
    return letters if letters.isalnum() and len(letters) <= _LETTERS_PER_SIGN and all(map(covers, letters)) else ""


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign[0])[0] in "LN"
