# ruff: noqa: E501, ISC004 -- a pattern is read more safely unbroken than wrapped
"""Ways to somebody that are typed by hand: addresses, telephone numbers, accounts; a poster has one way, its QR.

An address in a picture cannot be taken down, leads past the page with the rules, and is judged by WeChat like a link
(微信外部链接内容管理规范); a number is a personal particular of whoever answers it (PIPL 13).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_ENDINGS = r"(?:com|cn|net|org|top|xyz|vip|shop|club|site|online|store|link|info|cc|io|me|tv|co|app|dev|fun|pro|ltd|wang|ink|icu)"
_DIGIT_GAP = r"[-\s.·—_]{0,2}"
_WAYS = (
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "邮箱"),
    (
        rf"(?:https?|weixin|ftp):/{{1,2}}[^\s，。！？；、「」]+|www\.[^\s，。！？；、「」]+"
        rf"|(?<![a-z0-9.-])(?:[a-z0-9][a-z0-9-]*\.)+{_ENDINGS}(?![a-z0-9])(?:[:/][^\s，。！？；、「」]*)?"
        r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])",
        "网址",
    ),
    (
        rf"(?<!\d)(?:\+?86{_DIGIT_GAP})?1[3-9]\d(?:{_DIGIT_GAP}\d){{8}}(?!\d)"
        rf"|(?<!\d)[48]00(?:{_DIGIT_GAP}\d){{7}}(?!\d)|(?<!\d)\(?0\d{{2,3}}\)?{_DIGIT_GAP}\d{{7,8}}(?!\d)|(?<![\d.])[2-9]\d{{6,7}}(?![\d.])",
        "电话",
    ),
    (r"(?:微信号?|加v|vx|wx|qq|扣扣)[号:\s]{0,3}(?=[\w-]*\d)[a-z0-9][\w-]{4,}", "社交账号"),
)
_READ = tuple((re.compile(pattern, re.IGNORECASE | re.ASCII), what) for pattern, what in _WAYS)


@dataclass(frozen=True, slots=True)
class TypedWay:
    """One way, word for word, and what it is called."""

    text: str
    what: str


def typed_ways(text: str) -> list[TypedWay]:
    """Every way to somebody in a text, each part of it once, in order of place."""
    taken: list[tuple[int, int, str]] = []
    for start, end, what in _places(_plain(text)):
        if all(end <= begun or ended <= start for begun, ended, _ in taken):
            taken.append((start, end, what))
    return [TypedWay(text[start:end], what) for start, end, what in sorted(taken)]


def _places(plain: str) -> Iterator[tuple[int, int, str]]:
    for pattern, what in _READ:
        yield from ((*match.span(), what) for match in pattern.finditer(plain))


def _plain(text: str) -> str:
    """Full-width and other forms of signs as the usual ones, sign for sign."""
    folded = (unicodedata.normalize("NFKC", sign) for sign in text)
    return "".join(form if len(form) == 1 else sign for form, sign in zip(folded, text, strict=True))
