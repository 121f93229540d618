"""The linter of words: finds what WeChat, the advertising law and the sector laws do not allow in a text.

It reads the text as a trickster would write it (spaces or pictures between characters, full-width forms, zero-width
characters, traditional forms) and reports places in the text as it was given. The rules are tables: wording_rules (set
phrases), wording_sharing, wording_claims and wording_conduct (by idea), wording_sectors. It judges words only; it
neither knows nor changes who gets them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from referral.wording_claims import CLAIM_RULES
from referral.wording_conduct import CONDUCT_RULES
from referral.wording_rules import GENERAL_RULES, NO_OFFER, SOURCES, WordRule
from referral.wording_script import SIMPLIFIED
from referral.wording_sectors import SECTOR_RULES
from referral.wording_sharing import FEED_RULES, SHARING_RULES

__all__ = ["SOURCES", "Edition", "Finding", "lint"]

Edition = Literal["feed", "friend", "chat"]

_RULES = GENERAL_RULES + SHARING_RULES + FEED_RULES + CLAIM_RULES + CONDUCT_RULES + SECTOR_RULES

_MARKS = str.maketrans({",": "，", "!": "，", "?": "？", ";": "；"})
_PICTURES = {"🧧": "红包", "💰": "现金", "💵": "现金", "🎁": "礼品", "⭐": "星", "🌟": "星"}
_DECORATION = "-_.·•・*~|/\\+^=#'`&<>()[]【】、"
_CJK = r"[\u3400-\u9fff]"
_BROKEN_UP = re.compile(rf"{_CJK}(?:[{re.escape(_DECORATION)}\n ]{{1,3}}{_CJK}){{2,}}(?!{_CJK})")
_BLANKS = re.compile(rf"(?<={_CJK})[ \t]+(?=[\w%¥])|(?<=[\w%¥])[ \t]+(?={_CJK})")
_PICTURE_BETWEEN = re.compile(rf"(?<={_CJK})[\u2600-\u27bf\U0001f300-\U0001faff]+(?={_CJK})")
_SENTENCE = re.compile(r"[^。？；\n]+")
_PIECE, _OVERLAP = 600, 120  # characters; no rule looks further than the overlap


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that a rule objects to: `text` is `original[start:end]`, offsets in characters."""

    rule: str
    start: int
    end: int
    text: str
    why: str
    suggestion: str

    def as_json(self) -> dict[str, str | int]:
        """The finding with the keys of the command line's contract."""
        return {
            "rule": self.rule,
            "from": self.start,
            "to": self.end,
            "text": self.text,
            "why": self.why,
            "suggestion": self.suggestion,
            "source": SOURCES[self.rule],
        }


@dataclass(frozen=True, slots=True)
class _Reading:
    """Text as the rules read it; `origin[i]` is where character i came from in the original."""

    text: str
    origin: tuple[int, ...]


def lint(text: str, *, edition: Edition = "friend", industry: str | None = None) -> list[Finding]:
    """Everything in `text` that may not be said there, in order of place; empty when nothing was found.

    `feed` is for Moments and other feeds (no reward, amount, code or call to share), `friend` for words given one to
    one, `chat` for what the bot says itself. `industry` adds the rules of a sector (reliability R1-R9, R12).
    """
    rules = [rule for rule in _RULES if _applies(rule, edition, industry)]
    plain = _normalise(text)
    joined = _joined(plain)
    readings = (plain,) if joined.text == plain.text else (plain, joined)
    found = {finding for reading in readings for finding in _findings(text, reading, rules)}
    return _without_overlaps(sorted(found, key=lambda f: (f.start, -f.end, f.rule)))


def _applies(rule: WordRule, edition: str, industry: str | None) -> bool:
    return (not rule.editions or edition in rule.editions) and (not rule.industries or industry in rule.industries)


def _normalise(text: str) -> _Reading:
    """Fold each character (width, case, script), then drop blanks that only hold Chinese characters apart."""
    folded: list[tuple[str, int]] = []
    for place, char in enumerate(text):
        if unicodedata.category(char) in {"Cf", "Mn", "Me"} or (unicodedata.category(char) == "Cc" and char != "\n"):
            continue
        folded += [(part, place) for part in _PICTURES.get(char) or _fold(char)]
    text_with_blanks = "".join(char for char, _ in folded)
    blanks = {i for match in _BLANKS.finditer(text_with_blanks) for i in range(*match.span())}
    kept = [pair for i, pair in enumerate(folded) if i not in blanks]
    return _Reading("".join(char for char, _ in kept), tuple(place for _, place in kept))


def _fold(char: str) -> str:
    return unicodedata.normalize("NFKC", char).lower().translate(SIMPLIFIED).translate(_MARKS)


def _joined(reading: _Reading) -> _Reading:
    """The same text with words that were broken up sign by sign (分-享-得, one character a line) put together.

    Pictures between characters (好❤评) are taken out as well.
    """
    drop: set[int] = set()
    for match in _BROKEN_UP.finditer(reading.text):
        drop.update(i for i in range(*match.span()) if reading.text[i] in _DECORATION + "\n ")
    drop.update(i for match in _PICTURE_BETWEEN.finditer(reading.text) for i in range(*match.span()))
    kept = [i for i in range(len(reading.text)) if i not in drop]
    return _Reading("".join(reading.text[i] for i in kept), tuple(reading.origin[i] for i in kept))


def _findings(original: str, reading: _Reading, rules: list[WordRule]) -> Iterator[Finding]:
    for at, sentence in _sentences(reading.text):
        refused = [match.span() for match in NO_OFFER.finditer(sentence)]
        for rule in rules:
            for start, end in _hits(rule, sentence, refused):
                first = reading.origin[at + start]
                last = reading.origin[at + end - 1] + 1
                yield Finding(rule.rule, first, last, original[first:last], rule.why, rule.suggestion)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    """Each sentence with its place; an endless one in overlapping pieces, so that no text is read for long."""
    for sentence in _SENTENCE.finditer(text):
        for at in range(sentence.start(), sentence.end(), _PIECE - _OVERLAP):
            yield at, text[at : min(at + _PIECE, sentence.end())]
            if at + _PIECE >= sentence.end():
                break


def _hits(rule: WordRule, sentence: str, refused: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    spans = [match.span() for match in rule.pattern.finditer(sentence)]
    if not spans or (rule.unless and rule.unless.search(sentence)):
        return
    spared = [*refused, *(match.span() for match in rule.spared.finditer(sentence))] if rule.spared else refused
    for start, end in spans:
        if not any(left < end and start < right for left, right in spared):
            yield start, end


def _without_overlaps(findings: list[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in findings:
        if not any(other.rule == finding.rule and finding.start < other.end for other in kept):
            kept.append(finding)
    return kept
