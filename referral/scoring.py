"""The score: how likely a customer is to take a poster when asked now, what it is worth, and why.

The small explainable default of the science reference (§2): a prior from the brief's own profile, centred so that what
is unknown adds nothing, fresh good moments and fatigue that fade, one weight per feature. Learning moves the weights
(`learning`); `floor` stands above whatever is learned.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import exp, expm1, log, log1p
from operator import mul

from referral.moments import DAY, GOOD_HALF, WORTH, Moment, fatigue, left
from referral.times import SHANGHAI, tonight, whole_months

FEATURES = (
    "tenure",
    "old",
    "satisfaction",
    "unsurveyed",
    "active",
    "top",
    "referred",
    "came",
    "unprompted",
    "fresh",
    "good",
    "complaint",
    "fatigue",
    "taken",
)
"""What the score sums over; the order of `Weights` and of `features`."""

SETTLED = 200.0
"""Days as a customer about which trust settles: the brief's profile is more than six months (Van den Bulte et al. 2018,
science §1)."""

TOP = 0.8
"""The rank from which somebody is among the busiest fifth."""

FRESH_HALF, COMPLAINT_HALF = 2.0, 7.0  # days until half of it has faded
TAKEN_FOR = 30 * DAY
"""For how long somebody who took a poster has one to pass on already."""

_UNSAID_FOR = 14 * DAY  # how long it takes until a poster nobody came by says something
_FADED = 0.05  # log-odds; below this something is no reason for anything
_NOTHING = (0.0,) * len(FEATURES)
_POSTERS = 2.0  # as many posters of the shop's average are behind everybody's own visitors
_ALONE = 0.8  # of what an ask brings is lost where the customer would have recommended soon anyway
_RARELY, _WATCHED = 0.04, 60.0  # posters taken unasked, and days, behind everybody's own: the rate of a typical shop


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature adds to the log-odds of taking a poster when asked, in the order of `FEATURES`.

    `visitors` are the friends who come to look at a poster of the company on average; `since` is when the company began
    to count what customers do unasked, None before.
    """

    intercept: float
    each: tuple[float, ...]
    visitors: float = 1.0
    since: datetime | None = None

    @property
    def all(self) -> tuple[float, ...]:
        """Every number that a score is made with."""
        return (self.intercept, *self.each, self.visitors)

    def total(self, features: tuple[float, ...]) -> float:
        """The log-odds that these features add up to."""
        total: float = self.intercept + sum(map(mul, self.each, features))
        return total


PRIOR = Weights(-2.6, (0.5, -0.2, 0.8, 0.0, 1.0, 0.5, 0.6, 0.1, 0.4, 0.7, 0.5, -0.8, -0.6, -1.0))
"""The brief's profile as a cold start (science §2): 20 % of customers giving 65 % is a rate ratio of 7.4, log 2.0,
halved for correlated evidence and split between the rank of activity and a top-20 flag; tenure and satisfaction above
7.5 add to it; a fresh good moment adds most. The intercept is between the median referral rate of programmes, 3-5 %,
and the share of those asked who take a poster."""


