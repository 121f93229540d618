"""The judge of the clock proof: what somebody with a diary and a wall calendar would say of each ask.

Nothing of the program is used here. The holidays are those of the State Council's notices, copied as dates; of 2027
none is out yet, so its statutory days stand with the weekends that join on to them.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise

BEIJING = timezone(timedelta(hours=8))
OPENS, NOON, CLOSES, LIST_AT = time(9), time(12), time(20, 30), time(9, 30)
GAP, MONTH, YEAR, TENURE = timedelta(days=14), timedelta(days=31), timedelta(days=365), timedelta(days=30)
IN_MONTH, IN_YEAR = 2, 8
LEAST_SURVEY = 7
BUDGET, REP_LOAD = 300, 10
WINDOW, ON_LIST, REFUSAL = timedelta(hours=48), timedelta(days=3), timedelta(days=180)

BREAKS = (
    # 国办发明电〔2023〕7号
    "2023-12-30 2024-01-01", "2024-02-10 2024-02-17", "2024-04-04 2024-04-06", "2024-05-01 2024-05-05",
    "2024-06-08 2024-06-10", "2024-09-15 2024-09-17", "2024-10-01 2024-10-07",
    # 国办发明电〔2024〕12号
    "2025-01-01 2025-01-01", "2025-01-28 2025-02-04", "2025-04-04 2025-04-06", "2025-05-01 2025-05-05",
    "2025-05-31 2025-06-02", "2025-10-01 2025-10-08",
    # 国办发明电〔2025〕7号
    "2026-01-01 2026-01-03", "2026-02-15 2026-02-23", "2026-04-04 2026-04-06", "2026-05-01 2026-05-05",
    "2026-06-19 2026-06-21", "2026-09-25 2026-09-27", "2026-10-01 2026-10-07",
    # 2027: 全国年节及纪念日放假办法, with the weekends that touch its days
    "2027-01-01 2027-01-03", "2027-02-05 2027-02-08", "2027-04-03 2027-04-05", "2027-05-01 2027-05-02",
    "2027-06-09 2027-06-09", "2027-09-15 2027-09-15", "2027-10-01 2027-10-03",
)  # fmt: skip
MADE_UP = {
    date.fromisoformat(day)
    for day in (
        "2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12",
        "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11",
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
    )
}  # fmt: skip


def _each_day(span: str) -> Iterator[date]:
    first, last = map(date.fromisoformat, span.split())
    while first <= last:
        yield first
        first += timedelta(days=1)


HOLIDAYS = {day for span in BREAKS for day in _each_day(span)}


def is_worked(day: date) -> bool:
    """Whether people go to work on a day."""
    return day in MADE_UP or (day.weekday() < 5 and day not in HOLIDAYS)


def is_lawful_hour(at: datetime) -> bool:
    """Whether a customer may be written to at a time."""
    local = at.astimezone(BEIJING)
    return (NOON if local.date() in HOLIDAYS else OPENS) <= local.time() < CLOSES


@dataclass(slots=True)
class Known:
    """What the diary says of one customer.

    `complaints` are the openings and, marked True, the closings; `barred` is the phase in which something began to
    forbid asking them.
    """

    consent: str = "unknown"
    consent_at: datetime | None = None
    since: datetime | None = None
    survey: float | None = None
    surveyed_at: datetime | None = None
    complaints: set[tuple[datetime, bool]] = field(default_factory=set)
    holdout: bool = False
    wrote_at: datetime | None = None
    asked: list[datetime] = field(default_factory=list)
    barred: int = -1


@dataclass(slots=True)
class Judge:
    """Hears what people say and what reaches them. A phase is what goes on side by side; `turn` begins the next.

    What a customer says becomes binding for everything that begins after it was acknowledged; an ask that was already
    on its way in the same phase is counted as `in_flight`. `paused` is the phase in which the campaign was paused.
    """

    people: dict[str, Known] = field(default_factory=dict)
    phase: int = 0
    problems: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    by_day: Counter[date] = field(default_factory=Counter)
    paused: int | None = None
    _nudges: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def turn(self) -> None:
        """What was under way is over."""
        self.phase += 1

    # --- what people say ---------------------------------------------------------------------------------------------

    def consent(self, person: str, answer: str, at: datetime) -> None:
        """A customer agreed, refused or withdrew."""
        known = self.people[person]
        known.consent, known.consent_at = answer, at
        if answer != "granted":
            known.barred = self.phase

    def permitted(self, person: str, at: datetime) -> None:
        """A rep passes on a yes: it undoes no withdrawal, and no refusal of the last half year."""
        known = self.people[person]
        fresh = known.consent == "refused" and known.consent_at and at - known.consent_at < REFUSAL
        if known.consent != "withdrawn" and not fresh:
            self.consent(person, "granted", at)

    def surveyed(self, person: str, score: float, at: datetime) -> None:
        """A survey was answered; the latest counts."""
        known = self.people[person]
        if known.surveyed_at is None or at >= known.surveyed_at:
            known.survey, known.surveyed_at = score, at
            if score < LEAST_SURVEY:
                known.barred = self.phase

    def complained(self, person: str, at: datetime) -> None:
        self.people[person].complaints.add((at, False))
        self.people[person].barred = self.phase

    def resolved(self, person: str, at: datetime) -> None:
        """It closes what was open by then, if anything was."""
        self.people[person].complaints.add((at, True))

    def bought(self, person: str, at: datetime) -> None:
        known = self.people[person]
        known.since = min(known.since or at, at)

    def wrote(self, person: str, at: datetime) -> None:
        self.people[person].wrote_at = at

    def pauses(self) -> None:
        """The campaign is paused now, whether it was before or not."""
        if self.paused is None:
            self.paused = self.phase
            self.counts["campaign paused by itself"] += 1

    def goes_on(self) -> None:
        """A person has let the campaign go on."""
        self.paused = None
        self.counts["campaign resumed by a person"] += 1

    # --- what reaches them -------------------------------------------------------------------------------------------

    def asked(self, person: str, nudge: str, route: str, at: datetime, *, planned_at: datetime | None = None) -> None:
        """An ask reached a customer, through the desk or from a rep who had it planned for `planned_at`."""
        known = self.people[person]
        self.counts[f"asked by {route}"] += 1
        wrong = [*self._twice(nudge), *_timing(known, route, at, planned_at), *_caps(known.asked, at)]
        wrong += [*_never(known, at), *self._said_no(known), *self._halted()]
        self.problems += [f"{person} was asked ({nudge}, {route}, {at.astimezone(BEIJING)}) {each}" for each in wrong]
        insort(known.asked, at)
        self._nudges[nudge] = (person, at)
        self.by_day[at.astimezone(BEIJING).date()] += 1

    def taken_back(self, nudge: str) -> None:
        """The rep did not say it after all."""
        person, at = self._nudges.pop(nudge)
        self.people[person].asked.remove(at)
        self.counts["taken back"] += 1

    def planned(self, asks: Iterator[tuple[datetime, str, str | None]]) -> None:
        """All asks of the plan, each with its time, route and rep."""
        of_day: Counter[date] = Counter()
        of_rep: Counter[tuple[str, date]] = Counter()
        for at, route, rep in asks:
            local = at.astimezone(BEIJING)
            self.counts["planned"] += 1
            of_day[local.date()] += 1
            if not is_lawful_hour(at):
                self.problems.append(f"an ask was planned for {local}")
            if route == "rep":
                of_rep[str(rep), local.date()] += 1
                if not is_worked(local.date()) or local.time() < LIST_AT:
                    self.problems.append(f"a rep was given an ask for {local}")
        self.problems += [f"{n} asks were planned for {day}" for day, n in of_day.items() if n > BUDGET]
        self.problems += [f"{rep} was given {n} asks for {day}" for (rep, day), n in of_rep.items() if n > REP_LOAD]
        self.counts["days at the budget"] = sum(n == BUDGET for n in of_day.values())
        self.counts["lists at the load"] = sum(n == REP_LOAD for n in of_rep.values())

    def _twice(self, nudge: str) -> Iterator[str]:
        if nudge in self._nudges:
            yield "twice"

    def _said_no(self, known: Known) -> Iterator[str]:
        wrong = [
            *([f"with consent {known.consent}"] if known.consent != "granted" else []),
            *(["with an open complaint"] if _is_complaining(known) else []),
            *([f"after survey {known.survey}"] if known.survey is not None and known.survey < LEAST_SURVEY else []),
        ]
        if wrong and known.barred == self.phase:
            self.counts["in flight"] += 1
            return
        yield from wrong

    def _halted(self) -> Iterator[str]:
        if self.paused == self.phase:
            self.counts["in flight"] += 1
        elif self.paused is not None:
            yield "while the campaign was paused"


def _is_complaining(known: Known) -> bool:
    open_ = 0
    for _, closes in sorted(known.complaints):
        open_ = max(0, open_ - 1) if closes else open_ + 1
    return open_ > 0


def _timing(known: Known, route: str, at: datetime, planned_at: datetime | None) -> Iterator[str]:
    if not is_lawful_hour(at):
        yield "outside the hours"
    if planned_at and not planned_at <= at < planned_at + ON_LIST:
        yield f"off the list of {planned_at}"
    if route == "kf" and (known.wrote_at is None or at - known.wrote_at >= WINDOW):
        yield "after the window closed"


def _caps(before: list[datetime], at: datetime) -> Iterator[str]:
    asked = sorted([*before, at])
    if any(b - a < GAP for a, b in pairwise(asked) if at in (a, b)):
        yield f"within {GAP.days} days: {before}"
    for most, span in ((IN_MONTH, MONTH), (IN_YEAR, YEAR)):
        if any(b - a < span for a, b in zip(asked, asked[most:], strict=False) if a <= at <= b):
            yield f"more than {most} times in {span.days} days"


def _never(known: Known, at: datetime) -> Iterator[str]:
    if known.holdout:
        yield "in the holdout"
    if known.since is None or at - known.since < TENURE:
        yield f"as a customer since {known.since}"
