"""Offers as shipped: packs read from templates/offers, and their words filled in for one campaign and one person.

Reading reports every problem of a pack at once. Which framing a person gets is decided in referral.framing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from bot.copy import CopyError, fill_from
from bot.copy import faults as text_faults
from referral.framing import Facts, Framing, tenure_words, variant_for
from referral.offers import (
    EDITIONS,
    RULE_FIELDS,
    Audience,
    BadTerms,
    Edition,
    LandingCopy,
    Pack,
    PosterCopy,
    Section,
    Terms,
    terms_from,
)

SHARE_LONGEST = 200
_TOP = {"name", "title", "product", "ad_label", "thanks", "terms", "audience", "openings", "words", "posters"} | {
    "landing",
    "phrases",
    "rules",
    "privacy",
}
_PHRASES = {f"both_{view}_{shape}" for view in ("peer", "friend", "advocate") for shape in ("equal", "differ")} | {
    "attribution_last",
    "attribution_first",
    "new_only",
    "new_any",
    "together",
    "separate",
    "min_any",
    "min_amount",
    "period_open",
    "period_closed",
}


def pack_names(folder: Traversable | None = None) -> list[str]:
    """The packs that are there, by name."""
    entries = (folder or _folder()).iterdir()
    return sorted(entry.name.removesuffix(".toml") for entry in entries if entry.name.endswith(".toml"))


def load_pack(name: str, folder: Traversable | None = None) -> Pack:
    """Read a pack; raises CopyError with every problem at once, or naming the packs there are."""
    names = pack_names(folder)
    if name not in names:
        raise CopyError([f"{name}: no such pack; there are {', '.join(names) or 'none'}"])
    try:
        raw = tomllib.loads(((folder or _folder()) / f"{name}.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CopyError([f"{name}: {error}"]) from error
    problems = _shape_problems(raw) or _word_problems(raw)
    try:
        terms_from(raw.get("terms", {}))
    except BadTerms as error:
        problems += [f"terms.{problem}" for problem in error.problems]
    if problems:
        raise CopyError([f"{name}: {problem}" for problem in problems])
    return _pack(raw)


def offer_values(pack: Pack, terms: Terms, company: str) -> dict[str, object]:
    """Every placeholder that the offer itself answers, worded: use as the `stock` of Copy.say."""
    values: dict[str, object] = {
        "company": company,
        "title": pack.title,
        "product": pack.product,
        "advocate_thanks": fill_from(pack.thanks, {"amount": terms.amount_advocate}),
        "friend_thanks": fill_from(pack.thanks, {"amount": terms.amount_friend}),
        "window_days": terms.window_days,
        "late_days": terms.late_days,
        "hold_days": terms.hold_days,
        "cap_per_year": terms.cap_per_year,
        "budget_yuan": _yuan(terms.budget_fen),
        "min_yuan": _yuan(terms.min_amount_fen),
    }
    return values | {name: fill_from(pack.phrases[phrase], values) for name, phrase in _chosen(terms).items()}


def share_words(
    pack: Pack, terms: Terms, framing: Framing, facts: Facts, *, edition: Edition, link: str = "", code: str = ""
) -> str:
    """The words an advocate passes on, at most 200 characters, the same for the same person and campaign.

    `friend` words carry the link and the code; `feed` words carry neither. Raises CopyError when even the shortest
    wording is too long for the link.
    """
    stock = offer_values(pack, terms, facts.company) | {"link": link, "code": code}
    variants = pack.words[framing][edition]
    turn = variant_for(facts.person, facts.campaign, len(variants) * 2)
    stock["opening"] = _opening(pack, facts, turn % 2)
    first = turn // 2
    for text in [*variants[first:], *variants[:first], *([pack.short] if edition == "friend" else [])]:
        words = fill_from(text, stock)
        if len(words) <= SHARE_LONGEST:
            return words
    raise CopyError([f"link: no wording stays within {SHARE_LONGEST} characters"])


def poster_words(pack: Pack, terms: Terms, framing: Framing, company: str, *, edition: Edition) -> PosterCopy:
    """Headline, body and note of a poster, filled."""
    copy = pack.posters[framing][edition]
    stock = offer_values(pack, terms, company)
    return PosterCopy(
        headline=fill_from(copy.headline, stock), body=fill_from(copy.body, stock), note=fill_from(copy.note, stock)
    )


def landing_words(pack: Pack, terms: Terms, *, company: str, nickname: str | None, code: str) -> LandingCopy:
    """The landing page's words, filled; `nickname` None means that the advocate shows no name."""
    stock = offer_values(pack, terms, company) | {"code": code} | ({"nickname": nickname} if nickname else {})
    copy = pack.landing
    return LandingCopy(
        headline=fill_from(copy.headline if nickname else copy.headline_unsigned, stock),
        headline_unsigned=fill_from(copy.headline_unsigned, stock),
        lines=tuple(fill_from(line, stock) for line in copy.lines),
        steps=tuple(fill_from(step, stock) for step in copy.steps),
        button=fill_from(copy.button, stock),
        note=fill_from(copy.note, stock),
    )


