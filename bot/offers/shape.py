"""What each file of a pack must hold: its shape, and which placeholders its words may use where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from bot.copy import PLACEHOLDERS, placeholders
from bot.copy import faults as text_faults
from bot.offers.lines import Path
from bot.offers.sheet import Fault
from bot.offers.values import ANSWERED, PHRASES, SAYS
from referral.framing import Framing
from referral.history import Past
from referral.offers import EDITIONS

Check = Callable[[object], str]
"""What is wrong with a value, empty for nothing."""

Shape = Mapping[str, Any]
"""Keys with a check or a shape each; a key that ends in `?` may be left out."""


def _text(value: object) -> str:
    return "" if isinstance(value, str) and value.strip() else "not a text"


def _texts(value: object) -> str:
    good = isinstance(value, list) and bool(value) and not any(_text(part) for part in value)
    return "" if good else "not a list of texts"


def _variants(value: object) -> str:
    return _texts(value) or ("" if isinstance(value, list) and len(value) >= 2 else "needs at least two wordings")


def _names(value: object) -> str:
    good = isinstance(value, list) and not any(_text(part) for part in value)
    return "" if good else "not a list of names"


def _count(value: object) -> str:
    return "" if type(value) is int and value >= 0 else "not a whole number from 0"


def _share(value: object) -> str:
    return "" if type(value) in (int, float) and 0 <= float(str(value)) <= 1 else "not a number from 0 to 1"


def _table(value: object) -> str:
    return "" if isinstance(value, dict) else "not a table"


def _tables(value: object) -> str:
    good = isinstance(value, list) and not any(_table(part) for part in value)
    return "" if good else "not a list of tables"


def _sections(value: object) -> str:
    good = isinstance(value, list) and all(
        isinstance(part, dict) and part.keys() == {"field", "title", "text"} and not any(map(_text, part.values()))
        for part in value
    )
    return "" if good else "each needs a field, a title and a text"


_AUDIENCE = {"min_tenure_days": _count, "min_satisfaction": _count, "min_activity_rank?": _share, "tiers?": _names}
_LANDING = {
    "headline": _text,
    "headline_unsigned": _text,
    "lines": _texts,
    "steps": _texts,
    "button": _text,
    "note": _text,
}
_PHRASES = {f"{name}?": _text for name in PHRASES}
_POSTER = {"headline": _text, "body": _text, "note": _text}
_FRAMED = {framing: f"{framing}?" if framing in (Framing.BOTH, Framing.EARLY) else framing.value for framing in Framing}
"""A framing's key; not every offer has something for both or something sooner."""

SHAPES: dict[str, Shape] = {
    "offer": {
        "name": _text,
        "title": _text,
        "product": _text,
        "ad_label": _text,
        "industries?": _names,
        "early?": _text,
        "audience": _AUDIENCE,
        "terms": _table,
        "thanks": _tables,
    },
    "words": {
        "openings": {"since": _texts, "plain": _texts, **{f"{past}?": _texts for past in Past}},
        "words": {"short": _text, **{key: dict.fromkeys(EDITIONS, _variants) for key in _FRAMED.values()}},
        "landing": _LANDING,
        "phrases?": _PHRASES,
    },
    "rules": {"rules": _sections, "privacy?": _sections},
    "poster": {
        "template": _text,
        **{key: {**dict.fromkeys(EDITIONS, _POSTER), "spoken": _text} for key in _FRAMED.values()},
    },
}
"""The files of a pack."""

COMMON: dict[str, Shape] = {
    "words": {"phrases": dict.fromkeys(PHRASES, _text)},
    "rules": {"rules": _sections},
    "privacy": {"privacy": _sections},
}
"""The files that all packs share."""


def shape_faults(table: object, shape: Shape, path: Path = ()) -> list[Fault]:
    """Keys missing, keys unknown, values of another kind: every fault of a table."""
    if not isinstance(table, dict):
        return [(path, "not a table")]
    known = {key.removesuffix("?"): check for key, check in shape.items()}
    faults: list[Fault] = [((*path, key), "unknown key") for key in table if key not in known]
    faults += [((*path, key), "missing") for key in shape if not key.endswith("?") and key not in table]
    for key in (key for key in known if key in table):
        faults += _value_faults(table[key], known[key], (*path, key))
    return faults


def _value_faults(value: object, check: Any, path: Path) -> list[Fault]:
    if isinstance(check, Mapping):
        return shape_faults(value, check, path)
    problem = check(value)
    return [(path, problem)] if problem else []


def word_faults(table: Mapping[str, Any]) -> list[Fault]:
    """Placeholders that nobody would fill where they stand, and stray braces."""
    return [(path, fault) for path, text in _all_texts(table, ()) for fault in _faults_of(text, path)]


def _all_texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (dict, list)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _all_texts(part, (*path, key))


def _faults_of(text: str, path: Path) -> list[str]:
    allowed = _answered_at(path)
    names = placeholders(text)
    unknown = [f"unknown placeholder {{{name}}}" for name in sorted(names - PLACEHOLDERS.keys())]
    unknown += [f"{{{name}}} has no value here" for name in sorted((names & PLACEHOLDERS.keys()) - allowed)]
    return unknown or text_faults(text)


def _answered_at(path: Path) -> AbstractSet[str]:
    """The placeholders that have a value in the text at this place of a pack."""
    match path:
        case ("thanks", *_, "says"):
            return SAYS
        case ("openings", "since", _):
            return {"company", "tenure"}
        case ("openings", Past.BOUGHT, _):
            return {"company", "item"}
        case ("openings", Past.OFTEN, _):
            return {"company", "times"}
        case ("openings", _, _) | ("ad_label",):
            return {"company"}
        case ("words", "short"):
            return ANSWERED | {"link", "code"}
        case ("words", _, "friend", _):
            return ANSWERED | {"opening", "link", "code"}
        case ("words", _, _, _):
            return ANSWERED | {"opening"}
        case (_, "spoken"):
            return {"company", "product"}
        case (_, "feed" | "friend", _):
            return ANSWERED
        case ("landing", "headline"):
            return ANSWERED | {"nickname", "code"}
        case ("landing", *_):
            return ANSWERED | {"code"}
        case ("rules", *_):
            return ANSWERED | {"contact", "begins", "period"}
        case ("privacy", *_):
            return {"company", "contact"}
        case ("phrases", "period_open" | "period_closed"):
            return ANSWERED | {"begins", "ends"}
        case ("name" | "title" | "product" | "industries" | "audience" | "terms" | "thanks" | "template", *_):
            return frozenset()
        case _:
            return ANSWERED
