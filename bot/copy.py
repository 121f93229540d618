"""Words people read, filled in: chat bubbles from templates/chat, and an offer's own words from its pack.

Filling is a plain `{name}` substitution over an allow-list, one pass, so that a nickname containing braces stays a
nickname. What to say when is decided elsewhere; this file only knows how it is said.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from bot.copy_keys import KEYS
from referral.nicknames import isolated, legible

PLACEHOLDERS: dict[str, int] = {
    # the company and its people
    "company": 30,
    "rep": 20,
    "contact": 120,
    "host": 64,
    "instead": 8,
    "hours": 30,
    "news": 120,
    # the person
    "advocate": 20,
    "friend": 20,
    "nickname": 20,
    "name": 20,
    "pronoun": 4,
    "tenure": 8,
    "opening": 64,
    "item": 10,
    "times": 4,
    # the offer
    "title": 20,
    "product": 12,
    "amount": 8,
    "yuan": 12,
    "advocate_thanks": 36,
    "friend_thanks": 36,
    "story_thanks": 36,
    "act": 6,
    "first_act": 12,
    "deed": 12,
    "hold": 6,
    "after_peer": 44,
    "after_friend": 44,
    "after_advocate": 44,
    "both_peer": 76,
    "both_friend": 76,
    "both_advocate": 76,
    "both_staff": 76,
    "thank_advocate": 48,
    "promise_peer": 96,
    "promise_friend": 96,
    "promise_advocate": 96,
    "brief_thanks": 96,
    "brief_limits": 96,
    "help_desk": 60,
    "help_rep": 60,
    "attribution": 60,
    "new_customers": 60,
    "together": 60,
    "min_amount": 60,
    "minimum": 20,
    "min_yuan": 12,
    "over_yuan": 12,
    "margin_percent": 4,
    "caps": 90,
    "cap_per_day": 5,
    "cap_campaign": 9,
    "checked": 48,
    "budget_yuan": 16,
    "period": 60,
    "begins": 16,
    "ends": 16,
    "window_days": 4,
    "late_days": 4,
    "hold_days": 4,
    "cap_per_year": 5,
    "stories_per_month": 4,
    "stories_per_author": 4,
    "story_judges": 1,
    # codes and links
    "code": 10,
    "link": 200,
    "me_link": 200,
    "kf_link": 200,
    "rules_link": 200,
    "privacy_link": 200,
    # counts, states and times
    "advocates": 7,
    "friends": 7,
    "bought": 7,
    "held": 7,
    "granted": 7,
    "reversed": 7,
    "state": 12,
    "when": 16,
    "minutes": 4,
    "reason": 110,
    "answer": 200,
    "value": 8,
    "count": 9,
    "points": 9,
    "parcel": 40,
    "letters": 5,
    "photos": 2,
    "names": 40,
    "reasons": 200,
    # what staff meet
    "handle": 4,
    "id": 40,
    "wanted": 20,
    "command": 60,
    "used_yuan": 16,
    "left_yuan": 16,
    "asked": 9,
    "percent": 6,
    "result": 220,
    "poster_link": 200,
}
"""Every placeholder, with the most characters its value may take; a longer name is cut, a longer link refused."""

DESK_BYTES = 2048
_LINKS = frozenset(name for name in PLACEHOLDERS if name.endswith("link"))
_NAME = re.compile(r"\{([a-z_]+)\}")
_ISOLATED = 2  # characters that keep the direction of a name to itself


class CopyError(ValueError):
    """Words that cannot be said as written; `problems` has one sentence per fault, all of them at once."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def placeholders(text: str) -> frozenset[str]:
    """The names in `{braces}` of a text."""
    return frozenset(_NAME.findall(text))


def fill(text: str, **values: object) -> str:
    """Put values in place of `{names}`; raises CopyError on a name missing, not used or not on the allow-list."""
    wanted = placeholders(text)
    problems = faults(text)
    problems += [f"{name}: no value given" for name in sorted(wanted - values.keys())]
    problems += [f"{name}: not in the text" for name in sorted(values.keys() - wanted)]
    if problems:
        raise CopyError(problems)
    worded = {name: clean(name, str(value)) for name, value in values.items()}
    return _NAME.sub(lambda match: worded[match[1]], text)


def fill_from(text: str, values: Mapping[str, object]) -> str:
    """`fill` from a larger stock of values: takes those the text names, raises CopyError when one is missing."""
    return fill(text, **{name: values[name] for name in placeholders(text) if name in values})


def faults(text: str) -> list[str]:
    """What is wrong with a text as a template: unknown names, stray braces."""
    unknown = [f"{{{name}}}: unknown placeholder" for name in sorted(placeholders(text) - PLACEHOLDERS.keys())]
    stray = re.search(r"[{}]", _NAME.sub("", text))
    return unknown + ([f"stray {stray.group()!r} in {text!r}"] if stray else [])


