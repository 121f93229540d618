"""Moments: what bears on the right moment to ask a customer, how much it weighs, and when to look again.

The score is the small explainable default of the science reference (§2): a prior from the brief's own profile, centred
so that what is unknown adds nothing, fresh good moments and fatigue that fade, one weight per feature. Learning moves
the weights; `floor` stands above whatever is learned.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import exp, log1p
from operator import mul
from typing import Any, Protocol, Self

from msgspec import Struct, structs

from referral.signals import Signal, SignalKind

DAY = timedelta(days=1)
SETTLED = timedelta(days=180)
"""The brief's profile: a customer of more than six months (Van den Bulte et al. 2018, science §1)."""

GOOD_HALF, COMPLAINT_HALF, FATIGUE_HALF = 5.0, 14.0, 21.0  # days until half of it has faded
_FADED = 0.05  # log-odds; below this a fading feature no longer moves the order
_DELIGHTED = 9  # a survey answer from here on is a good moment of its own (the promoters of NPS)

WORTH: Mapping[SignalKind, float] = {
    SignalKind.PRAISE: 1.0,
    SignalKind.SURVEY: 1.0,
    SignalKind.RENEWAL: 0.8,
    SignalKind.MILESTONE: 0.7,
    SignalKind.DELIVERY: 0.6,
    SignalKind.PURCHASE: 0.5,
    SignalKind.RESOLVED: 0.4,
}
"""How good each kind of moment is on the day it happens, 0-1. A survey counts from 9 on."""

FEATURES = ("tenure", "satisfaction", "active", "top", "referred", "good", "complaint", "fatigue")
"""What the score sums over; the order of `Weights` and of `features`."""

_FADING = tuple(FEATURES.index(name) for name in ("good", "complaint", "fatigue"))


class Permission(StrEnum):
    """What a customer has said to being written to unasked, as it stands."""

    UNKNOWN = "unknown"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class State(StrEnum):
    """Where a due row stands: to be asked as soon as its turn comes, to be looked at again later, or only on news."""

    READY = "ready"
    WAITING = "waiting"
    IDLE = "idle"


class Moment(Struct, frozen=True, kw_only=True):
    """One customer as far as the right moment goes.

    `satisfaction` is 0-10, the latest answer, with `surveyed_at` only if it was answered to us; `activity` is any
    number, of which only the `rank` among all customers counts, 0-1; `good` is the good moment that is worth most now;
    `complaints` counts open ones; `fatigue` is as of `nudged_at`; until `rest_until` the customer is left in peace
    because of `rest_why`. A `Struct`, which is made in a fifth of a dataclass's time: every event makes two.
    """

    person: str
    holdout: bool = False
    consent: Permission = Permission.UNKNOWN
    consent_at: datetime | None = None
    consent_asked_at: datetime | None = None
    customer_since: datetime | None = None
    satisfaction: float | None = None
    surveyed_at: datetime | None = None
    activity: float | None = None
    rank: float | None = None
    last_order_at: datetime | None = None
    orders: int | None = None
    past_referrals: int | None = None
    good: SignalKind | None = None
    good_at: datetime | None = None
    complaints: int = 0
    complaint_at: datetime | None = None
    seen_at: datetime | None = None
    nudged_at: datetime | None = None
    fatigue: float = 0.0
    rest_until: datetime | None = None
    rest_why: str | None = None

    def but(self, **news: Any) -> Self:
        """The same customer but for this."""
        return structs.replace(self, **news)


class Due(Struct, frozen=True, kw_only=True):
    """The due row that follows from a moment: `score` in log-odds, `due_at` None when only news can change it."""

    state: State
    reason: str
    score: float
    due_at: datetime | None


