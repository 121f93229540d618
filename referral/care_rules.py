"""Which care is due to a customer on a day: at most one thing, the most important first. Pure.

The caps of asks hold for asks and cares together, and whoever was cared for today is not asked today.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from referral import hours
from referral.care import AROUND_CARE, DATED, MARKETING, OPEN, UNCOUNTED, CareKind, Due, Life, Occasion
from referral.decisions import MONTH, QUIET_FOR, YEAR, Customer, Day, Gate, Route, gate_of, is_weak, met_at
from referral.floor import LEAST_SATISFACTION, Policy
from referral.moments import DAY, Permission, has_something_to_rate
from referral.notices import OPEN_FOR
from referral.nudges import ON_THE_LIST
from referral.times import SHANGHAI, days, midnight
from referral.workdays import Workdays

USED_FOR = timedelta(days=7)
"""How long something is used before it is asked how it went."""

SURVEY_AGAIN = timedelta(days=90)
THANKED_WITHIN = timedelta(days=30)
"""How long after a friend's purchase a thank-you still makes sense."""

_LOW_FRESH = timedelta(days=30)  # a low answer is still something to come back to
_ANSWERED_IN = timedelta(days=1)  # as long as a complaint may wait before it is somebody's task
_NO_ANSWER = timedelta(days=14)  # after an ask: then it counts as unanswered
_LONGEST_REST = 9  # non-working days in a row, at most
_LOOK_AT_LEAST = timedelta(days=30)
_LATER = timedelta(days=7)
BEFORE_ASKS = frozenset({CareKind.THANKS}) | DATED
"""What comes before an ask that nobody has begun: a date passes, and thanks are owed; another ask comes by itself."""

_SOON = frozenset({CareKind.REPAIR}) | BEFORE_ASKS  # what cannot wait a week for room or for a window
_FROM_PERSON = frozenset({CareKind.REPAIR, CareKind.SILENCE})  # a machine is no comfort, and no old friend


def due(customer: Customer, life: Life, house: Day, now: datetime) -> Due | None:
    """The one thing that is due to a customer now and may be said, None for nothing. `house` gives hours and caps."""
    for occasion in occasions(customer, life, house.workdays, now):
        if held_by(occasion.kind, customer, life, house.policy, now) is None:
            routed = _routed(occasion, customer, house, now)
            if routed:
                return routed
    return None


def occasions(customer: Customer, life: Life, workdays: Workdays, now: datetime) -> Iterator[Occasion]:
    """All that calls for care and was not met with any yet, the most important first."""
    had = {(care.kind, care.ref) for care in life.had}
    found = (occasion for kind in CareKind for occasion in _of_kind(kind, customer, life, workdays, now))
    return (occasion for occasion in found if (occasion.kind, occasion.ref) not in had)


def held_by(
    kind: CareKind, customer: Customer, life: Life, policy: Policy, now: datetime, *, own: str = ""
) -> str | None:
    """Why a kind of care may not be said to a customer now, None if it may; the care `own` does not count itself."""
    moment = customer.moment
    if moment.consent is Permission.WITHDRAWN and not (kind is CareKind.REPAIR and moment.complaints):
        return "opted_out"
    if kind is CareKind.REPAIR:
        return None
    if moment.complaints:
        return "complaint.open"
    if moment.satisfaction is not None and moment.satisfaction < LEAST_SATISFACTION:
        return "survey.low"
    if any(care.state in OPEN and care.id != own for care in life.had):
        return "care.open"
    return (
        _near_an_ask(kind, customer, now, own) or _counted(kind, customer, life, policy, now) or _wanted(kind, customer)
    )


def rest_after(kind: CareKind, customer: Customer, life: Life, policy: Policy, now: datetime) -> datetime:
    """Until when nobody asks a customer who has just been cared for: at least for this day."""
    tomorrow = midnight(now) + DAY
    if kind in UNCOUNTED:
        return tomorrow
    lately = [at for at in _said(customer, life) if now - at < MONTH] + [now]
    over_cap = lately[-policy.monthly_cap] + MONTH if policy.monthly_cap and len(lately) >= policy.monthly_cap else now
    return max(tomorrow, now + days(policy.gap_days), over_cap)


