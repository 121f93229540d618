"""What an offer promises: its numbers and rules (`Terms`) and its words (`Pack`).

Terms are frozen into a rule version when a campaign starts and again at every touch, so a later edit never changes what
was promised. Reading packs from files is not done here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from referral.framing import Framing

Edition = Literal["feed", "friend"]
EDITIONS: tuple[Edition, ...] = ("feed", "friend")

KINDS = ("cash", "points", "coupon", "days", "privilege", "gift", "tier")
UNITS = ("fen", "points", "days", "pieces")
ATTRIBUTIONS = ("last", "first")
CONVERSIONS = ("order.paid", "trial.started", "visit.completed", "contract.signed", "account.opened")

_RANGES: dict[str, tuple[int, int]] = {
    "amount_advocate": (1, 100_000),
    "amount_friend": (1, 100_000),
    "cost_fen": (0, 100_000_000),
    "window_days": (1, 365),
    "late_days": (0, 90),
    "hold_days": (0, 180),
    "cap_per_year": (1, 1_000),
    "budget_fen": (0, 1_000_000_000_000),
    "min_amount_fen": (0, 1_000_000_000),
}
_CHOICES: dict[str, tuple[str, ...]] = {"kind": KINDS, "unit": UNITS, "attribution": ATTRIBUTIONS}
_SWITCHES = ("new_customers_only", "both_or_neither")
_YES_NO = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}


class BadTerms(ValueError):
    """Terms that cannot be: `problems` holds one sentence per key, each naming the key and what it may be."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The numbers and rules of an offer.

    `amount_advocate` and `amount_friend` count `unit`s per paid friend; `cost_fen` is what one side's thanks costs the
    company, in fen; `window_days` from touch to conversion, `late_days` for a touch that becomes known after the order,
    `hold_days` from conversion to grant; `cap_per_year` counts thanks per advocate and calendar year (Beijing);
    `min_amount_fen` is the least order that counts. With `both_or_neither` the two thanks share one transaction.
    """

    rule: str
    kind: str
    unit: str
    amount_advocate: int
    amount_friend: int
    cost_fen: int
    window_days: int
    late_days: int
    hold_days: int
    cap_per_year: int
    budget_fen: int
    attribution: str
    new_customers_only: bool
    conversions: tuple[str, ...]
    min_amount_fen: int
    both_or_neither: bool

    def to_json(self) -> str:
        """The rule version as canonical JSON: keys sorted, no spaces, so equal terms are equal text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Terms:
        """Read back `to_json`; raises BadTerms when a key is missing, unknown or out of range."""
        try:
            raw = json.loads(text)
        except json.JSONDecodeError as error:
            raise BadTerms([f"not JSON: {error}"]) from error
        if not isinstance(raw, dict):
            raise BadTerms(["not a JSON object"])
        return terms_from(raw)


def terms_from(raw: Mapping[str, Any]) -> Terms:
    """Check a plain mapping and make Terms of it; raises BadTerms with every problem at once."""
    names = [field.name for field in fields(Terms)]
    problems = [f"{name}: unknown key" for name in raw if name not in names]
    problems += [f"{name}: missing" for name in names if name not in raw]
    problems += [problem for name in names if name in raw for problem in _problems(name, raw[name])]
    if problems:
        raise BadTerms(problems)
    return Terms(**{**raw, "conversions": tuple(raw["conversions"])})


def override(terms: Terms, changes: Mapping[str, str]) -> Terms:
    """Terms with `key=value` texts of an operator applied; raises BadTerms naming each bad key and what is allowed."""
    problems: list[str] = []
    parsed: dict[str, Any] = {}
    for name, text in changes.items():
        value, problem = _parse(name, text.strip())
        if problem:
            problems.append(problem)
        else:
            parsed[name] = value
    if problems:
        raise BadTerms(problems)
    return replace(terms, **parsed)


def _parse(name: str, text: str) -> tuple[Any, str]:
    value: Any = text
    if name not in _settable():
        return None, f"{name}: cannot be set; one of {', '.join(_settable())}"
    if name in _RANGES:
        value = int(text) if text.isascii() and text.removeprefix("-").isdigit() else text
    elif name in _SWITCHES:
        value = _YES_NO.get(text.lower(), text)
    elif name == "conversions":
        value = tuple(part.strip() for part in text.split(",") if part.strip())
    return value, next(iter(_problems(name, value)), "")


def _problems(name: str, value: object) -> list[str]:
    if name in _RANGES:
        low, high = _RANGES[name]
        good = type(value) is int and low <= value <= high
        return [] if good else [f"{name}: {value!r} is not a whole number from {low} to {high}"]
    if name in _CHOICES:
        return [] if value in _CHOICES[name] else [f"{name}: {value!r} is not one of {', '.join(_CHOICES[name])}"]
    if name in _SWITCHES:
        return [] if isinstance(value, bool) else [f"{name}: {value!r} is not true or false"]
    if name == "conversions":
        good = isinstance(value, (list, tuple)) and bool(value) and all(part in CONVERSIONS for part in value)
        return [] if good else [f"{name}: {value!r} is not one or more of {', '.join(CONVERSIONS)}"]
    return [] if isinstance(value, str) and value else [f"{name}: {value!r} is not a name"]


def _settable() -> list[str]:
    return [field.name for field in fields(Terms) if field.name not in ("rule", "both_or_neither")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One titled paragraph of the rules or the privacy page; `field` is its stable name."""

    field: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterCopy:
    """The three texts of a poster, with placeholders."""

    headline: str
    body: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingCopy:
    """What a friend reads on the page behind the link, with placeholders; `headline_unsigned` names no advocate."""

    headline: str
    headline_unsigned: str
    lines: tuple[str, ...]
    steps: tuple[str, ...]
    button: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom the campaign is for by default: customers of at least `min_tenure_days`, satisfaction (0-10) when known."""

    min_tenure_days: int
    min_satisfaction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """An offer as shipped: default terms and every word, placeholders still in `{braces}`.

    `thanks` words one side's thanks from `{amount}`; `openings_since` need `{tenure}`, `openings_plain` claim nothing;
    `words` holds at least two variants per framing and edition; `short` is the friend's words when nothing else fits;
    `phrases` are the alternatives that the terms choose between.
    """

    name: str
    title: str
    product: str
    ad_label: str
    thanks: str
    terms: Terms
    audience: Audience
    openings_since: tuple[str, ...]
    openings_plain: tuple[str, ...]
    words: Mapping[Framing, Mapping[Edition, tuple[str, ...]]]
    short: str
    posters: Mapping[Framing, Mapping[Edition, PosterCopy]]
    landing: LandingCopy
    rules: tuple[Section, ...]
    privacy: tuple[Section, ...]
    phrases: Mapping[str, str]


RULE_FIELDS = (
    "organiser",
    "period",
    "who",
    "friend",
    "counts",
    "thanks",
    "attribution",
    "hold",
    "delivery",
    "use",
    "refund",
    "caps",
    "budget",
    "privacy",
    "complaints",
)
"""The fields a campaign must publish before it may start (Anti-Unfair-Competition rules on prizes, reliability R4)."""
