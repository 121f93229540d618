"""Packs read from templates/offers: one folder each, over what all of them share in `common`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from bot.copy import PLACEHOLDERS, CopyError
from bot.offers.lines import Path
from bot.offers.shape import COMMON, SHAPES, shape_faults, word_faults
from bot.offers.sheet import Fault, Sheet
from bot.offers.spoken import SPOKEN_LONGEST, spoken_words
from bot.offers.values import offer_values
from referral.framing import Framing
from referral.history import Past
from referral.offers import EDITIONS, RULE_FIELDS, Audience, LandingCopy, Pack, PosterCopy, Section
from referral.terms import BadTerms, Terms, terms_from

SHARED = "common"
_OFFER = "offer.toml"


def pack_names(folder: Traversable | None = None) -> list[str]:
    """The packs that are there, by name."""
    entries = (folder or _shipped()).iterdir()
    return sorted(entry.name for entry in entries if entry.is_dir() and (entry / _OFFER).is_file())


def load_pack(name: str, folder: Traversable | None = None) -> Pack:
    """Read a pack; raises CopyError with every problem at once, by file and line, or naming the packs there are."""
    house = folder or _shipped()
    names = pack_names(house)
    if name not in names:
        raise CopyError([f"{name}: no such pack; there are {', '.join(names) or 'none'}"])
    common = _read(house / SHARED, SHARED, COMMON)
    sheets = _read(house / name, name, SHAPES)
    problems = [problem for kind in sheets for problem in sheets[kind].told(word_faults(sheets[kind].table))]
    problems += [problem for kind in common for problem in common[kind].told(word_faults(common[kind].table))]
    terms, faults = _terms(sheets["offer"].table)
    rules = _merged(common["rules"].table["rules"], sheets["rules"].table["rules"])
    problems += sheets["offer"].told([*faults, *_named(sheets["offer"].table, name)])
    problems += sheets["rules"].told(_unpublished(rules))
    problems += sheets["poster"].told(_unframed(sheets["poster"].table, sheets["words"].table["words"]))
    if problems or terms is None:
        raise CopyError(problems)
    pack = _pack(sheets, common, terms, rules)
    if too_long := sheets["offer"].told(_too_long(pack)) + sheets["poster"].told(_too_long_aloud(pack)):
        raise CopyError(too_long)
    return pack


def _shipped() -> Traversable:
    return files("templates") / "offers"


def _read(folder: Traversable, name: str, shapes: Mapping[str, Mapping[str, Any]]) -> dict[str, Sheet]:
    """Every file of a folder, each of the right shape; raises CopyError with all that is wrong in any of them."""
    sheets: dict[str, Sheet] = {}
    problems: list[str] = []
    for kind, shape in shapes.items():
        try:
            sheet = sheets[kind] = Sheet.read(folder / f"{kind}.toml", f"{name}/{kind}.toml")
            problems += sheet.told(shape_faults(sheet.table, shape))
        except CopyError as error:
            problems += error.problems
    if problems:
        raise CopyError(problems)
    return sheets


def _terms(table: Mapping[str, Any]) -> tuple[Terms | None, list[Fault]]:
    try:
        return terms_from({**table["terms"], "thanks": table["thanks"]}), []
    except BadTerms as error:
        return None, [_located(problem) for problem in error.problems]


def _located(problem: str) -> Fault:
    """A problem of the terms at its place in the file: `thanks.0.side: …`, `hold_days: …`."""
    place, _, said = problem.partition(": ")
    path: Path = tuple(int(part) if part.isdigit() else part for part in place.split("."))
    return (path if path[0] == "thanks" else ("terms", *path)), said


def _named(table: Mapping[str, Any], name: str) -> list[Fault]:
    return [] if table["name"] == name else [(("name",), f"must be {name!r}, as the folder is called")]


def _merged(common: Sequence[Mapping[str, str]], own: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The common sections, a pack's own in place of those of the same field, and what only the pack has at the end."""
    mine = {section["field"]: section for section in own}
    shared = [section["field"] for section in common]
    return [mine.get(s["field"], s) for s in common] + [s for s in own if s["field"] not in shared]


def _unpublished(rules: Iterable[Mapping[str, str]]) -> list[Fault]:
    present = {section["field"] for section in rules}
    missing = [field for field in RULE_FIELDS if field not in present]
    return [(("rules",), f"field {name!r} must be filled in before a campaign may start") for name in missing]


def _unframed(posters: Mapping[str, Any], words: Mapping[str, Any]) -> list[Fault]:
    """A framing that only one of posters and words has."""
    odd = [framing for framing in Framing if (framing in posters) != (framing in words)]
    return [((framing.value,), "words.toml and poster.toml must have the same framings") for framing in odd]


def _too_long_aloud(pack: Pack) -> list[Fault]:
    """What could not be said in time, however long the company's name is."""
    name = "长" * PLACEHOLDERS["company"]
    spoken = {framing: spoken_words(pack, framing, name) for framing in pack.framings}
    return [
        ((framing.value, "spoken"), f"can reach {len(text)} characters, more than {SPOKEN_LONGEST}: 16 seconds aloud")
        for framing, text in spoken.items()
        if len(text) > SPOKEN_LONGEST
    ]


def _too_long(pack: Pack) -> list[Fault]:
    """A thanks or a phrase that would be cut when it is said."""
    values = offer_values(pack, pack.terms, "")
    return [
        (("thanks",), f"{{{name}}} is longer than {PLACEHOLDERS[name]} characters: {value}")
        for name, value in values.items()
        if len(str(value)) > PLACEHOLDERS[name]
    ]


def _pack(
    sheets: Mapping[str, Sheet], common: Mapping[str, Sheet], terms: Terms, rules: list[Mapping[str, str]]
) -> Pack:
    offer, words, poster = (sheets[kind].table for kind in ("offer", "words", "poster"))
    privacy = _merged(common["privacy"].table["privacy"], sheets["rules"].table.get("privacy", []))
    openings, framings = words["openings"], [framing for framing in Framing if framing in words["words"]]
    return Pack(
        name=offer["name"],
        title=offer["title"],
        product=offer["product"],
        ad_label=offer["ad_label"],
        industries=tuple(offer.get("industries", ())),
        early=offer.get("early", ""),
        terms=terms,
        audience=_audience(offer["audience"]),
        openings_since=tuple(openings["since"]),
        openings_plain=tuple(openings["plain"]),
        openings_past={past: tuple(openings[past]) for past in Past if past in openings},
        words={framing: {e: tuple(words["words"][framing][e]) for e in EDITIONS} for framing in framings},
        short=words["words"]["short"],
        template=poster["template"],
        posters={framing: {e: PosterCopy(**poster[framing][e]) for e in EDITIONS} for framing in framings},
        spoken={framing: poster[framing]["spoken"] for framing in framings},
        landing=_landing(words["landing"]),
        rules=tuple(Section(**section) for section in rules),
        privacy=tuple(Section(**section) for section in privacy),
        phrases=common["words"].table["phrases"] | words.get("phrases", {}),
    )


def _audience(raw: Mapping[str, Any]) -> Audience:
    return Audience(**{**raw, "tiers": tuple(raw.get("tiers", ()))})


def _landing(raw: Mapping[str, Any]) -> LandingCopy:
    return LandingCopy(**{**raw, "lines": tuple(raw["lines"]), "steps": tuple(raw["steps"])})