def features(moment: Moment, now: datetime) -> tuple[float, ...]:
    """What is known now, each centred so that the average customer, or an unknown value, is 0.

    Of somebody who has switched personalisation off, and of a minor, nothing is used: they are everybody's average.
    """
    if _is_unweighed(moment):
        return _NOTHING
    tenure = old = satisfaction = active = top = fresh = good = 0.0
    unsurveyed = 1.0
    if moment.customer_since is not None:
        days = (now - moment.customer_since) / DAY
        tenure = 1 / (1 + exp(min(50.0, (SETTLED - days) / 60))) - 0.5
        old = min(3.0, max(0.0, (days - 1000) / 365))
    if moment.satisfaction is not None:
        satisfaction, unsurveyed = (moment.satisfaction - 7.5) / 2.5, 0.0
    if moment.rank is not None:
        active, top = moment.rank - 0.5, 0.8 if moment.rank >= TOP else -0.2
    if moment.good is not None and moment.good_at is not None:
        worth, age = WORTH[moment.good], now - moment.good_at
        fresh, good = worth * left(age, FRESH_HALF), worth * left(age, GOOD_HALF)
    complaint = max(_complained(moment, now), _gave_back(moment, now))
    return (
        tenure,
        old,
        satisfaction,
        unsurveyed,
        active,
        top,
        log1p((moment.past_referrals or 0) + moment.brought),
        1.0 if moment.came_by else 0.0,
        log1p(moment.unprompted),
        fresh,
        good,
        complaint,
        fatigue(moment, now),
        1.0 if moment.took_at is not None and now - moment.took_at < TAKEN_FOR else 0.0,
    )


def _complained(moment: Moment, now: datetime) -> float:
    return left(now - moment.complaint_at, COMPLAINT_HALF) if moment.complaint_at else 0.0


def _gave_back(moment: Moment, now: datetime) -> float:
    """A refund fades like a complaint; one of a part of the order weighs that part of it."""
    return moment.refunded * left(now - moment.refund_at, COMPLAINT_HALF) if moment.refund_at else 0.0


def _is_unweighed(moment: Moment) -> bool:
    """Whether nothing that is known may weigh: by their own choice (PIPL 24), or by law (minors)."""
    return not moment.personal or moment.minor is True


def score(moment: Moment, now: datetime, weights: Weights = PRIOR) -> float:
    """What an ask now is worth, as a logarithm: the chance that a poster is taken, times its worth beside the usual."""
    if _is_unweighed(moment):
        return -log1p(exp(-weights.intercept))
    odds = weights.total(features(moment, now)) + moment.profile + moment.own
    return reach(moment, weights) + alone(moment, now, weights) - log1p(exp(-odds))


def reach(moment: Moment, weights: Weights) -> float:
    """How many more friends come to look at a poster of hers than at others, as a log ratio, shrunk to 0."""
    if not moment.posters:
        return 0.0
    usual = max(weights.visitors, 0.1)
    return log((_POSTERS * usual + moment.visitors) / (_POSTERS + moment.posters) / usual)


def alone(moment: Moment, now: datetime, weights: Weights) -> float:
    """What is lost of an ask to somebody who would have recommended within a month anyway, as a log ratio."""
    if not moment.unprompted:
        return 0.0
    watched = (now - weights.since) / DAY if weights.since else 0.0
    rate = (moment.unprompted + _RARELY) / (watched + _WATCHED)
    return log(1 - _ALONE * min(1.0, 30 * rate))


def shown(score: float) -> float:
    """A score as people see it: above 0 and below 1, so that whoever is likelier is always the higher.

    What an ask is worth, the chance of a poster times how far it reaches, may be more than 1; this is the chance of at
    least one such success if it were the mean of a Poisson count. For all but the best the two are nearly the same.
    """
    return -expm1(-exp(score))


