"""The floor: what keeps a customer from being asked, whatever the score says and whatever is learned (design §2, §3.3).

Only what the customer's own row tells is judged here, so that every event can afford it; caps over the history, hours,
routes and loads are judged in `decisions` when somebody is about to be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from referral.moments import Moment, Permission
from referral.times import days

LEAST_SATISFACTION = 7.0
"""Never below survey 7: the product's promise, not a setting."""

REFUSAL_STANDS = timedelta(days=180)
"""For how long a no to being written to is not asked about again (reliability R6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How often a customer may be asked at all ([sending] of the configuration).

    `gap_days` between two asks, `per_year` in any 365 days, `monthly_cap` in any 31, `min_tenure_days` as a customer,
    `daily_budget` asks a day in the whole company, `rep_daily` new ones a day on one rep's list.
    """

    gap_days: int = 14
    per_year: int = 8
    monthly_cap: int = 2
    min_tenure_days: int = 30
    daily_budget: int = 200
    rep_daily: int = 10


@dataclass(frozen=True, slots=True)
class Barrier:
    """Why a customer may not be asked now; `until` is when that ends by itself, None if only news can end it."""

    code: str
    until: datetime | None = None


def barriers(moment: Moment, policy: Policy, now: datetime) -> list[Barrier]:
    """Everything that stands against asking, what counts most first; empty when nothing does."""
    return list(_judged(moment, policy, now))


def barrier(moment: Moment, policy: Policy, now: datetime) -> Barrier | None:
    """What counts most against asking, None when nothing does."""
    return next(_judged(moment, policy, now), None)


def may_ask_permission(moment: Moment, now: datetime) -> bool:
    """Whether this customer may be asked, once, if they want to hear of anything; after a no not for 180 days."""
    if moment.customer_since is None or moment.consent in (Permission.GRANTED, Permission.WITHDRAWN):
        return False
    if moment.rest_until and moment.rest_until > now:
        return False
    asked = max((at for at in (moment.consent_asked_at, moment.consent_at) if at), default=None)
    return asked is None or now - asked >= REFUSAL_STANDS


def _judged(moment: Moment, policy: Policy, now: datetime) -> Iterator[Barrier]:
    if no := _said_no(moment, now):
        yield no
    if bad := _experience(moment):
        yield bad
    if short := _tenure(moment, policy, now):
        yield short
    if moment.holdout:
        yield Barrier("holdout")
    if unasked := _unasked(moment, now):
        yield unasked
    if rest := _rest(moment, now):
        yield rest
    if gap := _gap(moment, policy, now):
        yield gap


def _said_no(moment: Moment, now: datetime) -> Barrier | None:
    if moment.consent is Permission.WITHDRAWN:
        return Barrier("opted_out")
    if moment.consent is Permission.REFUSED and not _is_over(moment, now):
        assert moment.consent_at
        return Barrier("consent.refused", moment.consent_at + REFUSAL_STANDS)
    return None


def _unasked(moment: Moment, now: datetime) -> Barrier | None:
    unknown = moment.consent is Permission.UNKNOWN
    refused_long_ago = moment.consent is Permission.REFUSED and _is_over(moment, now)
    return Barrier("consent.unknown") if unknown or refused_long_ago else None


def _is_over(moment: Moment, now: datetime) -> bool:
    return moment.consent_at is None or now - moment.consent_at >= REFUSAL_STANDS


def _experience(moment: Moment) -> Barrier | None:
    if moment.complaints > 0:
        return Barrier("complaint.open")
    if moment.satisfaction is not None and moment.satisfaction < LEAST_SATISFACTION:
        return Barrier("survey.low")
    return None


def _tenure(moment: Moment, policy: Policy, now: datetime) -> Barrier | None:
    if moment.customer_since is None:
        return Barrier("tenure.unknown")
    until = moment.customer_since + days(policy.min_tenure_days)
    return Barrier("tenure.short", until) if until > now else None


def _rest(moment: Moment, now: datetime) -> Barrier | None:
    if moment.rest_until and moment.rest_until > now:
        return Barrier(f"rest.{moment.rest_why or 'later'}", moment.rest_until)
    return None


def _gap(moment: Moment, policy: Policy, now: datetime) -> Barrier | None:
    until = moment.nudged_at + days(policy.gap_days) if moment.nudged_at else now
    return Barrier("gap", until) if until > now else None