def look_again(customer: Customer, life: Life, workdays: Workdays, now: datetime) -> datetime:
    """When to look at a customer next: what calls for care already is looked at soon again, the rest by its date."""
    today, moment = midnight(now), customer.moment
    times = [today + _LOOK_AT_LEAST]
    if waiting := next(occasions(customer, life, workdays, now), None):
        times.append(today + (DAY if waiting.kind in _SOON else _LATER))
    if moment.customer_since:
        times.append(max(today, _next_anniversary(moment.customer_since, now) - _LONGEST_REST * DAY))
    if (met := met_at(customer)) and met + QUIET_FOR > now:
        times.append(met + QUIET_FOR)
    if moment.complaints and moment.complaint_at:
        times.append(max(today, moment.complaint_at + _ANSWERED_IN))
    return max(today + DAY, min(times))


def days_due(workdays: Workdays, now: datetime) -> list[date]:
    """The days whose occasions are looked at now: today, and on a working day the days off right behind it.

    A rep who works today hears today of Sunday's birthday, and sends her greeting on Sunday.
    """
    today = now.astimezone(SHANGHAI).date()
    found = [today]
    if workdays.is_working_day(today):
        coming = (today + timedelta(days=ahead) for ahead in range(1, _LONGEST_REST + 1))
        for day in coming:
            if workdays.is_working_day(day):
                break
            found.append(day)
    return found


def birthdays_on(day: date) -> tuple[str, ...]:
    """Which birthdays, `MM-DD`, are kept on a day: in a common year those of 29 February on the 28th."""
    named = f"{day:%m-%d}"
    return (named, "02-29") if named == "02-28" and not isleap(day.year) else (named,)


def _of_kind(kind: CareKind, customer: Customer, life: Life, workdays: Workdays, now: datetime) -> Iterator[Occasion]:
    moment = customer.moment
    match kind:
        case CareKind.REPAIR:
            yield from _to_repair(customer, now)
        case CareKind.BIRTHDAY:
            for day in days_due(workdays, now) if life.birthday else ():
                if life.birthday in birthdays_on(day):
                    yield Occasion(kind=kind, ref=str(day.year), day=day)
        case CareKind.ANNIVERSARY:
            for day in days_due(workdays, now):
                if years := _years_on(day, moment.customer_since):
                    yield Occasion(kind=kind, ref=str(years), day=day, value=str(years))
        case CareKind.THANKS:
            for referral, at in life.credited:
                yield Occasion(kind=kind, ref=referral, day=_day(at))
        case CareKind.SURVEY:
            got = max((at for at in (moment.last_order_at, moment.good_at) if at), default=None)
            if got and has_something_to_rate(moment, now) and now - got >= USED_FOR and not _surveyed(life, now):
                yield Occasion(kind=kind, ref=_day(got).isoformat(), day=_day(got))
        case CareKind.EARLY if life.early and gate_of(customer, now) is None:
            yield Occasion(kind=kind, ref=life.early, day=_day(now))
        case _:
            yield from _at_a_gate(kind, customer, now)


def _to_repair(customer: Customer, now: datetime) -> Iterator[Occasion]:
    moment = customer.moment
    if moment.complaints and moment.complaint_at and now - moment.complaint_at >= _ANSWERED_IN:
        day = _day(moment.complaint_at)
        yield Occasion(kind=CareKind.REPAIR, ref=f"complaint:{day.isoformat()}", day=day)
    score, at = moment.satisfaction, moment.surveyed_at
    if score is not None and at and score < LEAST_SATISFACTION and now - at < _LOW_FRESH:
        day = _day(at)
        yield Occasion(kind=CareKind.REPAIR, ref=f"survey:{day.isoformat()}", day=day, value=f"{score:g}")


def _at_a_gate(kind: CareKind, customer: Customer, now: datetime) -> Iterator[Occasion]:
    """What a weak gate calls for, once each time it becomes weak."""
    since: datetime | None = None
    match kind:
        case CareKind.RECOGNISE if is_weak(Gate.RECOGNITION, customer, now) and customer.asked:
            since = customer.asked[-1] if now - customer.asked[-1] >= _NO_ANSWER else None
        case CareKind.EASIER if is_weak(Gate.TOOL, customer, now):
            since = customer.took_at
        case CareKind.SILENCE if is_weak(Gate.INTERACTION, customer, now):
            since = met_at(customer)
        case _:
            pass
    if since:
        yield Occasion(kind=kind, ref=_day(since).isoformat(), day=_day(since))


