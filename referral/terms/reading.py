"""Terms read from plain tables and from JSON, every value checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any

from referral.terms.values import (
    ATTRIBUTIONS,
    CAUSES,
    CONVERSIONS,
    KINDS,
    MOST_PRIZE_FEN,
    SIDES,
    TAX_CLASSES,
    UNITS,
    UNITS_OF,
    BadTerms,
    Choice,
    Terms,
    Thanks,
)

Check = Callable[[object], str]
"""What is wrong with a value, empty for nothing."""


_LONGEST = 40  # characters of a value that are shown


def _shown(value: object) -> str:
    """A value as it was written, within a sentence."""
    text = value if isinstance(value, str) else repr(value)
    return f"「{text[:_LONGEST]}…」" if len(text) > _LONGEST else f"「{text}」"


def _number(low: int, high: int) -> Check:
    def check(value: object) -> str:
        good = type(value) is int and low <= value <= high
        return "" if good else f"要是 {low} 到 {high} 的整数，不能是{_shown(value)}"

    return check


def _one_of(*allowed: str) -> Check:
    return lambda value: "" if value in allowed else f"只能是 {'、'.join(allowed)}，不能是{_shown(value)}"


def _some_of(*allowed: str) -> Check:
    def check(value: object) -> str:
        good = isinstance(value, (list, tuple)) and bool(value) and all(part in allowed for part in value)
        return "" if good else f"要从 {'、'.join(allowed)} 里选一个或几个，不能是{_shown(value)}"

    return check


def switch(value: object) -> str:
    return "" if isinstance(value, bool) else f"要写 true 或 false，不能是{_shown(value)}"


def _name(value: object) -> str:
    return "" if isinstance(value, str) and value.strip() else f"要写一个名称，不能是{_shown(value)}"


def _text(value: object) -> str:
    return "" if isinstance(value, str) else f"要是文字，不能是{_shown(value)}"


def _names(value: object) -> str:
    good = isinstance(value, (list, tuple)) and not any(_name(part) for part in value)
    return "" if good else f"要是名称的列表，不能是{_shown(value)}"


_NAMED = ("privilege", "gift", "tier")
"""Kinds that say nothing without a name."""

CHOICE: dict[str, Check] = {
    "kind": _one_of(*KINDS),
    "unit": _one_of(*UNITS),
    "amount": _number(1, 10_000_000),
    "cost_fen": _number(0, MOST_PRIZE_FEN),
    "says": _name,
    "value": _text,
    "valid_days": _number(0, 3650),
    "tax_class": _one_of(*TAX_CLASSES),
}
_THANKS: dict[str, Check] = {
    "rule": _name,
    "side": _one_of(*SIDES),
    "cause": _one_of(*CAUSES),
    "tiers": _names,
    "after_friends": _number(0, 1000),
}
TERMS: dict[str, Check] = {
    "window_days": _number(1, 365),
    "late_days": _number(0, 90),
    "hold_days": _number(0, 180),
    "cap_per_year": _number(1, 1_000),
    "cap_per_day": _number(0, 1_000),
    "cap_campaign": _number(0, 10_000_000),
    "budget_fen": _number(0, 1_000_000_000_000),
    "min_amount_fen": _number(0, 1_000_000_000),
    "approve_over_fen": _number(0, MOST_PRIZE_FEN),
    "margin_percent": _number(0, 100),
    "stories_per_month": _number(0, 1_000),
    "stories_per_author": _number(0, 1_000),
    "story_judges": _number(1, 9),
    "attribution": _one_of(*ATTRIBUTIONS),
    "conversions": _some_of(*CONVERSIONS),
    "new_customers_only": switch,
    "both_or_neither": switch,
    "confirm": switch,
    "pays": _one_of("person", "company"),
}


@lru_cache(maxsize=512)  # every order and every page asks for the same few rule versions again
def terms_from_json(text: str) -> Terms:
    """Read back `Terms.to_json`; raises BadTerms when a key is missing, unknown or out of range."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadTerms([f"不是 JSON：{error}"]) from error
    if not isinstance(raw, dict):
        raise BadTerms(["不是 JSON 对象"])
    return terms_from(raw)


