"""When people may be written to unasked: Beijing time, the end not included (design §3.3)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from referral.times import SHANGHAI

Hours = tuple[time, time]
DEFAULT: Hours = (time(9), time(20, 30))


def are_open(hours: Hours, now: datetime) -> bool:
    """Whether this moment lies within the hours."""
    return hours[0] <= now.astimezone(SHANGHAI).time() < hours[1]


def next_opening(hours: Hours, now: datetime) -> datetime:
    """When the hours next begin; `now` itself while they are open."""
    if are_open(hours, now):
        return now
    local = now.astimezone(SHANGHAI)
    opening = local.replace(hour=hours[0].hour, minute=hours[0].minute, second=0, microsecond=0)
    return opening if opening > local else opening + timedelta(days=1)
