"""Nicknames, fit to be read: pure rules for whatever a stranger typed, the same on posters, on pages and in chats.

What cannot be seen goes: controls, direction marks, blanks, private use. Heaps of marks are cut down, and nothing is
ever cut in the middle of a sign. A sign is what a reader counts as one (UAX #29 says grapheme cluster): a letter with
its marks, a flag, an emoji however many code points it is joined from (UTS #51).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LOOKED_AT = 256  # code points; a longer nickname is cut first

_PICTOGRAPH = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_PICTURE = f"{_PICTOGRAPH}[\U0001f3fb-\U0001f3ff]?\ufe0f?\u20e3?"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag
    "|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # a flag of a region
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    f"|{_PICTURE}(?:\u200d{_PICTURE})*"  # an emoji, or several joined into one
)
_SIGN = re.compile(f"{_EMOJI.pattern}|.", re.DOTALL)
_COMMON = re.compile("(?:[!-~\u4e00-\u9fff·，。！？（）]+ )*[!-~\u4e00-\u9fff·，。！？（）]+")  # nothing to look into
_STYLES = re.compile("[\ufe00-\ufe0f]")
_JOINERS = frozenset("\u200c\u200d")
_JOINED_WRITING = re.compile("[\u0600-\u109f\u1780-\u18af]")  # Arabic to Mongolian: joiners are spelling, not a trick
_BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159"  # letters and signs without a shape
    "\ufffc\ufffd"  # what stands for something lost
)
_HAN = re.compile("[\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U0001b000-\U0003ffff]")  # and kana, hangul
_STRAY_MARKS = re.compile(  # no spelling that NFC leaves apart needs them: strokes, rings, letters upon letters
    "[\u0333-\u036f\u0488\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_STRAY_MARKS_ON_HAN = re.compile(r"[^\u3099\u309a\U000e0100-\U000e01ef]")  # voiced kana, written variants
_MARKS_PER_SIGN = 3
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]")
_FIRST_STRONG, _POP = "\u2068", "\u2069"  # UAX #9: what lies between orders itself, and nothing around it


def legible(text: str, most: int = LOOKED_AT) -> str:
    """Return `text` on one line as it may be read, at most `most` code points; empty if nothing of it can be seen."""
    if len(text) <= most and _COMMON.fullmatch(text):
        return text
    seen = "".join(sign if is_picture(sign) else _written(sign) for sign in signs(text[:LOOKED_AT]))
    return cut(_single_spaced(signs(seen)), most)


def signs(text: str) -> list[str]:
    """Split `text` into the signs a reader sees; marks stay with their letter, joined emoji together."""
    found: list[str] = []
    for sign in _SIGN.findall(unicodedata.normalize("NFC", text)):
        if _STYLES.fullmatch(sign):
            continue
        if found and (_is_mark_on(sign, found[-1]) or _is_spelling(sign, found[-1])):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def cut(parts: Sequence[str], most: int) -> str:
    """Return signs as text; if they are more than `most` code points, as many as fit with an ellipsis after them."""
    if sum(map(len, parts)) <= most:
        return "".join(parts)
    kept, room = "", most - 1
    for sign in parts:
        if len(kept) + len(sign) > room:
            break
        kept += sign
    return kept.rstrip() + "…"


def is_right_to_left(name: str) -> bool:
    """Tell whether a name begins with a letter of a writing that runs from right to left."""
    first = next((letter for letter in name if unicodedata.bidirectional(letter) in ("L", "R", "AL")), "")
    return bool(_RIGHT_TO_LEFT.match(first))


def isolated(name: str) -> str:
    """Return a name for the middle of a sentence: one written from right to left keeps its order to itself."""
    return f"{_FIRST_STRONG}{name}{_POP}" if _RIGHT_TO_LEFT.search(name) else name


def is_picture(sign: str) -> bool:
    """Tell whether a sign is an emoji rather than writing."""
    return "\U0001f000" <= sign[0] < "\U00020000" or (len(sign) > 1 and bool(_EMOJI.fullmatch(sign)))


def is_unseen(letter: str) -> bool:
    """Tell whether a character alone leaves nothing to see, or only a box."""
    if letter in _BLANKS:
        return True
    kind = unicodedata.category(letter)
    return kind[0] in "CMZ" and not (kind == "Cn" and _is_late_han(letter))


def _written(sign: str) -> str:
    if sign.isspace():
        return " "
    if is_unseen(sign[0]):
        return ""
    strays = _STRAY_MARKS_ON_HAN if _HAN.match(sign) else _STRAY_MARKS
    return sign[0] + strays.sub("", sign[1:])[:_MARKS_PER_SIGN]


def _single_spaced(found: list[str]) -> list[str]:
    kept: list[str] = []
    for sign in found:
        if sign != " " or (kept and kept[-1] != " "):
            kept.append(sign)
    return kept[:-1] if kept and kept[-1] == " " else kept


def _is_mark_on(sign: str, before: str) -> bool:
    """A mark with a letter under it: on a picture or in the open it is nobody's."""
    return unicodedata.category(sign[0])[0] == "M" and not (before.isspace() or is_picture(before))


def _is_spelling(sign: str, before: str) -> bool:
    return sign in _JOINERS and bool(_JOINED_WRITING.match(before[-1]))


def _is_late_han(letter: str) -> bool:
    """Han that this Python does not know of yet (extensions H and later): planes 2 and 3, but for noncharacters."""
    return 0x20000 <= ord(letter) < 0x40000 and ord(letter) & 0xFFFE != 0xFFFE
