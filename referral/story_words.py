"""The words of a story: made fit to be kept, headed, and looked through before anybody may publish them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from referral.nicknames import signs
from referral.wording import Finding, lint

LONGEST_HEAD = 24
"""Signs of a story's heading."""

_BARRED = frozenset({"bank", "loans", "securities", "insurance", "medical", "education", "training", "k12"})
"""Industries whose advertisements may not have customers recommend or vouch (Advertising Law 16, 24, 25)."""

_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffc\ufffd\ud800-\udfff]"
)
_GAPS = re.compile(r"[ \t\u3000]*\n\s*")
_FIRST = re.compile(r"[^。！？!?\n]+[。！？!?]?")
_STOPS = (re.compile(r"[，；：,;:—…](?!\d)"), re.compile(r"[、 \u3000]"), re.compile(r"[的了着过里时后]"))
_SHORTEST_HEAD = 4
_CLOSING = "。，、；：,;:"

_PRIVATE = (
    (r"(?<!\d)1[3-9]\d(?:[-\s]?\d{4}){2}(?!\d)", "手机号"),
    (r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])", "身份证号"),
    (r"(?<!\d)[3-6]\d{3}(?:[-\s]?\d{4}){3}\d{0,3}(?!\d)", "银行卡号"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "邮箱"),
    (r"(?:微信号?|[Vv][Xx]|[Qq]{2}号?)[:：\s]{0,3}(?=[\w-]*\d)[A-Za-z0-9][\w-]{4,}", "社交账号"),
)
_HALF_WIDTH = {0xFF01 + place: 0x21 + place for place in range(94)}
_TOO_YOUNG, _TOO_YOUNG_SO = "作者可能未满18周岁", "未成年人的故事不能公开"
_PRIVATE_RULES = tuple((re.compile(pattern), what) for pattern, what in _PRIVATE)
_YOUNG = re.compile(
    r"(?:我|本人)(?:今年|现在|才|刚满?)(?:(?<!\d)(?:[1-9]|1[0-7])(?!\d)|[一二三四五六七八九十]|十[一二三四五六七])周?岁"
)


def may_be_told(industry: str) -> bool:
    """Whether customers' stories may be published in this industry."""
    return industry not in _BARRED


def tidy(text: str) -> str:
    """A piece of a story as it is kept: nothing unseen in it, plain line ends, no empty lines."""
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _GAPS.sub("\n", _UNSEEN.sub("", lines)).strip()


def headed(text: str) -> tuple[str, str]:
    """A story as its heading and what follows, nothing twice: the first sentence, or its first clauses and `…`."""
    first = _FIRST.match(text)
    head = first.group() if first else text
    if len(signs(head.rstrip(_CLOSING))) > LONGEST_HEAD:
        head = _clauses(head)
        return head.rstrip(_CLOSING + " ") + "…", text[len(head) :].strip()
    return head.rstrip(_CLOSING), text[len(head) :].strip()


def _clauses(sentence: str) -> str:
    """As many clauses of a long sentence as fit in a heading; of one without a stop as many words as one can tell."""
    fits = "".join(signs(sentence)[:LONGEST_HEAD])
    for stop in _STOPS:
        ends = [found.end() for found in stop.finditer(fits) if found.end() >= _SHORTEST_HEAD]
        if ends:
            return fits[: ends[-1]]
    return fits


def objections(text: str, industry: str) -> list[Finding]:
    """What may not be published of an author's words, in order of place (reliability R1, R3, R6, R7, R8, R12)."""
    found = [*lint(text, edition="friend", industry=industry), *_private(text)]
    return sorted(found, key=lambda finding: (finding.start, finding.end))


def in_places(found: Sequence[Finding]) -> str:
    """The findings as one sentence for staff: where, what, why."""
    return "；".join(f"第{f.start + 1}到{f.end}字「{f.text}」{f.why}（{f.rule}）" for f in found)


def _private(text: str) -> list[Finding]:
    """Numbers that lead to somebody, and an author who is no adult: neither has a place on a public page."""
    plain = text.translate(_HALF_WIDTH)
    numbers = [(span, what) for rule, what in _PRIVATE_RULES for span in _places(rule, plain)]
    found = [
        Finding("R6", start, end, text[start:end], f"这里写着{what}，公开会泄露个人信息", "请作者删去后重新交一篇")
        for (start, end), what in numbers
    ]
    young = _places(_YOUNG, plain)
    return found + [Finding("R6", start, end, text[start:end], _TOO_YOUNG, _TOO_YOUNG_SO) for start, end in young]


def _places(rule: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in rule.finditer(text)]
