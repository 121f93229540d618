"""Lift: what asking has brought that would not have come by itself, told by the people whom nobody asks.

The unit is the customer, and the lot decides where each belongs, whatever happened afterwards (intention to treat):
who was held out but asked by a rep on her own still counts as held out, and is shown as contamination; who was never
reached still counts as to be asked. Counted is every friend who became a credited customer through the advocate since
the first plan, and was not reversed. What followed an ask is told beside it as `attributed`: some of that would have
come anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from referral.intervals import (
    Adjusted,
    Clustered,
    Crossed,
    Interval,
    Ratio,
    Sums,
    adjusted,
    clustered,
    difference,
    sample_ratio,
)
from referral.times import days

FOLLOWS = days(30)
"""A touch so long after an ask is taken for its fruit (science §3: conversion 30 days after the share)."""

RIPE = days(37)
"""When all that an ask may bring has had its time: a week to share and the thirty days."""

SETTLED = days(180)
"""Who has been a customer so long, and bought nothing in such a time, has gone."""

FEW_CLUSTERS = 20
"""Below so many reps the design effect is a guess."""

_MOST_BEFORE = 5  # friends brought before Taoli that count towards what was to be expected: a few brought very many


def incremental(treated: Sums, held: Sums, *, scale: float = 1.0, alpha: float = 0.05) -> Interval:
    """How many more came from all of `treated` because they could be asked: (mean - mean of `held`) n `scale`.

    Both are sums over customers of what each has brought in all so far, not over customers and days: who brings
    friends keeps bringing them, so that the days of one customer are not independent, and only the variance between
    customers is the right one. `scale` lifts what was seen to what there was, where traces are lost alike in both.

    May be looked at every day, though the customers stay the same and only what they brought grows. For a fixed lot,
    the difference of totals on day s and on day t > s has a covariance of at least its variance on day s, as long as
    who has brought is no less likely to bring again. So its standardised path varies less than the random walk of the
    same variance that `difference` is made for, and crosses the same bounds no more often (Slepian 1962).
    `tests/proofs/intervals.py` counts it, also where friends run out.
    """
    return difference(treated, held, alpha=alpha).times(treated.n * scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One ask that was said to a customer; `own` by a rep who was not told to."""

    at: datetime
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One customer: the lot, what they have brought since the first plan, and what was said to them.

    `friends` are the times of the touches of those friends who became customers; `past` counts those before Taoli.
    `opted_out` and `left` say that they did since the first plan, `bought_at` is the latest order that is known of.
    """

    held: bool
    rep: str = ""
    customer_since: datetime
    friends: Sequence[datetime] = ()
    asks: Sequence[Ask] = ()
    past: int = 0
    came_by: bool = False
    opted_out: bool = False
    left: bool = False
    bought_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Arm:
    """One side of the lot, summed up; two slices of customers add up.

    `asked` counts customers who were asked at all, `own` those whom a rep asked without being told to; of `ripe` ones,
    asked `RIPE` ago or longer, `fruitful` brought somebody within `FOLLOWS`. `attributed` counts friends who came after
    an ask. Of `settled` customers, so many are `gone`.
    """

    brought: Crossed = field(default_factory=Crossed)
    asked: int = 0
    own: int = 0
    opted_out: int = 0
    attributed: int = 0
    ripe: int = 0
    fruitful: int = 0
    settled: int = 0
    gone: int = 0

    @property
    def customers(self) -> int:
        """How many."""
        return self.brought.outcome.n

    def add(self, some: Sequence[Observed], now: datetime) -> None:
        """Count these too."""
        self.brought += Crossed.of([float(len(one.friends)) for one in some], [before(one) for one in some])
        for one in some:
            self.asked += bool(one.asks)
            self.own += any(ask.own for ask in one.asks)
            self.opted_out += one.opted_out
            self.attributed += sum(_follows(friend, one.asks) for friend in one.friends)
            ripe = [ask for ask in one.asks if now - ask.at >= RIPE]
            self.ripe += bool(ripe)
            self.fruitful += any(_follows(friend, ripe) for friend in one.friends)
            if now - one.customer_since >= SETTLED:
                self.settled += 1
                self.gone += _has_gone(one, now)


@dataclass(slots=True, kw_only=True)
class Measured:
    """What is known at a time; `since` is the first plan if there was one, `reps` the two sides of each rep's own."""

    at: datetime
    since: datetime | None
    treated: Arm = field(default_factory=Arm)
    held: Arm = field(default_factory=Arm)
    reps: dict[str, tuple[Sums, Sums]] = field(default_factory=dict)

    def add(self, some: Sequence[Observed]) -> None:
        """Count these customers too."""
        self.treated.add([one for one in some if not one.held], self.at)
        self.held.add([one for one in some if one.held], self.at)
        for one in some:
            if one.rep:
                treated, held = self.reps.get(one.rep, (Sums(), Sums()))
                brought = Sums.of([float(len(one.friends))])
                self.reps[one.rep] = (treated, held + brought) if one.held else (treated + brought, held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """The report. Intervals are always-valid; friends are customers whom a customer brought.

    `incremental` is the headline; `adjusted` and `clustered` tell the same in two other ways. `attributed` is what
    followed an ask, `brought` all that came from those who could be asked. `opt_outs` and `churn` are differences of
    shares, asked less held out. `ratio` is None where nobody is held out.
    """

    at: datetime
    since: datetime | None
    treated: Arm
    held: Arm
    incremental: Interval
    adjusted: Adjusted
    clustered: Clustered
    ratio: Ratio | None
    opt_outs: Interval
    churn: Interval

    @property
    def brought(self) -> int:
        """By those who could be asked."""
        return round(self.treated.brought.outcome.total)

    @property
    def attributed(self) -> int:
        """Of these, after an ask."""
        return self.treated.attributed

    @property
    def contaminated(self) -> int:
        """How many of the holdout were asked after all."""
        return self.held.asked

    @property
    def sound(self) -> bool:
        """Whether the two sides are what the lot made them, so that the rest may be believed."""
        return self.ratio is not None and not self.ratio.alarm


def report(measured: Measured, *, holdout: float, alpha: float = 0.05) -> Lift:
    """What the sums say; `holdout` is the share that the lot should have held out."""
    treated, held = measured.treated, measured.held
    n = treated.customers
    freed = adjusted(treated.brought, held.brought, alpha=alpha)
    by_rep = clustered(measured.reps.values(), alpha=alpha)
    with_rep = sum(a.n for a, _ in measured.reps.values())
    return Lift(
        at=measured.at,
        since=measured.since,
        treated=treated,
        held=held,
        incremental=incremental(treated.brought.outcome, held.brought.outcome, alpha=alpha),
        adjusted=Adjusted(interval=freed.interval.times(n), theta=freed.theta, reduction=freed.reduction),
        clustered=Clustered(interval=by_rep.interval.times(with_rep), clusters=by_rep.clusters, effect=by_rep.effect),
        ratio=sample_ratio(held.customers, n, expected=holdout) if holdout else None,
        opt_outs=_shares(treated.opted_out, n, held.opted_out, held.customers, alpha),
        churn=_shares(treated.gone, treated.settled, held.gone, held.settled, alpha),
    )


def before(one: Observed) -> float:
    """What was known of a customer before the lot could have changed anything: friends brought, and being brought.

    Activity is left out although it tells much: to be asked makes people write, and what the lot has moved must not be
    adjusted for.
    """
    return min(one.past, _MOST_BEFORE) + (0.5 if one.came_by else 0.0)


def _shares(a: int, of_a: int, b: int, of_b: int, alpha: float) -> Interval:
    return difference(Sums.counted(a, of_a), Sums.counted(b, of_b), alpha=alpha)


def _follows(friend: datetime, asks: Sequence[Ask]) -> bool:
    return any(timedelta() <= friend - ask.at <= FOLLOWS for ask in asks)


def _has_gone(one: Observed, now: datetime) -> bool:
    return one.left or (one.bought_at is not None and now - one.bought_at >= SETTLED)