class Moments(Protocol):
    """Where moments and their due rows are kept."""

    def get(self, person: str) -> Moment: ...
    def save(self, moment: Moment, due: Due) -> None: ...
    def thresholds(self) -> Thresholds: ...
    def set_thresholds(self, thresholds: Thresholds) -> None: ...
    def hurry(self, reason: str) -> None: ...
    def all_activity(self) -> list[float]: ...
    def due(self, now: datetime, limit: int) -> list[Moment]: ...
    def due_after(self, person: str, now: datetime, limit: int) -> list[Moment]: ...
    def due_rows(self, people: Sequence[str]) -> Mapping[str, Due]: ...
    def best(self, limit: int) -> list[str]: ...
    def after(self, person: str, limit: int) -> list[Moment]: ...
    def ready_below(self, place: tuple[float, str] | None, now: datetime, limit: int) -> list[tuple[float, str]]: ...
    def by_reason(self) -> Mapping[tuple[str, str], int]: ...
    def unasked_below(self, place: tuple[float, str] | None, limit: int) -> list[tuple[float, str]]: ...


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The company's own scale of activity: values at equal steps of rank, ascending. Empty while nothing is known."""

    steps: tuple[float, ...] = ()

    @classmethod
    def of(cls, values: Iterable[float], count: int = 200) -> Thresholds:
        """The scale of these values in at most `count` steps."""
        ranked = sorted(values)
        if len(ranked) <= count:
            return cls(tuple(ranked))
        return cls(tuple(ranked[i * (len(ranked) - 1) // (count - 1)] for i in range(count)))

    def rank(self, value: float) -> float:
        """The share of customers who are less active, 0-1; equals count half."""
        if not self.steps:
            return 0.5
        return (bisect_left(self.steps, value) + bisect_right(self.steps, value)) / (2 * len(self.steps))

    def distance(self, other: Thresholds) -> float:
        """How far a rank may differ between two scales, at most, 0-1."""
        return max((abs(self.rank(value) - other.rank(value)) for value in self.steps), default=0.0)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature adds to the log-odds of taking a poster when asked, in the order of `FEATURES`."""

    intercept: float
    each: tuple[float, ...]

    def total(self, features: tuple[float, ...]) -> float:
        """The log-odds that these features add up to."""
        total: float = self.intercept + sum(map(mul, self.each, features))
        return total


PRIOR = Weights(-3.0, (0.5, 0.4, 1.0, 0.5, 0.6, 1.3, -1.2, -0.6))
"""The brief's profile as a cold start (science §2): 20 % of customers giving 65 % is a rate ratio of 7.4, log 2.0,
halved for correlated evidence and split between the rank of activity and a top-20 flag; tenure and satisfaction above
7.5 add to it; a fresh good moment adds most. The intercept is near the median referral rate of programmes, 3-5 %."""


def features(moment: Moment, now: datetime) -> tuple[float, ...]:
    """What is known now, each centred so that the average customer, or an unknown value, is 0."""
    tenure = satisfaction = active = top = referred = good = complaint = 0.0
    if moment.customer_since is not None:
        tenure = 0.5 if now - moment.customer_since >= SETTLED else -0.5
    if moment.satisfaction is not None:
        satisfaction = (moment.satisfaction - 7.5) / 2.5
    if moment.rank is not None:
        active, top = moment.rank - 0.5, 0.8 if moment.rank >= 0.8 else -0.2
    if moment.past_referrals:
        referred = log1p(moment.past_referrals)
    if moment.good is not None and moment.good_at is not None:
        good = WORTH[moment.good] * _left(now - moment.good_at, GOOD_HALF)
    if moment.complaint_at is not None:
        complaint = _left(now - moment.complaint_at, COMPLAINT_HALF)
    return tenure, satisfaction, active, top, referred, good, complaint, fatigue(moment, now)


def score(moment: Moment, now: datetime, weights: Weights = PRIOR) -> float:
    """The log-odds that this customer takes a poster when asked now."""
    return weights.total(features(moment, now))


def probability(score: float) -> float:
    """Log-odds as a share, 0-1."""
    return 1 / (1 + exp(-score))


def fatigue(moment: Moment, now: datetime) -> float:
    """How tired of being asked: one for each nudge, half gone in three weeks."""
    return moment.fatigue * _left(now - moment.nudged_at, FATIGUE_HALF) if moment.nudged_at else 0.0


def nudged(moment: Moment, now: datetime) -> Moment:
    """The same customer after a nudge."""
    return moment.but(fatigue=fatigue(moment, now) + 1, nudged_at=now)


def activity_after(moment: Moment, signal: Signal) -> float:
    """A customer's activity with what was seen of it now."""
    return (moment.activity or 0.0) + (signal.count or 0.0)


def has_something_to_rate(moment: Moment, now: datetime) -> bool:
    """Whether the customer got something in the last 60 days and was not surveyed in the last 90."""
    got = max((at for at in (moment.last_order_at, moment.good_at) if at), default=None)
    surveyed = moment.surveyed_at is not None and now - moment.surveyed_at < 90 * DAY
    return moment.customer_since is not None and got is not None and now - got < 60 * DAY and not surveyed


def stale_at(
    moment: Moment, now: datetime, weights: Weights = PRIOR, known: tuple[float, ...] | None = None
) -> datetime | None:
    """When the score should be made anew without any news: tomorrow while something fades, at half a year, or never.

    `known` are the features as of now, for who has them already.
    """
    each = known or features(moment, now)
    for i in _FADING:
        if abs(each[i] * weights.each[i]) > _FADED:
            return now + DAY
    since = moment.customer_since
    return since + SETTLED if since is not None and now - since < SETTLED else None


def heard(moment: Moment, signal: Signal, *, open_complaints: int = 0, rank: float | None = None) -> Moment:
    """The moment after a signal; news that is older than what is known changes nothing but the better of two moments.

    `open_complaints` is how many are open, counted over the whole history, for the two kinds that concern them; `rank`
    is where the customer's activity stands among all with it. Activity adds up, so that being seen never lowers it.
    """
    at = signal.at
    news: dict[str, Any] = {"seen_at": _later(moment.seen_at, at)}
    match signal.kind:
        case SignalKind.SURVEY if signal.score is not None and _later(moment.surveyed_at, at) == at:
            news |= {"satisfaction": signal.score, "surveyed_at": at}
        case SignalKind.COMPLAINT | SignalKind.RESOLVED:
            news |= {"complaints": open_complaints, "complaint_at": _later(moment.complaint_at, at)}
        case SignalKind.ACTIVITY:
            news |= {"activity": activity_after(moment, signal), "rank": rank}
        case SignalKind.PURCHASE:
            news["last_order_at"] = _later(moment.last_order_at, at)
        case _:
            pass
    if is_good(signal) and not _has_better(moment, signal):
        news |= {"good": signal.kind, "good_at": at}
    return moment.but(**news)


def reasons(moment: Moment, now: datetime, weights: Weights = PRIOR) -> tuple[list[Reason], list[Reason]]:
    """What speaks for asking and what against, strongest first: exact, because the score is a sum."""
    each = features(moment, now)
    added = [(w * x, name) for w, x, name in zip(weights.each, each, FEATURES, strict=True)]
    told = [(value, _told(name, value > 0, moment, now)) for value, name in added if abs(value) > _FADED]
    for_ = [reason for value, reason in sorted(told, key=lambda t: -t[0]) if value > 0]
    against = [reason for value, reason in sorted(told, key=lambda t: t[0]) if value < 0]
    return list(dict.fromkeys(for_)), list(dict.fromkeys(against))


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason by its code, with the value that its sentence names, if it names one."""

    code: str
    value: str = ""


def _told(name: str, speaks_for: bool, moment: Moment, now: datetime) -> Reason:
    match name:
        case "tenure":
            assert moment.customer_since
            return Reason("tenure" if speaks_for else "tenure.young", span_words(now - moment.customer_since))
        case "satisfaction":
            return Reason("satisfaction" if speaks_for else "satisfaction.plain", f"{moment.satisfaction:g}")
        case "active" | "top":
            assert moment.rank is not None
            busiest = f"{max(1, round(100 * (1 - moment.rank)))} %"
            return Reason("active", busiest) if moment.rank >= 0.5 else Reason("quiet")
        case "referred":
            return Reason("referred", str(moment.past_referrals))
        case "good":
            assert moment.good and moment.good_at
            return Reason(f"good.{moment.good.value}", ago_words(now - moment.good_at))
        case "complaint":
            return Reason("complaint.recent")
        case _:
            return Reason("tired")


def span_words(span: timedelta) -> str:
    """A span as people say it: `14 个月`, `20 天`."""
    days = max(0, span // DAY)
    if days >= 730:
        return f"{days // 365} 年"
    return f"{days // 30} 个月" if days >= 60 else f"{days} 天"


def ago_words(span: timedelta) -> str:
    """How long ago as people say it: `今天`, `昨天`, `5 天前`."""
    days = max(0, span // DAY)
    return ("今天", "昨天")[days] if days < 2 else f"{days} 天前"


def _left(age: timedelta, half: float) -> float:
    days = age.total_seconds() / 86_400
    return 0.5 ** (days / half) if days > 0 else 1.0


def is_good(signal: Signal) -> bool:
    """Whether a signal is a good moment."""
    if signal.kind is SignalKind.SURVEY:
        return signal.score is not None and signal.score >= _DELIGHTED
    return signal.kind in WORTH


def _has_better(moment: Moment, signal: Signal) -> bool:
    """Whether the good moment that is known is worth more, when the later of the two happens."""
    if moment.good is None or moment.good_at is None:
        return False
    later = max(moment.good_at, signal.at)
    old = WORTH[moment.good] * _left(later - moment.good_at, GOOD_HALF)
    return old > WORTH[signal.kind] * _left(later - signal.at, GOOD_HALF)


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None or at > known else known
