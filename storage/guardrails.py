"""What asks have cost in goodwill: counters by campaign and day, and the trips of guardrails."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, bindparam, delete, func, select, update

from referral.tolls import Toll, Trip, Upset
from storage import tables as t
from storage.prepared import PreparedChange, PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_new, put, with_values

_d = t.guard_days.c
_THE_DAY = (_d.campaign == bindparam("which"), _d.day == bindparam("on"))
_UPSET = {
    kind: PreparedChange(update(t.guard_days).where(*_THE_DAY).values({kind.value: _d[kind.value] + 1}))
    for kind in Upset
}
_UNASKED = PreparedChange(update(t.guard_days).where(*_THE_DAY, _d.asked > 0).values(asked=_d.asked - 1))
_TOLL = PreparedSelect(
    select(
        *(func.coalesce(func.sum(_d[name]), 0).label(name) for name in ("asked", "optout", "complaint")),
    ).where(_d.campaign == bindparam("which"), _d.day >= bindparam("since"))
)
_TRIP = PreparedSelect(select(t.guards).where(t.guards.c.campaign == bindparam("which")))


class GuardsTable:
    """`referral.tolls.Guards` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def asked(self, campaign: str, day: int) -> None:
        """Count an ask of that day."""
        _asked(self._c.dialect.name).run(self._c, {"campaign": campaign, "day": day, "asked": 1})

    def unasked(self, campaign: str, day: int) -> None:
        """Take an ask of that day back."""
        _UNASKED.run(self._c, {"which": campaign, "on": day})

    def upset(self, nudge: str, campaign: str, day: int, kind: Upset, moment: datetime) -> bool:
        """Count what followed on an ask; False if it was counted before, or the ask never was."""
        if not insert_new(self._c, t.upsets, nudge=nudge, kind=kind.value, at=ms(moment)):
            return False
        return _UPSET[kind].run(self._c, {"which": campaign, "on": day}) == 1

    def toll(self, campaign: str, since: int) -> Toll:
        """All of a campaign's asks of that day or later."""
        row = _TOLL.first(self._c, {"which": campaign, "since": since})
        assert row is not None
        return Toll(asked=int(row.asked), optout=int(row.optout), complaint=int(row.complaint))

    def trip_of(self, campaign: str) -> Trip | None:
        """The last time that a guardrail paused a campaign."""
        row = _TRIP.first(self._c, {"which": campaign})
        if row is None:
            return None
        return Trip(campaign=campaign, since=at(row.since), why=Upset(row.why), asked=row.asked, upset=row.upset)

    def trip(self, trip: Trip) -> None:
        """Note that a guardrail paused a campaign; its counters begin anew."""
        figures = {"why": trip.why.value, "asked": trip.asked, "upset": trip.upset}
        put(self._c, t.guards, "campaign", campaign=trip.campaign, since=ms(trip.since), **figures)
        self._c.execute(delete(t.guard_days).where(_d.campaign == trip.campaign))


@lru_cache(maxsize=2)
def _asked(dialect: str) -> PreparedChange:
    statement = with_values(dialect, t.guard_days, ("campaign", "day", "asked"))
    return PreparedChange(
        statement.on_conflict_do_update(index_elements=["campaign", "day"], set_={"asked": _d.asked + 1})
    )
