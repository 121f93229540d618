"""Whose turn it is to be judged: those who are ready, the best first, a few at a time.

Whom nothing can come of today is passed over unread: a customer whose rep can take nobody more, and whom no desk can
reach. So a plan that is out of reps costs a walk along an index and not a judgement of everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from referral.decisions import Day
from referral.notices import OPEN_FOR
from referral.plan import SLICE, situation

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

_PAGE = 800  # places read at once, at most

Place = tuple[float, str]
"""Where somebody stands in the plan's order: score in log-odds, then person; the highest comes first."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A place, the rep by id or name as the customer's own record has it, and whether they wrote to a desk lately."""

    place: Place
    rep: str
    wrote: bool


def next_few(tx: Tx, facts: Facts, *, now: datetime, below: Place | None) -> tuple[list[str], Place | None]:
    """Who comes next below a place, and the place to go on from, None once nobody is left or may be asked."""
    day = situation(tx, facts, now=now)
    if not day.budget_left or not day.campaigns:
        return [], None
    some = take(turns(tx, ready(tx, now, below), now), busy(tx, day))
    return [each.place[1] for each in some], some[-1].place if len(some) == SLICE else None


def ready(tx: Tx, at: datetime, below: Place | None = None) -> Iterator[Place]:
    """Those whose row is ready and not due, in the plan's order."""
    size = SLICE
    while some := tx.moments.ready_below(below, at, size):
        yield from some
        below, size = some[-1], min(2 * size, _PAGE)


def turns(tx: Tx, places: Iterator[Place], at: datetime) -> Iterator[Turn]:
    """These places, with what tells whether anything can come of them."""
    size = SLICE
    while some := list(islice(places, size)):
        reach = tx.customers.reach([person for _, person in some], at - OPEN_FOR)
        for place in some:
            rep, wrote = reach.get(place[1], ("", False))
            yield Turn(place, rep, wrote)
        size = min(2 * size, _PAGE)


def take(some: Iterator[Turn], busy: frozenset[str]) -> list[Turn]:
    """The next few turns, without those of `busy` reps' customers whom no desk can reach."""
    return list(islice((turn for turn in some if turn.wrote or turn.rep not in busy), SLICE))


def busy(tx: Tx, day: Day) -> frozenset[str]:
    """The reps who can take nobody more, by id, and by name where only one has it."""
    reps, left = tx.reps.active(), day.rep_left or {}
    ids, names = {rep.id for rep in reps}, [rep.name for rep in reps]
    full = [rep for rep in reps if left.get(rep.id, 0) <= 0]
    named = {rep.name for rep in full if rep.name and names.count(rep.name) == 1 and rep.name not in ids}
    return frozenset({rep.id for rep in full} | named)