def _near_an_ask(kind: CareKind, customer: Customer, now: datetime, own: str) -> str | None:
    moment = customer.moment
    may_be_asked = moment.consent is Permission.GRANTED  # else what is open is only the question whether they may be
    gives_way = customer.on_list and kind in BEFORE_ASKS
    if may_be_asked and customer.open_until and customer.open_until > now and not gives_way:
        return "asked.open"
    if customer.asked and customer.asked[-1] >= midnight(now):
        return "gap"
    resting = moment.rest_until and moment.rest_until > now and not (own and moment.rest_why in AROUND_CARE)
    return f"rest.{moment.rest_why or 'later'}" if resting else None


def _counted(kind: CareKind, customer: Customer, life: Life, policy: Policy, now: datetime) -> str | None:
    """The caps of asks, over asks and cares together."""
    if kind in UNCOUNTED:
        return None
    if not policy.per_year or not policy.monthly_cap:
        return "cap.none"
    said = _said(customer, life)
    for span, most, code in ((YEAR, policy.per_year, "cap.year"), (MONTH, policy.monthly_cap, "cap.month")):
        if len([at for at in said if now - at < span]) >= most:
            return code
    return "gap" if said and now - said[-1] < days(policy.gap_days) else None


def _wanted(kind: CareKind, customer: Customer) -> str | None:
    moment = customer.moment
    if kind not in MARKETING:
        return None
    if moment.consent is not Permission.GRANTED:
        return f"consent.{moment.consent.value}"
    if moment.holdout:
        return "holdout"
    if moment.minor:
        return "minor"
    return None if moment.personal else "personal.off"


def _said(customer: Customer, life: Life) -> list[datetime]:
    """When a customer was asked or cared for, as far as the caps count it."""
    cared = (care.sent_at for care in life.had if care.kind not in UNCOUNTED)
    return sorted([*customer.asked, *(at for at in cared if at)])


def _routed(occasion: Occasion, customer: Customer, house: Day, now: datetime) -> Due | None:
    """The desk while its window is open at a lawful hour, else the rep's list of a working day; None where neither is.

    A date that is over by then lapses.
    """
    opening, window = hours.next_opening(house.hours, now, house.workdays), customer.window
    ends = _ends(occasion)
    if occasion.kind not in _FROM_PERSON and window and window.is_open(now) and opening - window.said_at < OPEN_FOR:
        closes = window.said_at + OPEN_FOR
        if ends is None or _day(opening) == occasion.day:
            return Due(occasion=occasion, route=Route.KF, at=opening, until=min(closes, ends or closes))
    morning = hours.next_working_morning(house.hours, now, house.workdays)
    is_room = occasion.kind is CareKind.REPAIR or (house.rep_left or {}).get(customer.rep or "", 0) > 0
    if customer.rep is None or not is_room or (ends and morning >= ends):
        return None
    until = None if occasion.kind is CareKind.REPAIR else ends or morning + ON_THE_LIST
    return Due(occasion=occasion, route=Route.REP, at=morning, until=until)


def _ends(occasion: Occasion) -> datetime | None:
    """When a date is over, None for what has none."""
    return _midnight_of(occasion.day) + DAY if occasion.kind in DATED else None


def _surveyed(life: Life, now: datetime) -> bool:
    """Whether the question was put lately, answered or not."""
    return any(c.kind is CareKind.SURVEY and c.sent_at and now - c.sent_at < SURVEY_AGAIN for c in life.had)


def _years_on(day: date, since: datetime | None) -> int:
    """How many years a customer is one on this day, 0 if it is no anniversary."""
    if since is None:
        return 0
    begun = _day(since)
    return day.year - begun.year if f"{begun:%m-%d}" in birthdays_on(day) else 0


def _next_anniversary(since: datetime, now: datetime) -> datetime:
    """The next anniversary that has not begun yet, as its midnight."""
    begun, today = _day(since), _day(now)
    for year in (today.year, today.year + 1):
        is_leap_day = (begun.month, begun.day) == (2, 29)
        day = date(year, 2, 28) if is_leap_day and not isleap(year) else date(year, begun.month, begun.day)
        if day > today:
            break
    return _midnight_of(day)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _midnight_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)
