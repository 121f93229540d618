"""What the plan would do, without doing it: for the short list, and for whoever asks why (design 5.1).

It goes the plan's own way, in the same order and slices, judging with the same rule and counting the same budget and
loads down, only that nothing is written: rows that a plan would make anew are looked through instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge, nlargest
from typing import TYPE_CHECKING

from referral.decisions import Customer, Day, Send, Verdict, judge, judge_in_turn, standing
from referral.due_rows import outlook
from referral.moments import Due, State
from referral.plan import situation
from referral.turns import Place, Turn, busy, ready, take, turns

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

_TOGETHER = 500  # customers looked through at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A plan as it would come out: who would be asked, by person, and the day as it would stand then."""

    asks: Mapping[str, Verdict]
    day: Day
    at: datetime

    def verdict(self, customer: Customer, due: Due | None) -> Verdict:
        """What the plan would decide about a customer with this due row."""
        ask = self.asks.get(customer.moment.person)
        return ask or standing(judge(customer, self.day, self.at), due, self.at)


def foresee(tx: Tx, facts: Facts, *, at: datetime, until: str = "") -> Foreseen:
    """The plan as it would be made at that time, or its beginning, up to the person `until`.

    Where no campaign is open everybody is judged as if there were one for them, and nobody would really be asked.
    """
    day, asks = _situation(tx, facts, at), dict[str, Verdict]()
    in_turn = _in_turn(tx, facts, at)
    while day.budget_left and until not in asks and (some := take(in_turn, busy(tx, day))):
        verdicts, day = judge_in_turn(tx.customers.load([each.place[1] for each in some], at), day, at)
        asks |= {each.customer.moment.person: each for each in verdicts if isinstance(each.decision, Send)}
    return Foreseen(asks=asks, day=day, at=at)


def shortlist(tx: Tx, facts: Facts, *, at: datetime, limit: int, everybody: bool = False) -> list[Verdict]:
    """The asks of the plan at that time, the best first, `limit` at most; with `everybody` all other verdicts too."""
    foreseen = foresee(tx, facts, at=at)
    found = _all_verdicts(tx, foreseen) if everybody else foreseen.asks.values()
    return nlargest(limit, found, key=lambda verdict: (verdict.score, verdict.customer.moment.person))


def verdict_on(tx: Tx, facts: Facts, person: str, *, at: datetime) -> Verdict | None:
    """What the plan at that time would decide about one person; None if nobody is known by that id."""
    customer = next(iter(tx.customers.load([person], at)), None)
    if customer is None:
        return None
    due = tx.moments.due_rows([person]).get(person)
    alone = Foreseen(asks={}, day=_situation(tx, facts, at), at=at).verdict(customer, due)
    if not isinstance(alone.decision, Send):  # with less left of the day it could not be an ask either
        return alone
    return foresee(tx, facts, at=at, until=person).verdict(customer, due)


def _situation(tx: Tx, facts: Facts, at: datetime) -> Day:
    day = situation(tx, facts, now=at)
    return day if day.campaigns else replace(day, campaigns=None)


def _all_verdicts(tx: Tx, foreseen: Foreseen) -> Iterator[Verdict]:
    last = ""
    while some := [moment.person for moment in tx.moments.after(last, _TOGETHER)]:
        rows, last = tx.moments.due_rows(some), some[-1]
        for customer in tx.customers.load(some, foreseen.at):
            yield foreseen.verdict(customer, rows.get(customer.moment.person))


def _in_turn(tx: Tx, facts: Facts, at: datetime) -> Iterator[Turn]:
    """Who would be ready, in the plan's order."""
    anew = sorted(_made_anew(tx, facts, at), reverse=True)
    return turns(tx, merge(anew, ready(tx, at), reverse=True), at)


def _made_anew(tx: Tx, facts: Facts, at: datetime) -> Iterator[Place]:
    """Those whose row is due by then, and who are ready once it is made anew."""
    weights, last = tx.models.current().weights, ""
    while some := tx.moments.due_after(last, at, _TOGETHER):
        last = some[-1].person
        for moment in some:
            due = outlook(moment, facts.policy, at, weights)
            if due.state is State.READY:
                yield due.score, moment.person