def rule_words(
    pack: Pack, terms: Terms, *, company: str, contact: str, begins: date, ends: date | None
) -> tuple[Section, ...]:
    """The published rules, filled; `ends` None means until the budget is used or the end is announced."""
    stock = offer_values(pack, terms, company) | {"contact": contact, "begins": _day(begins)}
    period = pack.phrases["period_closed" if ends else "period_open"]
    stock["period"] = fill_from(period, stock | {"ends": _day(ends) if ends else ""})
    return _filled(pack.rules, stock)


def privacy_words(pack: Pack, *, company: str, contact: str) -> tuple[Section, ...]:
    """The privacy page, filled."""
    return _filled(pack.privacy, {"company": company, "contact": contact})


def ad_label(pack: Pack, company: str) -> str:
    """The words that mark a piece as an advertisement of the company (Advertising Law 14)."""
    return fill_from(pack.ad_label, {"company": company})


def _folder() -> Traversable:
    return files("templates") / "offers"


def _opening(pack: Pack, facts: Facts, turn: int) -> str:
    tenure = tenure_words(facts.joined_on, facts.today)
    openings = pack.openings_since if tenure else pack.openings_plain
    return fill_from(openings[turn % len(openings)], {"company": facts.company, "tenure": tenure})


def _chosen(terms: Terms) -> dict[str, str]:
    shape = "equal" if terms.amount_advocate == terms.amount_friend else "differ"
    return {
        "both_peer": f"both_peer_{shape}",
        "both_friend": f"both_friend_{shape}",
        "both_advocate": f"both_advocate_{shape}",
        "attribution": f"attribution_{terms.attribution}",
        "new_customers": "new_only" if terms.new_customers_only else "new_any",
        "together": "together" if terms.both_or_neither else "separate",
        "min_amount": "min_amount" if terms.min_amount_fen > 1 else "min_any",
    }


def _filled(sections: tuple[Section, ...], stock: Mapping[str, object]) -> tuple[Section, ...]:
    return tuple(replace(section, text=fill_from(section.text, stock)) for section in sections)


