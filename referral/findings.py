"""What strikes the eye in a company's history, in plain numbers: which customers brought more friends than others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt

from referral.lessons import SCALES, Profile, words
from referral.taught import Finding

_PARTS = 5
_FEWEST = 10  # customers that anything is said of
_STRIKING = 3.0  # standard errors of chance
_MOST = 5


def findings(taught: Sequence[Profile], counts: Sequence[float], dispersion: float) -> tuple[Finding, ...]:
    """What is most surely not chance, the surest first; `counts` are everybody's friends, capped."""
    found = [*_of_scales(taught, counts, dispersion), *_of_words(taught, counts, dispersion)]
    return tuple(finding for _, finding in sorted(found, key=lambda each: -each[0])[:_MOST])


def _of_scales(
    taught: Sequence[Profile], counts: Sequence[float], dispersion: float
) -> Iterator[tuple[float, Finding]]:
    """Of each number the fifth that brought most, if that is no chance."""
    for name in SCALES:
        known = [(value, place) for place, each in enumerate(taught) if (value := getattr(each, name)) is not None]
        if len(known) < _PARTS * _FEWEST:
            continue
        friends = _friends(taught, [place for _, place in known])
        found = [
            (_surely(counts, rows, [place for _, place in known], dispersion), rank, rows, bounds)
            for rank, rows, bounds in _fifths(known)
        ]
        if not found:
            continue
        surely, rank, rows, (above, below) = max(found, key=lambda each: each[0])
        if surely > _STRIKING:
            part, share = len(rows) / len(known), _friends(taught, rows) / friends
            yield surely, Finding(trait=name, part=part, share=share, above=above, below=below, rank=rank)


def _fifths(
    known: list[tuple[float, int]],
) -> Iterator[tuple[int, list[int], tuple[float | None, float | None]]]:
    """Fifths of customers by a number, from below; equals stay together, so that some may be larger, or none."""
    ranked = sorted(known)
    edges = sorted({ranked[len(ranked) * k // _PARTS][0] for k in range(1, _PARTS)} - {ranked[0][0]})
    bounds = [None, *edges, None]
    for rank, (above, below) in enumerate(pairwise(bounds), start=1):
        rows = [
            place for value, place in ranked if (above is None or value >= above) and (below is None or value < below)
        ]
        if len(rows) >= _FEWEST and len(rows) < len(known):
            yield rank if len(edges) == _PARTS - 1 else 0, rows, (above, below)


def _of_words(taught: Sequence[Profile], counts: Sequence[float], dispersion: float) -> Iterator[tuple[float, Finding]]:
    """Of each tier, tag and rep whose customers brought more, or fewer, than by chance."""
    everybody, friends = range(len(taught)), _friends(taught, range(len(taught)))
    for name in ("tier", "tag", "rep"):
        rows: dict[str, list[int]] = {}
        for place, each in enumerate(taught):
            for word in words(name, each):
                rows.setdefault(word, []).append(place)
        for word, members in rows.items():
            if not _FEWEST <= len(members) < len(taught):
                continue
            surely = abs(_surely(counts, members, everybody, dispersion))
            if surely > _STRIKING:
                part, share = len(members) / len(taught), _friends(taught, members) / friends
                yield surely, Finding(trait=name, word=word, part=part, share=share)


def _friends(taught: Sequence[Profile], rows: Sequence[int]) -> int:
    return sum(taught[place].referred or 0 for place in rows)


def _surely(counts: Sequence[float], rows: Sequence[int], among: Sequence[int], dispersion: float) -> float:
    """By how many standard errors these brought more friends than as many others."""
    told, total = sum(counts[place] for place in rows), sum(counts[place] for place in among)
    part = len(rows) / len(among)
    chance = total * part * (1 - part) * dispersion
    return (told - total * part) / sqrt(chance) if chance > 0 else 0.0
