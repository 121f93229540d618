"""Experiments: what is compared on whom, by lot; and what came of it, counted as it happens.

A person's arm follows from a hash of the experiment's id and theirs, so it is the same for the experiment's whole life
and independent of every other experiment. Who is held out of all asking is in none. Somebody is in an experiment from
the moment their arm has made a difference (an ask was said, a poster was handed over), and stays there whatever
happens (intention to treat). Copy and poster vary within a campaign; offers and reward sizes are two campaigns or more
among whose common audience the lot decides, so that the terms that somebody met are always those of one campaign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from referral.intervals import Sums

if TYPE_CHECKING:
    from referral.people import Person
    from referral.tx import Tx

CREDIT_WITHIN = timedelta(days=30)
"""A friend who comes so soon after their advocate entered an experiment is an outcome of it (science §3)."""

_DRAWS = 1 << 64


class Kind(StrEnum):
    """What is varied."""

    COPY = "copy"
    POSTER = "poster"
    OFFER = "offer"
    REWARD = "reward"


BETWEEN_CAMPAIGNS = frozenset({Kind.OFFER, Kind.REWARD})
"""Kinds whose arms are campaigns."""


class Metric(StrEnum):
    """What decides: whether somebody took a poster after an ask, or how many friends of theirs were credited."""

    TOOK = "took"
    CREDITED = "credited"


METRICS: Mapping[Kind, tuple[Metric, ...]] = {
    Kind.COPY: (Metric.TOOK, Metric.CREDITED),
    Kind.POSTER: (Metric.CREDITED,),
    Kind.OFFER: (Metric.CREDITED, Metric.TOOK),
    Kind.REWARD: (Metric.CREDITED, Metric.TOOK),
}
"""What each kind can be decided by, the usual one first: a poster is taken before anybody sees how it looks."""


class State(StrEnum):
    """Under way, ended by its own stopping rule, or by a person or the end of a campaign."""

    RUNNING = "running"
    DECIDED = "decided"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm: a framing, a template or a campaign's id, the share of people it gets, and its sums over its `n` people.

    `credited_squares` is the sum over people of the square of their credited friends.
    """

    name: str
    share: float
    n: int = 0
    took: int = 0
    credited: int = 0
    credited_squares: int = 0
    optouts: int = 0

    def sums(self, metric: Metric) -> Sums:
        """What an interval is made of."""
        if metric is Metric.TOOK:
            return Sums.counted(self.took, self.n)
        return Sums(n=self.n, total=float(self.credited), squares=float(self.credited_squares))

    @property
    def upset(self) -> Sums:
        """Who opted out after being asked."""
        return Sums.counted(self.optouts, self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One experiment. `campaign` is where it takes place: the first arm's where the arms are campaigns.

    `ended_with` is the campaign whose end was its end, None where it was not.
    """

    id: str
    kind: Kind
    campaign: str
    name: str
    metric: Metric
    arms: tuple[Arm, ...]
    state: State
    started_at: datetime
    ended_at: datetime | None = None
    winner: str | None = None
    ended_with: str | None = None

    @property
    def campaigns(self) -> tuple[str, ...]:
        """Every campaign that it concerns."""
        return tuple(arm.name for arm in self.arms) if self.kind in BETWEEN_CAMPAIGNS else (self.campaign,)


class Experiments(Protocol):
    """Where experiments are kept, and who is in them. `enter` is False for somebody who is in already."""

    def add(self, experiment: Experiment) -> None: ...
    def get(self, experiment: str) -> Experiment | None: ...
    def all(self) -> list[Experiment]: ...
    def running(self) -> list[Experiment]: ...
    def latest(self, campaign: str, kind: Kind) -> Experiment | None: ...
    def end(
        self, experiment: str, state: State, winner: str | None, now: datetime, *, ended_with: str | None = None
    ) -> bool: ...
    def arm(self, experiment: str, person: str) -> str | None: ...
    def enter(self, experiment: str, person: str, arm: str, now: datetime) -> bool: ...
    def took(self, experiment: str, person: str) -> None: ...
    def opted_out(self, experiment: str, person: str) -> None: ...
    def credit(self, experiment: str, person: str, came_at: datetime, step: int) -> None: ...


def arm_of(experiment: Experiment, person: str) -> str | None:
    """A person's arm, None once the experiment is over. Pure; the holdout is the caller's to leave out."""
    if experiment.state is not State.RUNNING:
        return None
    digest = sha256(f"experiment\0{experiment.id}\0{person}".encode()).digest()
    place = int.from_bytes(digest[:8]) / _DRAWS
    edges = accumulate(arm.share for arm in experiment.arms)
    inside = (arm.name for arm, edge in zip(experiment.arms, edges, strict=True) if place < edge)
    return next(inside, experiment.arms[-1].name)


def drawn(tx: Tx, experiment: Experiment, person: str) -> str | None:
    """A person's arm as it stands on record, since two who were merged keep one of theirs; else as the lot says."""
    return tx.experiments.arm(experiment.id, person) or arm_of(experiment, person)


def framing_for(tx: Tx, campaign: str, person: str) -> str | None:
    """The framing in which a running experiment has this person asked in a campaign, None where there is none."""
    found = next((each for each in tx.experiments.running() if _varies(each, Kind.COPY, campaign)), None)
    return drawn(tx, found, person) if found else None


def template_for(tx: Tx, campaign: str, advocate: Person) -> str | None:
    """The template that an experiment gives an advocate's posters, None where none does.

    Once it is decided everybody has the winner's, until it is stopped or another one begins.
    """
    found = None if advocate.holdout else tx.experiments.latest(campaign, Kind.POSTER)
    if found is None:
        return None
    return found.winner if found.state is State.DECIDED else drawn(tx, found, advocate.id)


def lots(tx: Tx) -> list[Experiment]:
    """The running experiments whose arms are campaigns."""
    return [each for each in tx.experiments.running() if each.kind in BETWEEN_CAMPAIGNS]


def after_lots(running: Sequence[Experiment], person: str, fitting: Sequence[str]) -> list[str]:
    """The campaigns that are left of those that fit a person once each lot between them has been drawn. Pure.

    A lot is drawn only among those who might have any of its arms; whoever fits some of them alone gets those.
    """
    left = list(fitting)
    for experiment in running:
        arm = arm_of(experiment, person)
        if arm and set(experiment.campaigns) <= set(left):
            left = [each for each in left if each == arm or each not in experiment.campaigns]
    return left


def poster_experiment(tx: Tx, campaign: str) -> Experiment | None:
    """The running experiment on the template of a campaign's posters."""
    return next((each for each in tx.experiments.running() if _varies(each, Kind.POSTER, campaign)), None)


def _varies(experiment: Experiment, kind: Kind, campaign: str) -> bool:
    return experiment.kind is kind and experiment.campaign == campaign