def stale_at(moment: Moment, now: datetime) -> datetime | None:
    """When the score should be made anew without any news: at midnight, so that the news of a day do not move it."""
    return None if _is_unweighed(moment) else tonight(now)


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason by its code, with the value that its sentence names, if it names one.

    `size` is what a reason of the score adds to it, in log-odds: above 0 for asking, below against; 0 for all others.
    `until` is when what stands in the way ends by itself, None if only news can end it.
    """

    code: str
    value: str = ""
    size: float = field(default=0.0, compare=False)
    until: datetime | None = field(default=None, compare=False)


def reasons(moment: Moment, now: datetime, weights: Weights = PRIOR) -> tuple[list[Reason], list[Reason]]:
    """What speaks for asking and what against, strongest first: exact, because the score is a sum.

    Of those of whom nothing may weigh nothing speaks either way, only that it is so.
    """
    if _is_unweighed(moment):
        return [] if moment.personal else [Reason("rotation")], []
    sums: dict[str, float] = {}
    for name, weight, value in zip(FEATURES, weights.each, features(moment, now), strict=True):
        noun = _TOGETHER.get(name, name)
        sums[noun] = sums.get(noun, 0.0) + weight * value
    sums |= {"profile": moment.profile, "own": moment.own}
    sums |= {"reach": reach(moment, weights), "alone": alone(moment, now, weights)}
    found = ((value, _told(name, value > 0, moment, now)) for name, value in sums.items() if abs(value) > _FADED)
    told = sorted((replace(reason, size=value) for value, reason in found if reason), key=lambda each: -each.size)
    return [each for each in told if each.size > 0], [each for each in reversed(told) if each.size < 0]


_TOGETHER = {"old": "tenure", "top": "active", "fresh": "good"}
"""Features of one thing that a person would call by one name."""


def _told(name: str, speaks_for: bool, moment: Moment, now: datetime) -> Reason | None:
    match name:
        case "tenure":
            assert moment.customer_since
            span = now - moment.customer_since
            against = "tenure.young" if span < SETTLED * DAY else "tenure.long"
            return Reason("tenure" if speaks_for else against, tenure_words(moment.customer_since, now))
        case "satisfaction":
            return Reason("satisfaction" if speaks_for else "satisfaction.plain", f"{moment.satisfaction:g}")
        case "active":
            assert moment.rank is not None
            return _rank_told(moment.rank, speaks_for)
        case "referred":
            return Reason("referred", str((moment.past_referrals or 0) + moment.brought)) if speaks_for else None
        case "good":
            assert moment.good and moment.good_at
            return Reason(f"good.{moment.good.value}", ago_words(now - moment.good_at)) if speaks_for else None
        case "complaint":
            if speaks_for:
                return None
            refund = _gave_back(moment, now) > _complained(moment, now)
            return Reason("refund.recent" if refund else "complaint.recent")
        case "fatigue":
            return None if speaks_for else Reason("tired")
        case "taken":
            assert moment.took_at
            return None if speaks_for else Reason("taken", ago_words(now - moment.took_at))
        case "reach" if not speaks_for and _is_just_made(moment, now):
            return None
        case "unsurveyed":
            return None
        case _:
            return Reason(name if speaks_for else f"{name}.less")


def _is_just_made(moment: Moment, now: datetime) -> bool:
    """Whether the only poster is too new for its visitors to say anything."""
    return moment.posters <= 1 and moment.took_at is not None and now - moment.took_at < _UNSAID_FOR


def _rank_told(rank: float, speaks_for: bool) -> Reason | None:
    if rank < 0.5:
        return None if speaks_for else Reason("quiet")
    if not speaks_for and rank < TOP:
        return None
    busiest = f"{max(1, round(100 * (1 - rank)))}%"
    return Reason("active" if speaks_for else "active.much", busiest)


def span_words(span: timedelta) -> str:
    """A span as people say it: `14 个月`, `20 天`."""
    days = max(0, span // DAY)
    if days >= 730:
        return f"{days // 365} 年"
    return f"{days // 30} 个月" if days >= 60 else f"{days} 天"


def tenure_words(since: datetime, now: datetime) -> str:
    """How long somebody is a customer, in whole months of the calendar: `20 天`, `9 个月`, `2 年`."""
    months = whole_months(*(each.astimezone(SHANGHAI).date() for each in (since, now)))
    if months >= 24:
        return f"{months // 12} 年"
    return f"{months} 个月" if months >= 2 else f"{max(0, (now - since) // DAY)} 天"


def ago_words(span: timedelta) -> str:
    """How long ago as people say it: `今天`, `昨天`, `5 天前`."""
    days = max(0, span // DAY)
    return ("今天", "昨天")[days] if days < 2 else f"{days} 天前"