def _yuan(fen: int) -> str:
    if fen and fen % 1_000_000 == 0:
        return f"{fen // 1_000_000}万"
    return str(fen // 100) if fen % 100 == 0 else f"{fen / 100:.2f}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _shape_problems(raw: Mapping[str, Any]) -> list[str]:
    problems = [f"{key}: missing" for key in sorted(_TOP - raw.keys())]
    problems += [f"{key}: unknown key" for key in sorted(raw.keys() - _TOP)]
    if problems:
        return problems
    texts = [
        f"{key}: not a text" for key in ("name", "title", "product", "ad_label", "thanks") if not _is_text(raw[key])
    ]
    tables = [f"{key}: not a table" for key in _TABLES if not isinstance(raw[key], dict)]
    return texts + tables or _table_problems(raw)


_TABLES = ("terms", "audience", "openings", "words", "posters", "landing", "phrases")


def _table_problems(raw: Mapping[str, Any]) -> list[str]:
    problems = _keys("audience", raw["audience"], {"min_tenure_days", "min_satisfaction"}, _is_number)
    problems += _keys("openings", raw["openings"], {"since", "plain"}, _is_texts)
    problems += _keys("phrases", raw["phrases"], _PHRASES, _is_text)
    problems += _keys("words", {k: v for k, v in raw["words"].items() if k not in set(Framing)}, {"short"}, _is_text)
    for framing in Framing:
        problems += _keys(f"words.{framing}", raw["words"].get(framing), set(EDITIONS), _is_variants)
        problems += _keys(f"posters.{framing}", raw["posters"].get(framing), set(EDITIONS), _is_poster)
    lists = {"lines", "steps"}
    page = {"headline", "headline_unsigned", "button", "note"}
    problems += _keys("landing", raw["landing"], page | lists, lambda value: _is_text(value) or _is_texts(value))
    problems += [f"landing.{k}: wrong shape" for k in page | lists if _is_text(raw["landing"].get(k)) != (k in page)]
    return (
        problems
        + _section_problems("rules", raw["rules"], RULE_FIELDS)
        + _section_problems("privacy", raw["privacy"], ())
    )


def _keys(place: str, table: object, names: set[str], good: Any) -> list[str]:
    if not isinstance(table, dict):
        return [f"{place}: missing"]
    problems = [f"{place}.{name}: missing" for name in sorted(names - table.keys())]
    problems += [f"{place}.{name}: unknown key" for name in sorted(table.keys() - names)]
    return problems + [f"{place}.{name}: wrong shape" for name in sorted(names & table.keys()) if not good(table[name])]


def _section_problems(place: str, raw: object, required: tuple[str, ...]) -> list[str]:
    if not isinstance(raw, list) or not all(_is_table_of_texts(part, {"field", "title", "text"}) for part in raw):
        return [f"{place}: each needs a field, a title and a text"]
    present = {part["field"] for part in raw}
    return [
        f"{place}: field {name!r} must be filled in before a campaign may start"
        for name in required
        if name not in present
    ]


def _word_problems(raw: Mapping[str, Any]) -> list[str]:
    worded = {key: value for key, value in raw.items() if key not in {"terms", "audience"}}
    return [f"{place}: {fault}" for place, text in _texts("", worded) for fault in text_faults(text)]


def _texts(place: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, str):
        return [(place, value)]
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [found for key, part in pairs for found in _texts(f"{place}.{key}".removeprefix("."), part)]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_text(part) for part in value)


def _is_variants(value: object) -> bool:
    return isinstance(value, list) and len(value) >= 2 and _is_texts(value)


def _is_poster(value: object) -> bool:
    return _is_table_of_texts(value, {"headline", "body", "note"})


def _is_table_of_texts(value: object, names: set[str]) -> bool:
    return isinstance(value, dict) and value.keys() == names and all(_is_text(part) for part in value.values())


def _pack(raw: Mapping[str, Any]) -> Pack:
    return Pack(
        name=raw["name"],
        title=raw["title"],
        product=raw["product"],
        ad_label=raw["ad_label"],
        thanks=raw["thanks"],
        terms=terms_from(raw["terms"]),
        audience=Audience(**raw["audience"]),
        openings_since=tuple(raw["openings"]["since"]),
        openings_plain=tuple(raw["openings"]["plain"]),
        words={
            framing: {edition: tuple(raw["words"][framing][edition]) for edition in EDITIONS} for framing in Framing
        },
        short=raw["words"]["short"],
        posters={framing: {e: PosterCopy(**raw["posters"][framing][e]) for e in EDITIONS} for framing in Framing},
        landing=_landing(raw["landing"]),
        rules=tuple(Section(**part) for part in raw["rules"]),
        privacy=tuple(Section(**part) for part in raw["privacy"]),
        phrases=dict(raw["phrases"]),
    )


def _landing(raw: Mapping[str, Any]) -> LandingCopy:
    return LandingCopy(
        headline=raw["headline"],
        headline_unsigned=raw["headline_unsigned"],
        lines=tuple(raw["lines"]),
        steps=tuple(raw["steps"]),
        button=raw["button"],
        note=raw["note"],
    )
