"""Several thanks told of at once, as words: each form with its sum, as many in a sentence as it has room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from referral.terms import Choice

ROOM = 36
"""As many characters as the words of several thanks may take in one sentence."""

Says = Callable[[Choice], str]
"""One form of a thanks, in words."""


def sentences(forms: Sequence[Choice], says: Says) -> list[str]:
    """What all of them come to, cut into sentences: three times 500积分 is 1500积分."""
    alike: dict[Choice, list[Choice]] = {}
    for form in forms:
        alike.setdefault(replace(form, amount=1, cost_fen=0), []).append(form)
    return _fitting([_sum(each, says) for each in alike.values()])


def _sum(alike: Sequence[Choice], says: Says) -> str:
    """Words that hold no number, 一盒龙井, say how many there are of it."""
    one, total = says(alike[0]), sum(form.amount for form in alike)
    said = says(replace(alike[0], amount=total))
    return said if len(alike) == 1 or said != one else f"{said}（{len(alike)}份）"


def _fitting(names: Sequence[str]) -> list[str]:
    joined: list[list[str]] = []
    for name in names:
        if joined and len(_listed([*joined[-1], name])) <= ROOM:
            joined[-1].append(name)
        else:
            joined.append([name])
    return [_listed(each) for each in joined]


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{'、'.join(first)}和{last}" if first else last
