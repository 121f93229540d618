"""Moments: what bears on the right moment to ask a customer, as it is heard; what it adds up to is `scoring`'s."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, Self

from msgspec import Struct, structs

from referral.signals import Signal, SignalKind

DAY = timedelta(days=1)
GOOD_HALF, FATIGUE_HALF = 5.0, 18.0  # days until half of it has faded
_UNREAD = 0.5  # of a nudge's weight, for one that may lie unread
_DELIGHTED = 9  # a survey answer from here on is a good moment of its own (the promoters of NPS)

WORTH: Mapping[SignalKind, float] = {
    SignalKind.PRAISE: 1.0,
    SignalKind.SURVEY: 1.0,
    SignalKind.RENEWAL: 0.9,
    SignalKind.PURCHASE: 1.0,
    SignalKind.MILESTONE: 0.7,
    SignalKind.ANNIVERSARY: 0.6,
    SignalKind.DELIVERY: 0.6,
    SignalKind.RESOLVED: 0.4,
}
"""How good each kind of moment is on the day it happens, 0-1. A survey counts from 9 on."""

_PLACES = {kind: place for place, kind in enumerate(WORTH)}
_UNMET = (SignalKind.ANNIVERSARY, SignalKind.UNSEEN)  # what the calendar tells: nobody was in touch


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
    because of `rest_why`. `coupon` is the share of orders that were paid with a coupon, 0-1; `came_by` that a friend
    brought them; `brought` counts the friends who became customers through them, `posters` those they took,
    `unprompted` the ones without being asked, `visitors` the friends who came to look. `profile` is what the company's
    own history says of customers like this one, `own` what this one's own answers say, both in log-odds, and `own_seen`
    how much they tell (the precision that they add). `hours` counts their messages in each hour of the Beijing day, a
    byte each. Without `personal` nothing of all this may be used. A `Struct`, which is made in a fifth of a dataclass's
    time: every event makes two.
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
    tier: str = ""
    coupon: float | None = None
    minor: bool | None = None
    personal: bool = True
    came_by: bool = False
    brought: int = 0
    posters: int = 0
    visitors: int = 0
    unprompted: int = 0
    took_at: datetime | None = None
    profile: float = 0.0
    own: float = 0.0
    own_seen: float = 0.0
    hours: bytes | None = None
    good: SignalKind | None = None
    good_at: datetime | None = None
    complaints: int = 0
    complaint_at: datetime | None = None
    refund_at: datetime | None = None
    refunded: float = 0.0
    seen_at: datetime | None = None
    nudged_at: datetime | None = None
    fatigue: float = 0.0
    rest_until: datetime | None = None
    rest_why: str | None = None

    def but(self, **news: Any) -> Self:
        """The same customer but for this."""
        return structs.replace(self, **news)

    @property
    def may_be_learned(self) -> bool:
        """Whether anything may be learned of them: not of a minor, nor where they have switched it off (PIPL 24)."""
        return self.personal and not self.minor


class Due(Struct, frozen=True, kw_only=True):
    """The due row that follows from a moment: `due_at` is None when only news can change it.

    `score` is a logarithm, and 0 where nobody is ranked by it: of all but who is ready, or was never asked.
    """

    state: State
    reason: str
    score: float
    due_at: datetime | None


class Moments(Protocol):
    """Where moments and their due rows are kept."""

    def get(self, person: str) -> Moment: ...
    def find(self, people: Sequence[str]) -> Mapping[str, Moment]: ...
    def save(self, moment: Moment, due: Due) -> None: ...
    def stay(self, moment: Moment, reason: str) -> bool: ...
    def stood_at(self, person: str, reasons: Collection[str]) -> bool: ...
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


def fatigue(moment: Moment, now: datetime) -> float:
    """How tired of being asked: one for each nudge, half gone in less than three weeks."""
    return moment.fatigue * left(now - moment.nudged_at, FATIGUE_HALF) if moment.nudged_at else 0.0


def nudged(moment: Moment, now: datetime, *, heard: bool = True) -> Moment:
    """The same customer after a nudge; one that may lie unread tires half as much until it is read."""
    return moment.but(fatigue=fatigue(moment, now) + (1 if heard else _UNREAD), nudged_at=now)


def read(moment: Moment) -> Moment:
    """The same customer after they read a nudge that might have lain unread."""
    return moment.but(fatigue=moment.fatigue + 1 - _UNREAD) if moment.nudged_at else moment


def taken(moment: Moment, now: datetime, *, unprompted: bool) -> Moment:
    """The same customer after they took a poster."""
    return moment.but(took_at=now, posters=moment.posters + 1, unprompted=moment.unprompted + unprompted)


def activity_after(moment: Moment, signal: Signal) -> float:
    """A customer's activity with what was seen of it now."""
    return (moment.activity or 0.0) + (signal.count or 0.0)