def terms_from(raw: Mapping[str, Any]) -> Terms:
    """Check a plain mapping and make Terms of it; raises BadTerms with every problem at once."""
    problems = _shape(Terms, raw, TERMS | {"thanks": _some_tables})
    problems += _thanks_problems(_listed(raw.get("thanks")))
    if problems:
        raise BadTerms(problems)
    thanks = tuple(_thanks(each) for each in raw["thanks"])
    return Terms(**{**raw, "thanks": thanks, "conversions": tuple(raw["conversions"])})


def _some_tables(value: object) -> str:
    good = isinstance(value, (list, tuple)) and all(isinstance(part, Mapping) for part in value)
    return "" if good else "要是表的列表"


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _thanks_problems(listed: Iterable[object]) -> list[str]:
    problems: list[str] = []
    for number, raw in enumerate(listed):
        if isinstance(raw, Mapping):
            here = _shape(Thanks, raw, _THANKS | {"choices": _some_tables}) or _sense(raw)
            for place, choice in enumerate(_listed(raw.get("choices"))):
                wrong = _shape(Choice, choice, CHOICE) or _fits(choice)
                here += [f"choices.{place}.{problem}" for problem in wrong]
            problems += [f"thanks.{number}.{problem}" for problem in here]
    return problems or _twice(listed)


def _sense(raw: Mapping[str, Any]) -> list[str]:
    problems = [] if raw["choices"] else ["choices: 至少要有一个"]
    if (raw["cause"] == "milestone") != (raw.get("after_friends", 0) > 0):
        problems.append("after_friends: milestone 要写，别的都不能写")
    if raw["cause"] != "referral" and raw["side"] != "advocate":
        problems.append("side: 这一种只谢推荐人，要写 advocate")
    return problems


def _fits(raw: Any) -> list[str]:
    """What of one form contradicts its kind."""
    units = UNITS_OF[raw["kind"]]
    problems = [] if raw["unit"] in units else [f"unit: {raw['kind']} 的单位只能是 {'、'.join(units)}"]
    if raw["kind"] in _NAMED and not raw.get("value", "").strip():
        problems.append(f"value: 要写明是哪个 {raw['kind']}")
    if raw["kind"] == "cash" and raw["cost_fen"] < raw["amount"]:
        problems.append("cost_fen: 现金的成本不能少于它的金额")
    if raw["kind"] == "cash" and raw.get("tax_class", "none") == "none":
        problems.append("tax_class: 现金要计税，只能是 incidental、labour、company")
    return problems


def _twice(listed: Iterable[object]) -> list[str]:
    names = [(raw["rule"], raw["side"]) for raw in listed if isinstance(raw, Mapping)]
    again = sorted({name for name in names if names.count(name) > 1})
    return [f"thanks: {rule} 对 {side} 写了两次" for rule, side in again]


def _shape(made: type, raw: object, checks: Mapping[str, Check]) -> list[str]:
    """What keeps a mapping from being one of these: unknown keys, missing keys, values out of range."""
    if not isinstance(raw, Mapping):
        return ["要是一张表"]
    optional = {field.name for field in fields(made) if field.default is not MISSING}
    problems = [f"{name}: 没有这一项" for name in raw if name not in checks]
    problems += [f"{name}: 缺少这一项" for name in checks if name not in raw and name not in optional]
    found = ((name, check(raw[name])) for name, check in checks.items() if name in raw)
    return problems + [f"{name}: {problem}" for name, problem in found if problem]


def _thanks(raw: Mapping[str, Any]) -> Thanks:
    choices = tuple(Choice(**choice) for choice in raw["choices"])
    return Thanks(**{**raw, "choices": choices, "tiers": tuple(raw.get("tiers", ()))})
