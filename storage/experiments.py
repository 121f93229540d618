"""Experiments, their arms, and who is in which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from referral.experiments import CREDIT_WITHIN, Arm, Experiment, Kind, Metric, State
from storage import tables as t
from storage.prepared import PreparedChange, PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_new

_e, _a, _p = t.experiments.c, t.experiment_arms.c, t.experiment_people.c
_SUMS = ("n", "took", "credited", "credited_squares", "optouts")
_WITH_ARMS = (
    select(t.experiments, _a.arm, _a.share, *(_a[name] for name in _SUMS))
    .join(t.experiment_arms, _a.experiment == _e.id)
    .order_by(_e.started_at, _e.id, _a.place)
)
_ALL = PreparedSelect(_WITH_ARMS)
_RUNNING = PreparedSelect(_WITH_ARMS.where(_e.state == State.RUNNING.value))
_ONE = PreparedSelect(_WITH_ARMS.where(_e.id == bindparam("which")))
_LATEST = PreparedSelect(
    _WITH_ARMS.where(_e.campaign == bindparam("where"), _e.kind == bindparam("what"), _e.state != State.STOPPED.value)
)
_IN = PreparedSelect(select(_p.arm).where(_p.person == bindparam("who"), _p.experiment == bindparam("which")))
_THE_ARM = (_a.experiment == bindparam("which"), _a.arm == bindparam("into"))
_ADD = PreparedChange(
    update(t.experiment_arms).where(*_THE_ARM).values({name: _a[name] + bindparam(f"more_{name}") for name in _SUMS})
)
_NOTHING = {f"more_{name}": 0 for name in _SUMS}


class ExperimentsTable:
    """`referral.experiments.Experiments` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, experiment: Experiment) -> None:
        self._c.execute(
            insert(t.experiments).values(
                id=experiment.id,
                kind=experiment.kind.value,
                campaign=experiment.campaign,
                name=experiment.name,
                metric=experiment.metric.value,
                state=experiment.state.value,
                started_at=ms(experiment.started_at),
            )
        )
        arms = [
            {"experiment": experiment.id, "place": place, "arm": arm.name, "share": arm.share}
            for place, arm in enumerate(experiment.arms)
        ]
        self._c.execute(insert(t.experiment_arms), arms)

    def get(self, experiment: str) -> Experiment | None:
        return next(iter(_experiments(_ONE.all(self._c, {"which": experiment}))), None)

    def all(self) -> list[Experiment]:
        """Every experiment, the first one first."""
        return _experiments(_ALL.all(self._c, {}))

    def running(self) -> list[Experiment]:
        return _experiments(_RUNNING.all(self._c, {}))

    def latest(self, campaign: str, kind: Kind) -> Experiment | None:
        """The latest of a kind in a campaign that nobody has stopped."""
        found = _experiments(_LATEST.all(self._c, {"where": campaign, "what": kind.value}))
        return found[-1] if found else None

    def end(
        self, experiment: str, state: State, winner: str | None, now: datetime, *, ended_with: str | None = None
    ) -> bool:
        """End one that runs, or stop one that was decided; False where there is nothing to end."""
        open_ = [State.RUNNING.value, State.DECIDED.value] if state is State.STOPPED else [State.RUNNING.value]
        ended = update(t.experiments).where(_e.id == experiment, _e.state.in_(open_))
        values = {"state": state.value, "winner": winner, "ended_at": ms(now), "ended_with": ended_with}
        return self._c.execute(ended.values(**values)).rowcount == 1

    def arm(self, experiment: str, person: str) -> str | None:
        """The arm that somebody is in, None if they are not in it yet."""
        found: str | None = _IN.scalar(self._c, {"who": person, "which": experiment})
        return found

    def enter(self, experiment: str, person: str, arm: str, now: datetime) -> bool:
        made = insert_new(self._c, t.experiment_people, person=person, experiment=experiment, arm=arm, at=ms(now))
        if made:
            self._add(experiment, arm, n=1)
        return made

    def took(self, experiment: str, person: str) -> None:
        """Somebody in it took a poster; counted once."""
        self._once(experiment, person, "took")

    def opted_out(self, experiment: str, person: str) -> None:
        """Somebody in it opted out; counted once."""
        self._once(experiment, person, "optouts")

    def credit(self, experiment: str, person: str, came_at: datetime, step: int) -> None:
        """A friend who came at that time is credited, or not any more; before they were in it, or long after, it is
        no outcome."""
        came, lag = ms(came_at), CREDIT_WITHIN // timedelta(milliseconds=1)
        where = (_p.person == person, _p.experiment == experiment, _p.at <= came, _p.at >= came - lag)
        changed = update(t.experiment_people).where(*where).values(credited=_p.credited + step)
        row = self._c.execute(changed.returning(_p.arm, _p.credited)).first()
        if row:
            before = row.credited - step
            self._add(experiment, row.arm, credited=step, credited_squares=row.credited**2 - before**2)

    def _once(self, experiment: str, person: str, what: str) -> None:
        where = (_p.person == person, _p.experiment == experiment, _p[what] == 0)
        marked = update(t.experiment_people).where(*where).values({what: 1}).returning(_p.arm)
        if arm := self._c.execute(marked).scalar():
            self._add(experiment, arm, **{what: 1})

    def _add(self, experiment: str, arm: str, **more: int) -> None:
        added = {f"more_{name}": count for name, count in more.items()}
        _ADD.run(self._c, {"which": experiment, "into": arm, **_NOTHING, **added})


def _experiments(rows: Sequence[Any]) -> list[Experiment]:
    return [_experiment(list(each)) for _, each in groupby(rows, key=lambda row: row.id)]


def _experiment(rows: Sequence[Any]) -> Experiment:
    row = rows[0]
    return Experiment(
        id=row.id,
        kind=Kind(row.kind),
        campaign=row.campaign,
        name=row.name,
        metric=Metric(row.metric),
        arms=tuple(Arm(name=r.arm, share=r.share, **{name: getattr(r, name) for name in _SUMS}) for r in rows),
        state=State(row.state),
        started_at=at(row.started_at),
        ended_at=at(row.ended_at),
        winner=row.winner,
        ended_with=row.ended_with,
    )
