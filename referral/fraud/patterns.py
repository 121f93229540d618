"""Patterns that only show among many conversions: bursts against the shop's own pace, and rings of advocates."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

_DAY = 24.0  # hours
_LEAST = 2  # on one day surprise nobody
_ORDINARY = 0.9  # of advocates never have a busier day
_LONGEST = 4  # advocates in a ring


def pace(times: Mapping[str, Sequence[float]]) -> int:
    """How many conversions an ordinary advocate has on their best day. `times` are hours, by advocate, in any order."""
    busiest = sorted(max(_beside(sorted(own))) for own in times.values() if own)
    return max(_LEAST, busiest[int(_ORDINARY * (len(busiest) - 1))]) if busiest else _LEAST


def in_bursts(times: Sequence[float], busiest: int) -> list[bool]:
    """Of one advocate's conversions, at these hours: which fell on a day busier than that, in the order given."""
    ordered = sorted(times)
    count = dict(zip(ordered, _beside(ordered), strict=True))
    return [count[at] > busiest for at in times]


def in_rings(brought: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of pairs of an advocate and a friend those that close a ring: A brought B, and B, or whom B brought, brought A.

    Only rings of up to four people are looked for.
    """
    friends: dict[str, set[str]] = {}
    for advocate, friend in brought:
        friends.setdefault(advocate, set()).add(friend)
    return {
        (advocate, friend)
        for advocate, theirs in friends.items()
        for friend in theirs
        if friend in friends and _leads_back(friends, friend, advocate)
    }


def _leads_back(friends: Mapping[str, set[str]], start: str, goal: str) -> bool:
    reached, edge = {start}, {start}
    for _ in range(_LONGEST - 1):
        edge = {friend for each in edge for friend in friends.get(each, ())} - reached
        if goal in edge:
            return True
        reached |= edge
    return False


def _beside(ordered: Sequence[float]) -> list[int]:
    """How many of these times, in order, lie within a day that holds each, at most."""
    starts = [bisect_right(ordered, at + _DAY) - place for place, at in enumerate(ordered)]
    return [max(starts[bisect_left(ordered, at - _DAY) : place + 1]) for place, at in enumerate(ordered)]