def has_something_to_rate(moment: Moment, now: datetime) -> bool:
    """Whether they got something in the last 60 days, were not surveyed in the last 90, and never said 不再提醒."""
    got = max((at for at in (moment.last_order_at, moment.good_at) if at), default=None)
    surveyed = moment.surveyed_at is not None and now - moment.surveyed_at < 90 * DAY
    wanted = moment.customer_since is not None and moment.consent is not Permission.WITHDRAWN
    return wanted and got is not None and now - got < 60 * DAY and not surveyed


def heard(moment: Moment, signal: Signal, *, open_complaints: int = 0, rank: float | None = None) -> Moment:
    """The moment after a signal; news that is older than what is known changes nothing but the better of two moments.

    `open_complaints` is how many are open, counted over the whole history, for the two kinds that concern them; `rank`
    is where the customer's activity stands among all with it. Activity adds up, so that being seen never lowers it.
    """
    at = signal.at
    news: dict[str, Any] = {} if signal.kind in _UNMET else {"seen_at": _later(moment.seen_at, at)}
    match signal.kind:
        case SignalKind.SURVEY if signal.score is not None and _later(moment.surveyed_at, at) == at:
            news |= {"satisfaction": signal.score, "surveyed_at": at}
        case SignalKind.COMPLAINT | SignalKind.RESOLVED:
            news |= {"complaints": open_complaints, "complaint_at": _later(moment.complaint_at, at)}
        case SignalKind.ACTIVITY:
            news |= {"activity": activity_after(moment, signal), "rank": rank}
        case SignalKind.PURCHASE:
            news["last_order_at"] = _later(moment.last_order_at, at)
        case SignalKind.REFUND if _later(moment.refund_at, at) == at:
            news |= {"refund_at": at, "refunded": signal.count or 0.0}
        case _:
            pass
    if is_good(signal) and not _has_better(moment, signal):
        news |= {"good": signal.kind, "good_at": at}
    return moment.but(**news)


def is_good(signal: Signal) -> bool:
    """Whether a signal is a good moment."""
    if signal.kind is SignalKind.SURVEY:
        return signal.score is not None and signal.score >= _DELIGHTED
    return signal.kind in WORTH


def _has_better(moment: Moment, signal: Signal) -> bool:
    """Whether the good moment that is known is worth more, when the later of the two happens."""
    if moment.good is None or moment.good_at is None:
        return False
    old, new = WORTH[moment.good], WORTH[signal.kind]
    if new >= old and signal.at > moment.good_at:
        return False  # what is known has faded by then
    later = max(moment.good_at, signal.at)
    old, new = old * left(later - moment.good_at, GOOD_HALF), new * left(later - signal.at, GOOD_HALF)
    return (old, -_PLACES[moment.good]) > (new, -_PLACES[signal.kind])  # of equals the same one, whichever came first


def _later(known: datetime | None, at: datetime) -> datetime:
    return at if known is None or at > known else known


def left(age: timedelta, half: float) -> float:
    """What is left of something that fades to half in `half` days, 0-1; all of it before it happened."""
    days = age / DAY
    return 0.5 ** (days / half) if days > 0 else 1.0
