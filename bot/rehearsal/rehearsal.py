"""A rehearsal: the production rules meet a made-up world, day by day, on its clock (design 5.6).

Here are only the customers' rows and the order of a day, as the jobs of the night and the morning keep it. What is
heard, what it adds up to, who may be asked, in which words and when, what is learned, who is left out to compare with,
and which links look made up, is settled by the rules of `referral`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from heapq import nlargest
from itertools import islice
from typing import Any

from bot.rehearsal.lines import Day, End, Event, Init, Known, advocate_of, spoken_of
from referral import best_hour, copies, learning, lift, moments, scoring
from referral.decisions import Customer, Send, judge
from referral.decisions import Day as DayFacts
from referral.errors import BadInput
from referral.floor import Policy, barrier
from referral.fraud import CaseBook
from referral.holdout import is_held_out
from referral.hours import Hours
from referral.ids import Bits
from referral.intervals import Interval, Sums
from referral.learning import Example, Model
from referral.moments import DAY, Moment, Permission, Thresholds
from referral.notices import Window
from referral.signals import Signal, SignalKind
from referral.times import SHANGHAI

POLICY = Policy(gap_days=14, per_year=10**6, monthly_cap=10**6, min_tenure_days=0)
HOURS: Hours = (time(9), time(21))
HOLDOUT = 0.10

_BEGIN = datetime(2026, 1, 5, 9, tzinfo=SHANGHAI)
_COMPLAINT_OPEN = 14 * DAY
_FRAMINGS = {"reward": "both"}  # of the words that worlds call otherwise


class Rehearsal:
    """One world from its first day to its end. `salt` draws the holdout.

    It raises `BadInput` for a customer who is named twice, `day` and `end` for one whom `init` did not name, and for a
    day that is over.
    """

    def __init__(self, world: Init, *, salt: str, rng: Bits) -> None:
        _check_once(world)
        self._rng, self._budget, self._day = rng, world.budget, 0
        self._copies = {_FRAMINGS.get(copy, copy): copy for copy in world.copy}
        self._customers = {each.cid: _met(each, salt) for each in world.customers}
        self._model = Model(since=_BEGIN)
        self._asked: list[tuple[int, Example]] = []
        self._complaints: dict[int, int] = {}
        self._hours = [0] * 24
        self._posters = self._visitors = self._traceless = 0
        self._book = CaseBook()

    def day(self, day: Day) -> dict[str, Any]:
        """Hear of yesterday and of today, then ask."""
        self._check(day)
        if day.day < self._day:
            raise BadInput("day", f"第 {self._day} 天已经过了，不能回到第 {day.day} 天")
        self._learn(day.outcomes)
        self._day = day.day
        for event in day.events:
            self._happened(event)
        self._hear(day)
        self._rank()
        return {"nudges": list(self._ask())}

    def end(self, end: End) -> dict[str, Any]:
        """What asking has brought, and which links look made up."""
        self._check(end)
        self._learn(end.outcomes)
        verdicts = self._book.verdicts(self._day + 1)
        brought = dict.fromkeys(self._customers, 0.0)
        for found in verdicts.conversions.values():
            brought[int(found.conversion.advocate)] += 1 - found.chance
        traced = sum(brought.values())
        asked, held = (
            Sums.of(brought[cid] for cid, moment in self._customers.items() if moment.holdout is out)
            for out in (False, True)
        )
        said = self._brought(asked, held, traced)
        return {
            "incremental": {"point": said.point, "lo": said.lo, "hi": said.hi},
            "fraud_links": sorted(verdicts.bad_links),
        }

    def _brought(self, asked: Sums, held: Sums, traced: float) -> Interval:
        """What asking has brought: nothing where nobody was asked; at most all, where there is nobody to compare."""
        if not any(moment.nudged_at for moment in self._customers.values()):
            return Interval(point=0.0, lo=0.0, hi=0.0)
        if not asked.n or not held.n:
            came = traced + self._traceless
            return Interval(point=0.0, lo=-came, hi=came)
        return lift.incremental(asked, held, scale=(traced + self._traceless) / traced if traced else 1.0)

    def _check(self, said: Day | End) -> None:
        for field, cid in spoken_of(said):
            if cid not in self._customers:
                raise BadInput(field, "缺了客户" if cid is None else f"init 里没有 {cid} 号客户")

    @property
    def _now(self) -> datetime:
        return _BEGIN + self._day * DAY

    # ---- what comes in ----------------------------------------------------------------------------------------------

    def _learn(self, outcomes: Sequence[Event]) -> None:
        """Yesterday's asks: the night's job."""
        read = {event.cid for event in outcomes if event.t == "read"}
        took = {event.nudge for event in outcomes if event.t == "took"}
        for event in outcomes:
            self._happened(event)
        for cid in read:
            if cid is not None:
                self._customers[cid] = moments.read(self._customers[cid])
        examples = [
            replace(example, took=place in took)
            for place, (cid, example) in enumerate(self._asked)
            if cid in read or place in took
        ]
        self._asked = []
        model = replace(self._model, posters=self._posters, visitors=self._visitors, hours=tuple(self._hours))
        self._model, own = learning.learn(model, examples, self._now)
        for person, (number, seen) in own.items():
            self._change(int(person), own=number, own_seen=seen)

    def _happened(self, event: Event) -> None:
        match event.t:
            case "took":
                assert event.cid is not None
                moment = self._customers[event.cid]
                self._customers[event.cid] = moments.taken(moment, self._now, unprompted=event.nudge is None)
                self._posters += 1
            case "optout":
                assert event.cid is not None
                self._change(event.cid, consent=Permission.WITHDRAWN)
            case "click":
                assert event.link
                advocate = advocate_of(event.link)
                self._change(advocate, visitors=self._customers[advocate].visitors + 1)
                self._visitors += 1
                self._book.opened(event.link, str(event.pid))
            case "convert" if event.link is None:
                self._traceless += 1
            case "convert":
                self._converted(event)
            case "refund" if event.link:
                self._book.refund(event.link, str(event.pid), day=self._day)
            case _:
                pass

    def _converted(self, event: Event) -> None:
        assert event.link
        advocate = advocate_of(event.link)
        self._book.convert(
            event.link,
            str(advocate),
            str(event.pid),
            day=self._day,
            same_device=event.same_device,
            hours=event.hours,
        )
        if not event.same_device:
            self._change(advocate, brought=self._customers[advocate].brought + 1)

    def _hear(self, day: Day) -> None:
        for cid, hour in day.msg:
            self._signal(cid, SignalKind.ACTIVITY, count=1)
            self._change(cid, hours=best_hour.wrote(self._customers[cid].hours, hour))
            self._hours[hour] += 1
        for kind, some in ((SignalKind.PURCHASE, day.buy), (SignalKind.PRAISE, day.praise)):
            for cid in some:
                self._signal(cid, kind)
        for cid, score in day.survey:
            self._signal(cid, SignalKind.SURVEY, score=score)
        self._complain(day.complaint)

    def _complain(self, some: Iterable[int]) -> None:
        """Open what was said today, and close what was said a fortnight ago: no closing is told here."""
        for cid in some:
            self._signal(cid, SignalKind.COMPLAINT, open_complaints=1)
            self._complaints[cid] = self._day
        for cid in [cid for cid, day in self._complaints.items() if (self._day - day) * DAY >= _COMPLAINT_OPEN]:
            self._change(cid, complaints=0)
            del self._complaints[cid]

    def _signal(
        self,
        cid: int,
        kind: SignalKind,
        *,
        score: float | None = None,
        count: float | None = None,
        open_complaints: int = 0,
    ) -> None:
        moment = self._customers[cid]
        signal = Signal(person=moment.person, kind=kind, at=self._now, source="file", score=score, count=count)
        heard = moments.heard(moment, signal, open_complaints=open_complaints, rank=moment.rank)
        self._customers[cid] = heard

    def _rank(self) -> None:
        """Everybody's place on the company's own scale of activity: the night's job."""
        scale = Thresholds.of(moment.activity or 0.0 for moment in self._customers.values())
        for cid, moment in self._customers.items():
            rank = scale.rank(moment.activity or 0.0)
            if rank != moment.rank:
                self._customers[cid] = moment.but(rank=rank)

    def _change(self, cid: int, **news: Any) -> None:
        self._customers[cid] = self._customers[cid].but(**news)

    # ---- what goes out ----------------------------------------------------------------------------------------------

    def _ask(self) -> Iterator[dict[str, Any]]:
        """The plan of the day: the best of those who may be asked, each judged once more, in words and at an hour."""
        now, weights = self._now, self._model.weights
        free = ((cid, moment) for cid, moment in self._customers.items() if barrier(moment, POLICY, now) is None)
        ranked = nlargest(3 * self._budget, ((scoring.score(moment, now, weights), cid) for cid, moment in free))
        for cid in islice(filter(self._may_ask, (cid for _, cid in ranked)), self._budget):
            moment = self._customers[cid]
            seen = learning.sight(moment, scoring.features(moment, now))
            arm = copies.choose(self._model, seen, tuple(self._copies), self._rng)
            example = Example(
                person=str(cid), sight=seen, arm=arm, took=False, own=moment.own, own_seen=moment.own_seen
            )
            self._asked.append((cid, example))
            self._customers[cid] = moments.nudged(moment, now, heard=False)
            hour = best_hour.best(moment.hours, self._hours, range(HOURS[0].hour, HOURS[1].hour))
            yield {"cid": cid, "copy": self._copies[arm], "hour": hour}

    def _may_ask(self, cid: int) -> bool:
        moment, now = self._customers[cid], self._now
        desk = Window(desk="rehearsal", person=moment.person, handle=moment.person, said_at=now, sent=0)
        day = DayFacts(policy=POLICY, hours=HOURS, weights=self._model.weights)
        customer = Customer(moment=moment, window=desk, took_at=moment.took_at, seen=True)  # who looked is not told
        return isinstance(judge(customer, day, now).decision, Send)


def _check_once(world: Init) -> None:
    met: set[int] = set()
    for place, each in enumerate(world.customers):
        if each.cid in met:
            raise BadInput(f"customers[{place}].cid", f"{each.cid} 号客户写了两次")
        met.add(each.cid)


def _met(known: Known, salt: str) -> Moment:
    person = str(known.cid)
    return Moment(
        person=person,
        holdout=is_held_out(person, HOLDOUT, salt),
        consent=Permission.GRANTED,
        customer_since=_BEGIN - timedelta(days=known.tenure),
        coupon=known.coupon,
        came_by=bool(known.referred),
        activity=0.0,
    )