def clean(name: str, value: str) -> str:
    """A value fit for one line, nothing unseen in it; a name cut to its limit between two signs, a link never."""
    limit = PLACEHOLDERS[name]
    if name in _LINKS:
        if len(value) > limit:
            raise CopyError([f"{name}: longer than {limit} characters"])
        return legible(value)
    line = isolated(legible(value, limit))
    return line if len(line) <= limit else isolated(legible(value, limit - _ISOLATED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One bubble's template: `longest` counts characters without links, `most_bytes` UTF-8 bytes with them."""

    key: str
    purpose: str
    text: str
    longest: int
    most_bytes: int

    def faults(self) -> list[str]:
        """Why this line could fail in front of a customer; empty when it cannot."""
        problems = [f"{self.key}: {fault}" for fault in faults(self.text)]
        if problems:
            return problems
        fixed = _NAME.sub("", self.text)
        names = [PLACEHOLDERS[name] for name in _NAME.findall(self.text) if name not in _LINKS]
        links = [PLACEHOLDERS[name] for name in _NAME.findall(self.text) if name in _LINKS]
        longest = len(fixed) + sum(names)
        most = len(fixed.encode()) + 4 * sum(names) + sum(links)
        if longest > self.longest:
            problems.append(f"{self.key}: can reach {longest} characters, more than {self.longest}")
        if most > self.most_bytes:
            problems.append(f"{self.key}: can reach {most} bytes, more than {self.most_bytes}")
        return problems


@dataclass(frozen=True, slots=True)
class Copy:
    """All chat words, checked when loaded: no key missing or unused, no unknown placeholder, nothing too long."""

    lines: Mapping[str, Line]

    @classmethod
    def load(cls, folder: Traversable | None = None) -> Copy:
        """Read every file of templates/chat, the shipped ones once; raises CopyError with all problems at once."""
        if folder is None:
            return _shipped()
        lines, problems = _read(folder)
        problems += [f"{key}: missing" for key in sorted(KEYS - lines.keys())]
        problems += [f"{key}: no code says this" for key in sorted(lines.keys() - KEYS)]
        problems += [fault for line in lines.values() for fault in line.faults()]
        if problems:
            raise CopyError(problems)
        return cls(MappingProxyType(lines))

    def say(self, key: str, stock: Mapping[str, object] | None = None, /, **values: object) -> str:
        """The words of `key`: `values` must all be in the text; what they leave open is taken from `stock`."""
        text = self.lines[key].text
        wanted = placeholders(text)
        return fill(text, **{name: value for name, value in (stock or {}).items() if name in wanted} | values)

    def variables(self, key: str) -> frozenset[str]:
        """The placeholders of a key."""
        return placeholders(self.lines[key].text)

    def reason(self, code: str, *, audience: str = "customer") -> str:
        """The sentence for a reason code, for a `customer` or for `staff`; raises KeyError for an unknown code."""
        return self.say(f"{'why' if audience == 'customer' else 'staff'}.{code}")

    def friend(self, name: str | None) -> str:
        """How a friend is called: by name only when she agreed (None otherwise)."""
        return (clean("friend", name) if name else "") or self.say("progress.unnamed")


@cache
def _shipped() -> Copy:
    return Copy.load(files("templates") / "chat")


def _read(folder: Traversable) -> tuple[dict[str, Line], list[str]]:
    lines: dict[str, Line] = {}
    problems: list[str] = []
    for file in sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda f: f.name):
        try:
            tables = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{file.name}: {error}")
            continue
        for name, table in tables.items():
            key = f"{file.name.removesuffix('.toml')}.{name}"
            fault = _misshapen(table)
            if fault:
                problems.append(f"{key}: {fault}")
            else:
                lines[key] = _line(key, table)
    return lines, problems


def _misshapen(table: object) -> str:
    if not isinstance(table, dict):
        return "not a table"
    if odd := table.keys() - {"purpose", "max", "bytes", "text"}:
        return f"unknown {', '.join(sorted(odd))}"
    if not all(isinstance(table.get(name), str) and table[name].strip() for name in ("purpose", "text")):
        return "needs a purpose and a text"
    numbers = (table.get("max"), table.get("bytes", 1))
    return "" if all(isinstance(number, int) for number in numbers) else "needs max as a number"


def _line(key: str, table: Mapping[str, str | int]) -> Line:
    return Line(
        key=key,
        purpose=str(table["purpose"]),
        text=str(table["text"]).strip(),
        longest=int(table["max"]),
        most_bytes=int(table.get("bytes", DESK_BYTES)),
    )
