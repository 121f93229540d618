"""The floor: what keeps a customer from being asked, whatever the score says and whatever is learned (design §2, §3.3).

Only what the customer's own row tells is judged here, so that every event can afford it; caps over the history, hours,
routes and loads are judged in `decisions` when somebody is about to be asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from referral.moments import Moment, Permission
from referral.times import days

LEAST_SATISFACTION = 7.0
"""Never below survey 7: the product's promise, not a setting."""

REFUSAL_STANDS = timedelta(days=180)
"""For how long a no to being written to is not asked about again (reliability R6)."""


UNASKED = "consent.unknown"
"""The code of a customer who has never said whether they want to hear of anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How often a customer may be asked at all ([sending] of the configuration).

    `gap_days` between two asks, `per_year` in any 365 days, `monthly_cap` in any 31, `min_tenure_days` as a customer,
    `daily_budget` asks a day in the whole company, `rep_daily` new ones a day on one rep's list. A campaign pauses once
    more than `optout_limit` of those asked in a week, as a share, opt out within a week, or `complaint_limit` complain.
    With `known_adults` nobody is asked whose age nobody knows (`minors`).
    """

    gap_days: int = 14
    per_year: int = 8
    monthly_cap: int = 2
    min_tenure_days: int = 30
    daily_budget: int = 200
    rep_daily: int = 10
    optout_limit: float = 0.01
    complaint_limit: float = 0.02
    known_adults: bool = False


DEFAULT = Policy()
"""How often, unless a company says otherwise."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """Why a customer may not be asked now; `until` is when that ends by itself, None if only news can end it."""

    code: str
    until: datetime | None = None


def barriers(moment: Moment, policy: Policy, now: datetime) -> list[Barrier]:
    """Everything that stands against asking, what counts most first; empty when nothing does."""
    return [found for rule in _RULES if (found := rule(moment, policy, now))]


def barrier(moment: Moment, policy: Policy, now: datetime) -> Barrier | None:
    """What counts most against asking, None when nothing does."""
    for rule in _RULES:
        if found := rule(moment, policy, now):
            return found
    return None


def may_ask_permission(moment: Moment, now: datetime, policy: Policy = DEFAULT) -> bool:
    """Whether this customer may be asked, once, if they want to hear of anything; after a no not for 180 days.

    A minor's yes would be none, so nobody asks for it.
    """
    if moment.customer_since is None or moment.consent in (Permission.GRANTED, Permission.WITHDRAWN):
        return False
    if _age(moment, policy, now):
        return False
    if moment.rest_until and moment.rest_until > now:
        return False
    asked = max((at for at in (moment.consent_asked_at, moment.consent_at) if at), default=None)
    return asked is None or now - asked >= REFUSAL_STANDS


def _said_no(moment: Moment, _policy: Policy, now: datetime) -> Barrier | None:
    if moment.consent is Permission.WITHDRAWN:
        return Barrier("opted_out")
    if moment.consent is Permission.REFUSED and not _is_over(moment, now):
        assert moment.consent_at
        return Barrier("consent.refused", moment.consent_at + REFUSAL_STANDS)
    return None


def _age(moment: Moment, policy: Policy, _now: datetime) -> Barrier | None:
    if moment.minor:
        return Barrier("minor")
    return Barrier("minor.unknown") if moment.minor is None and policy.known_adults else None


def _held_out(moment: Moment, _policy: Policy, _now: datetime) -> Barrier | None:
    return Barrier("holdout") if moment.holdout else None


def _unasked(moment: Moment, _policy: Policy, now: datetime) -> Barrier | None:
    unknown = moment.consent is Permission.UNKNOWN
    refused_long_ago = moment.consent is Permission.REFUSED and _is_over(moment, now)
    return Barrier(UNASKED) if unknown or refused_long_ago else None


def _is_over(moment: Moment, now: datetime) -> bool:
    return moment.consent_at is None or now - moment.consent_at >= REFUSAL_STANDS


def _experience(moment: Moment, _policy: Policy, _now: datetime) -> Barrier | None:
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


def _rest(moment: Moment, _policy: Policy, now: datetime) -> Barrier | None:
    if moment.rest_until and moment.rest_until > now:
        return Barrier(f"rest.{moment.rest_why or 'later'}", moment.rest_until)
    return None


def _gap(moment: Moment, policy: Policy, now: datetime) -> Barrier | None:
    if moment.nudged_at is None:
        return None
    until = moment.nudged_at + days(policy.gap_days)
    return Barrier("gap", until) if until > now else None


_RULES = (_said_no, _age, _experience, _tenure, _held_out, _unasked, _rest, _gap)
"""In the order of what counts most."""
