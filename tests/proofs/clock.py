"""The clock proof: 100 000 planned asks on a virtual clock, and a judge with a diary and a wall calendar.

`python tests/proofs/clock.py [--planned N] [--database sqlite|postgres|both] [--seed N] [--quick]` prints JSON, and
exits 1 if anybody was asked who should not have been. More are planned by living through SQLite's spans again, each
time with other chances, until there are enough: a million takes an hour and more of two processors.

Spans of 90 days, each with a company of its own, over the holidays, make-up Saturdays and year ends of 2024-2027. Real
are the plan, the night's work (the scale of activity, and learning from what the asks came to, beside everything
else), the rules, the senders, both databases and the use cases of reps and customers; on SQLite four senders
share one store, on PostgreSQL four processes share one database, for a smaller company. The gateway and HTTP are real
on PostgreSQL and in one span on SQLite, in memory in the others; the platform, the reps and the customers are scripts.
In between, senders are broken off and processes killed, the platform fails, the clock jumps by an hour and by days to
and fro, and the house is down for three days at a time. Consent, surveys, complaints and windows change all the while,
also between plan and send. The day's budget is 300 instead of 200, for the sake of numbers; all else is as shipped.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":  # run as a script, this folder is no place for imports, and the project is
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from aiohttp import ClientSession
from sqlalchemy import text

from bot.offers import load_pack
from bot.ranking import rank_tonight
from bot.ripening import learn_from_asks
from referral import campaigns, codes, consent, due_rows, nudges, rep_list, silence
from referral.campaigns import CampaignState
from referral.consent import Answer
from referral.news import take_in
from referral.nudges import Go, NudgeState, Purpose, Wait
from referral.signals import Signal, SignalKind
from storage.open import migrate_database, open_store
from storage.store import Store
from storage.times import at as time_of
from storage.transaction import Transaction
from tests.fixtures.postgres_server import private_postgres
from tests.proofs.clock_judge import BEIJING, Judge
from tests.proofs.clock_people import DESK, PAST, REPS, handle, settle
from tests.proofs.clock_senders import (
    FOUR,
    Platform,
    Processes,
    Shortcut,
    Tasks,
    die_with_parent,
    gateway_to,
    house,
    hush,
)
from tests.proofs.crash import served

DAYS = 90
PLANNED = 100_000
SIZES = {"sqlite": 8000, "postgres": 1500}
"""Customers of a company; four processes on two cores are slow company on PostgreSQL."""
SPANS = (
    ("2024-01-20", "sqlite"),  # 春节, make-up Sundays, 清明
    ("2024-08-20", "postgres"),  # 中秋, 国庆
    ("2024-12-05", "sqlite over HTTP"),  # the year's end, 春节 2025
    ("2025-04-10", "sqlite"),  # 劳动节, 端午
    ("2025-09-05", "sqlite"),  # 国庆 and 中秋 as one
    ("2025-12-15", "postgres"),  # the year's end, 春节 2026
    ("2026-08-25", "sqlite"),  # 中秋, 国庆
    ("2026-12-10", "sqlite"),  # the year's end, 春节 2027, of which no notice is out
    ("2025-12-10", "sqlite"),  # 元旦 and 春节 2026 with their make-up weekends
)
EDGES = tuple(map(hour.fromisoformat, ("08:59:40", "09:00:00", "11:59:50", "12:00:10", "20:29:50", "20:30:00")))
NIGHT, PLAN_AT = hour(3), hour(9, 30)
LOOKS = 9
"""At the clock, a day."""
NEWS = ("wrote", "survey", "complaint", "resolved", "optout", "refuse", "grant", "bought")
PER_DAY = (0.05, 0.006, 0.002, 0.0015, 0.0004, 0.0004, 0.002, 0.003)
"""How likely each kind of news is of one customer on one day."""
NOES = ("optout", "refuse", "complaint", "survey", "later")
AT_ONCE = 3
"""How many reps tap at the same moment."""


class News(NamedTuple):
    """What happens with a customer; `value` is the score of a survey."""

    kind: str
    person: str
    value: float = 0.0


@dataclass(slots=True)
class Span:
    """One company over 90 days. `how` names the database, and whether SQLite's senders go over HTTP."""

    url: str
    how: str
    begins: date
    seed: int
    size: int = SIZES["sqlite"]
    days: int = DAYS
    now: datetime = field(init=False)
    rng: random.Random = field(init=False)
    judge: Judge = field(default_factory=Judge)
    counts: Counter[str] = field(default_factory=Counter)
    people: list[str] = field(init=False)
    store: Store = field(init=False)
    campaign: str = field(init=False)
    _reached: list[str] = field(default_factory=list)
    _soon: list[tuple[int, News]] = field(default_factory=list)
    _steps: int = 0
    _off: tuple[timedelta, int] = (timedelta(), 0)
    _said: list[tuple[str, str]] = field(default_factory=list)

    async def run(self) -> dict[str, Any]:
        """Live through the span; returns the report."""
        began = time.monotonic()
        self.rng = random.Random(self.seed)
        self.now = datetime.combine(self.begins, hour(0, 5), BEIJING).astimezone(UTC)
        platform = Platform(now=self._seconds, rng=random.Random(self.seed + 1), reached=self._arrived)
        if self.how == "postgres":
            await migrate_database(self.url)
        self.store = await open_store(self.url)
        self.people = await settle(self.store, self.judge, self.size, house().policy, now=self.now, rng=self.rng)
        await self.store.write(self._open)
        runner, api_base = await served(platform)
        try:
            async with ClientSession() as session:
                senders = self._senders(platform, api_base, session)
                try:
                    await self._live(senders)
                finally:
                    await senders.close()
            await self.store.read(self._close)
        finally:
            await runner.cleanup()
            await self.store.close()
        return self._report(time.monotonic() - began, platform.counts + senders.counts)

    def _senders(self, platform: Platform, api_base: str, session: ClientSession) -> Tasks | Processes:
        if self.how == "postgres":
            return Processes(self.url, api_base, self._clock, random.Random(self.seed + 2))
        over_http = self.how != "sqlite"
        desks: list[Any] = [
            gateway_to(session, api_base, self._clock) if over_http else Shortcut(platform) for _ in range(FOUR)
        ]
        return Tasks(self.store, desks, self._clock, random.Random(self.seed + 2))

    def _clock(self) -> datetime:
        return self.now

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _open(self, tx: Transaction) -> None:
        terms = load_pack("double-month").terms
        self.campaign = campaigns.start(
            tx, pack="double-month", name="季", terms=terms, starts_at=self.now, ends_at=None,
            budget_fen=terms.budget_fen, now=self.now, rng=random.Random(self.seed),
        ).id  # fmt: skip

    # --- days and hours ----------------------------------------------------------------------------------------------

    async def _live(self, senders: Tasks | Processes) -> None:
        for true_now in self._instants():
            self.now = true_now + self._jumped()
            await self._step(senders)
        for _ in range(8):  # what waits comes to its end
            self.now += timedelta(hours=13)
            await senders.work(rescue=True)

    def _instants(self) -> Iterator[datetime]:
        """When somebody looks at the clock: at random hours, and on the edges of the lawful ones."""
        down_from = {self.days // 3, 2 * self.days // 3 + 2} if self.days >= 10 else set()
        day = 0
        while day < self.days:
            if day in down_from:
                self.counts["three days down"] += 1
                day += 3
            today = self.begins + timedelta(days=day)
            hours = [NIGHT, PLAN_AT, *self.rng.sample(EDGES, 3)]
            hours += [hour(self.rng.randrange(24), self.rng.randrange(60), self.rng.randrange(60)) for _ in range(4)]
            yield from (datetime.combine(today, each, BEIJING).astimezone(UTC) for each in sorted(hours))
            day += 1

    def _jumped(self) -> timedelta:
        """How far the clock is off: by an hour or by days, for a few looks at it."""
        off, left = self._off
        if left:
            self._off = (off, left - 1)
            return off
        chance = self.rng.random()
        if chance < 0.02:
            off = timedelta(hours=self.rng.choice((-1, 1)))
        elif chance < 0.026:
            off = timedelta(days=self.rng.choice((-2, -1, 1, 3)), minutes=self.rng.randrange(600))
        else:
            self._off = (timedelta(), 0)
            return timedelta()
        self.counts["jumps of an hour" if abs(off) < timedelta(hours=2) else "jumps of days"] += 1
        self._off = (off, self.rng.randrange(1, 5))
        return off

    async def _step(self, senders: Tasks | Processes) -> None:
        """News comes in; then sending, reps and customers who say no go on side by side, at times the plan too."""
        self._steps += 1
        local = self.now.astimezone(BEIJING).time()
        if self.judge.paused is not None and self.rng.random() < (0.8 if local == PLAN_AT else 0.1):
            await self._resume()
        await self._hear(self._ordinary_news())
        self.judge.turn()
        planners = 1 if local == PLAN_AT else 0
        if self.rng.random() < 0.05:
            planners = self.rng.choice((1, 1, FOUR))
            self.counts["plans by four at once"] += planners == FOUR
        diligence = 0.35 if PLAN_AT <= local < hour(20) else 0.1
        if planners == 1 and self.rng.random() < 0.8:
            await senders.work(planners=1, sends=False)
            self.judge.turn()
            planners = 0
        at_work = [rep for rep in REPS if self.rng.random() < diligence]
        async with asyncio.TaskGroup() as group:
            group.create_task(
                senders.work(planners=planners, kill=self.rng.random() < 0.04, rescue=self.rng.random() < 0.3)
            )
            for first in range(AT_ONCE):
                group.create_task(self._reps_work(at_work[first::AT_ONCE]))
            group.create_task(self._say_no())
            if local == NIGHT:
                group.create_task(self._night())
        self.judge.turn()
        self._react()

    async def _resume(self) -> None:
        """The campaign has paused because too many opted out or complained; a person has it go on all the same."""
        now = self.now
        await self.store.write(lambda tx: campaigns.move(tx, self.campaign, CampaignState.RUNNING, now=now))
        self.judge.goes_on()

    async def _night(self) -> None:
        """As the clock has it done: everybody is ranked again, then the model learns, and scores are made anew."""
        await rank_tonight(self.store, house(), clock=self._clock)
        self.counts["asks learned from"] += await learn_from_asks(self.store, clock=self._clock)
        self.counts["nights of learning"] += 1

    # --- customers ---------------------------------------------------------------------------------------------------

    def _ordinary_news(self) -> list[News]:
        """What comes in since the last look."""
        news = [each for due, each in self._soon if due <= self._steps]
        self._soon = [(due, each) for due, each in self._soon if due > self._steps]
        for kind, share in zip(NEWS, PER_DAY, strict=True):
            count = share * self.size / LOOKS
            number = int(count) + (self.rng.random() < count % 1)
            news += [News(kind, self.rng.choice(self.people), self._score()) for _ in range(number)]
        return news

    def _score(self) -> float:
        return float(self.rng.choice((3, 6, 7, 8, 9, 9, 10, 10)))

    async def _hear(self, news: list[News]) -> None:
        """In one transaction; the diary follows once it is kept."""
        now, seed = self.now, self.rng.getrandbits(32)

        def unit(tx: Transaction) -> bool:
            rng = random.Random(seed)
            for each in news:
                self._take(tx, each, now, rng)
            return self._is_paused(tx)

        if await self.store.write(unit):
            self.judge.pauses()
        for each in news:
            self._note(each, now)

    def _is_paused(self, tx: Transaction) -> bool:
        campaign = tx.campaigns.get(self.campaign)
        return campaign is not None and campaign.state is CampaignState.PAUSED

    def _take(self, tx: Transaction, news: News, now: datetime, rng: random.Random) -> None:
        kind, person, value = news
        facts = house()
        match kind:
            case "wrote":
                tx.windows.opened(DESK, person, handle(person), now)
                nudges.read(tx, person, now=now)
                due_rows.met(tx, facts, person, now, now=now)
            case "survey" | "complaint" | "resolved":
                told = {"survey": SignalKind.SURVEY, "complaint": SignalKind.COMPLAINT, "resolved": SignalKind.RESOLVED}
                score = value if kind == "survey" else None
                signal = Signal(person=person, kind=told[kind], at=now, source="proof", score=score)
                take_in(tx, facts, signal, now=now, rng=rng)
            case "optout":
                silence.keep(tx, facts, person, evidence="不再提醒", channel="kf", now=now)
            case "refuse" | "grant":
                answer = Answer.REFUSED if kind == "refuse" else Answer.GRANTED
                consent.say(tx, facts, person, answer, evidence=kind, channel="kf", now=now)
            case "bought":
                due_rows.bought(tx, facts, person, now, now=now)
            case "took":
                nudges.took(tx, person, now=now)
            case "poster":
                advocate, campaign = tx.people.get(person), tx.campaigns.get(self.campaign)
                codes.issue(tx, facts, advocate, campaign, evidence="chat", now=now)
                nudges.took(tx, person, now=now)
            case "later":
                nudges.put_off(tx, facts, person, now=now)

    def _note(self, news: News, now: datetime) -> None:
        kind, person, value = news
        self.counts[f"news: {kind}"] += 1
        match kind:
            case "wrote":
                self.judge.wrote(person, now)
            case "survey":
                self.judge.surveyed(person, value, now)
            case "complaint":
                self.judge.complained(person, now)
            case "resolved":
                self.judge.resolved(person, now)
            case "optout":
                self.judge.consent(person, "withdrawn", now)
            case "refuse":
                self.judge.consent(person, "refused", now)
            case "grant":
                self.judge.consent(person, "granted", now)
            case "bought":
                self.judge.bought(person, now)

    async def _say_no(self) -> None:
        """Some whom an ask is on its way to speak up while it is being sent, others before."""
        if self.rng.random() > 0.4:
            return
        query = text("select person from nudges where state in ('listed','queued') and purpose = 'ask' order by person")
        waiting = list(await self.store.read(lambda tx: tx.connection.execute(query).scalars().all()))
        for person in self.rng.sample(waiting, min(len(waiting), 3)):
            kind = self.rng.choice(NOES)
            await self._hear([News(kind, person, float(self.rng.choice((2, 6))))])
            self.counts["no between plan and send"] += kind != "later"

    def _arrived(self, person: str, nudge: str) -> None:
        self.judge.asked(person, nudge, "kf", self.now)
        self._reached.append(person)

    def _react(self) -> None:
        """Most of those who were asked take a poster sooner or later; a few have enough."""
        for person in self._reached:
            chance, soon = self.rng.random(), self._steps + self.rng.randrange(1, 30)
            kind = "took" if chance < 0.6 else "poster" if chance < 0.66 else "later" if chance < 0.7 else None
            if chance > 0.985:
                kind = "optout"
            if kind:
                self._soon.append((soon, News(kind, person)))
        self._reached.clear()

    # --- reps --------------------------------------------------------------------------------------------------------

    async def _reps_work(self, reps: list[str]) -> None:
        for rep in reps:
            await self._rep_works(rep, self.rng.getrandbits(32))

    async def _rep_works(self, rep: str, seed: int) -> None:
        """A rep goes through the list at whatever hour it is, then tells what became of the last ones."""
        now, said = self.now, [each for each in self._said if each[0] == rep]
        self._said = [each for each in self._said if each[0] != rep]
        done, paused = await self.store.write(
            lambda tx: (self._go_through(tx, rep, now, random.Random(seed)), self._is_paused(tx))
        )
        if paused:
            self.judge.pauses()
        for what, nudge, person, planned_at in done:
            self.counts[f"rep: {what}"] += 1
            if what == "asked":
                self.judge.asked(person, nudge, "rep", now, planned_at=planned_at)
                self._reached.append(person)
                self._said.append((rep, nudge))
            elif what == "不再提醒":
                self.judge.consent(person, "withdrawn", now)
            elif what in ("granted", "refused"):
                (self.judge.permitted if what == "granted" else self._refused)(person, now)
        for _, nudge in said:
            takes_back = self.rng.random() < 0.06
            if await self.store.write(lambda tx, nudge=nudge, back=takes_back: _tell(tx, nudge, back, now)):
                self.judge.taken_back(nudge)

    def _refused(self, person: str, now: datetime) -> None:
        if self.judge.people[person].consent != "withdrawn":
            self.judge.consent(person, "refused", now)

    def _go_through(
        self, tx: Transaction, rep: str, now: datetime, rng: random.Random
    ) -> list[tuple[str, str, str, datetime]]:
        facts, done = house(), []
        for nudge in tx.nudges.on_list(rep, now):
            if nudge.state is not NudgeState.LISTED:
                continue
            chance, what = rng.random(), ""
            if nudge.purpose is Purpose.CONSENT:
                if chance < 0.5:
                    answer = Answer.GRANTED if chance < 0.35 else Answer.REFUSED
                    rep_list.permission(tx, facts, nudge, answer, rep, now=now)
                    what = answer.value
            elif chance < 0.6:
                verdict = nudges.start(tx, facts, nudge, "", now=now)
                what = (
                    "asked" if isinstance(verdict, Go) else "told to wait" if isinstance(verdict, Wait) else "stopped"
                )
            elif chance < 0.63:
                rep_list.silence(tx, facts, nudge, rep, now=now)
                what = "不再提醒"
            elif chance < 0.67:
                nudges.skip(tx, facts, nudge, rng.choice(("chatted", "not_now", "unsuitable")), now=now)
                what = "skipped"
            if what:
                done.append((what, nudge.id, nudge.person, nudge.planned_at))
        return done

    # --- the end -----------------------------------------------------------------------------------------------------

    def _close(self, tx: Transaction) -> None:
        """All that was planned, and what became of it."""
        self.counts["versions of the model"] = tx.models.current().version
        asks = "from nudges where decision = 'send' and purpose = 'ask' and id not like :past"
        rows = tx.connection.execute(text(f"select planned_at, channel, rep {asks}"), {"past": f"{PAST}%"}).all()
        self.judge.planned((time_of(row[0]), row[1], row[2]) for row in rows)
        ends = tx.connection.execute(
            text(f"select state, outcome, count(*) {asks} group by state, outcome"), {"past": f"{PAST}%"}
        )
        for state, outcome, count in ends:
            self.counts[f"ended: {outcome if state == 'ended' else state}"] += count
        left = "select state, count(*) from outbox where state in ('queued', 'sending') group by state"
        for state, count in tx.connection.execute(text(left)):
            self.judge.problems.append(f"{count} letters are still {state}")

    def _report(self, seconds: float, counts: Counter[str]) -> dict[str, Any]:
        judge = self.judge
        return {
            "span": f"{self.begins} + {self.days} days, {self.how}",
            "seed": self.seed,
            "customers": self.size,
            "seconds": round(seconds, 1),
            "counts": dict(sorted((judge.counts + self.counts + counts).items())),
            "most_on_one_day": max(judge.by_day.values(), default=0),
            "violations": len(judge.problems),
            "problems": judge.problems[:20],
        }


def _tell(tx: Transaction, name: str, takes_back: bool, now: datetime) -> bool:
    """The rep says of an ask that it was said, or takes it back; True if it did not count after all."""
    nudge = tx.nudges.get(name)
    if nudge is None or nudge.state is not NudgeState.SENT or nudge.delivered_at:
        return False
    if takes_back:
        nudges.take_back(tx, house(), nudge, now=now)
    else:
        nudges.confirm(tx, nudge, now=now)
    return takes_back


async def prove(
    url: str, how: str, begins: str, *, seed: int, size: int = SIZES["sqlite"], days: int = DAYS
) -> dict[str, Any]:
    """One span on one empty database; returns its report, whose `problems` are empty if all held."""
    span = Span(url=url, how=how, begins=date.fromisoformat(begins), seed=seed, size=size, days=days)
    return await span.run()


def main() -> int:
    """Run all spans and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--planned", type=int, default=PLANNED, metavar="N", help="how many asks at least")
    parser.add_argument("--quick", action="store_true", help="one small span on each database")
    asked = parser.parse_args()
    began = time.monotonic()
    numbered = [(begins, how, asked.seed + number) for number, (begins, how) in enumerate(SPANS)]
    on_sqlite, on_postgres = ([span for span in numbered if span[1].startswith(name)] for name in SIZES)
    halves = [on_sqlite[::2], on_sqlite[1::2]] if asked.database != "postgres" else []
    lanes = [Lane(half, asked.planned // 2, asked.quick) for half in halves]
    lanes += [Lane(on_postgres, 0, asked.quick)] if asked.database != "sqlite" else []
    with ProcessPoolExecutor(len(lanes), get_context("spawn"), initializer=die_with_parent) as pool:
        spans = [span for lane in pool.map(_prove_lane, lanes) for span in lane]
    total = Counter[str]()
    for span in spans:
        total.update(span["counts"])
    enough = asked.quick or asked.database != "both" or total["planned"] >= asked.planned
    good = enough and not any(span["violations"] for span in spans)
    report = {
        "ok": good,
        "seed": asked.seed,
        "planned": total["planned"],
        "violations": sum(span["violations"] for span in spans),
        "seconds": round(time.monotonic() - began, 1),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
        "total": dict(sorted(total.items())),
        "spans": spans,
    }
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 0 if good else 1


class Lane(NamedTuple):
    """Spans to live through one after the other, and again until `planned` asks were; `quick`: the first, in small."""

    spans: list[tuple[str, str, int]]
    planned: int
    quick: bool


def _prove_lane(lane: Lane) -> list[dict[str, Any]]:
    if lane.quick:
        return [_prove_alone(*lane.spans[0], True)]
    reports: list[dict[str, Any]] = []
    for turn in itertools.count():
        for begins, how, seed in lane.spans:
            planned = sum(report["counts"]["planned"] for report in reports)
            if turn and planned >= lane.planned:
                return reports
            reports.append(_prove_alone(begins, how, seed + turn * len(SPANS), False))
    return reports


def _prove_alone(begins: str, how: str, seed: int, quick: bool) -> dict[str, Any]:
    hush()
    size = {"size": 600, "days": 30} if quick else {"size": SIZES[how.split(maxsplit=1)[0]]}
    with ExitStack() as stack:
        if how == "postgres":
            url = stack.enter_context(private_postgres()).create("proof")
        else:
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory(prefix='taoli-proof-'))}/taoli.db"
        report = asyncio.run(prove(url, how, begins, seed=seed, **size))
    told = f"{report['counts'].get('planned', 0)} planned, {report['violations']} violations"
    print(f"{report['span']}: {told}, {report['seconds']} s", *report["problems"][:3], sep="\n  ", file=sys.stderr)
    return report


if __name__ == "__main__":
    sys.exit(main())
