"""Terms changed by what an operator writes: `key=value`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from referral.terms.reading import CHOICE, TERMS, switch, terms_from
from referral.terms.values import BadTerms, Choice, Terms, Thanks

_YES_NO = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_AMOUNTS = {"amount_advocate": "advocate", "amount_friend": "friend"}
SETTABLE = (*_AMOUNTS, "cost_fen", *(name for name in TERMS if name not in ("both_or_neither", "pays")))


def override(terms: Terms, changes: Mapping[str, str]) -> Terms:
    """Terms with `key=value` texts of an operator applied; raises BadTerms naming each bad key and what is allowed.

    `amount_advocate` and `amount_friend` set the first thanks of that side, whose cost follows in proportion, rounded
    up; `cost_fen` then sets what every thanks for a friend costs.
    """
    problems: list[str] = []
    changed = terms
    for name in sorted(changes, key=lambda name: name == "cost_fen"):
        value, problem = _parse(name, changes[name].strip())
        if not problem and name in _AMOUNTS and not terms.thanks_for("referral", _AMOUNTS[name]):
            problem = f"{name}: 这个礼包不谢这一边，改不了"
        if problem:
            problems.append(problem)
        else:
            changed = _with(changed, name, value)
    if problems:
        raise BadTerms(problems)
    return terms_from(asdict(changed))


def _parse(name: str, text: str) -> tuple[Any, str]:
    if name not in SETTABLE:
        return None, f"{name}: 不能改；可以改 {'、'.join(SETTABLE)}"
    check = TERMS.get(name) or CHOICE["cost_fen" if name == "cost_fen" else "amount"]
    value: Any = int(text) if _WHOLE.fullmatch(text) else text
    if check is switch:
        value = _YES_NO.get(text.lower(), text)
    elif name == "conversions":
        value = tuple(part.strip() for part in text.split(",") if part.strip())
    problem = check(value)
    return value, f"{name}: {problem}" if problem else ""


def _with(terms: Terms, name: str, value: Any) -> Terms:
    if name in _AMOUNTS:
        first = terms.thanks_for("referral", _AMOUNTS[name])[0]
        asked = replace(first, choices=(_of_amount(first.choices[0], value), *first.choices[1:]))
        return replace(terms, thanks=tuple(asked if each is first else each for each in terms.thanks))
    if name == "cost_fen":
        return replace(terms, thanks=tuple(_at_cost(each, value) for each in terms.thanks))
    changed: Terms = replace(terms, **{name: value})
    return changed


def _of_amount(choice: Choice, amount: int) -> Choice:
    return replace(choice, amount=amount, cost_fen=-(-choice.cost_fen * amount // choice.amount))


def _at_cost(thanks: Thanks, cost_fen: int) -> Thanks:
    if thanks.cause != "referral":
        return thanks
    return replace(thanks, choices=tuple(replace(choice, cost_fen=cost_fen) for choice in thanks.choices))
