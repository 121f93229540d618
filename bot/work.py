"""What goes on by itself: due jobs, the outbox, the calendar, the ledger's order and heads.

Jobs and letters are drained side by side, so that a slow reading of a desk never holds up a welcome.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from bot import caring as care_work
from bot import planning
from bot.celebrating import CELEBRATE, celebrate, celebrate_again, come_of_age
from bot.channels.wecom.pull import Puller
from bot.channels.wecom.sender import Sender
from bot.erasing import FORGET_CODE
from bot.fulfilment.fulfilment import Fulfilment
from bot.growing import GROW, grow, grow_again
from bot.handler import PULL
from bot.lifting import MEASURE, measure_again, measure_tonight
from bot.nightwatch import WATCH, watch, watch_again
from bot.photo_shelf import DESIGNS, PhotoShelf
from bot.posters.commissions import SAMPLE_CODE
from bot.posters.shelf import Shelf
from bot.ranking import RANK, rank_again, rank_tonight
from bot.retention import FORGET, forget_addresses, forget_again, forget_old
from bot.ripening import learn_from_asks
from referral import (
    approvals,
    campaigns,
    caring,
    claims,
    designs,
    desk_links,
    drafts,
    experimenting,
    guardrails,
    managers,
    notices,
    orders,
    plan,
    stories,
    story_quotes,
    suspicions,
    thanks,
    unseen,
)
from referral.announcements import ANNOUNCE
from referral.broadcasts import FOLLOW
from referral.facts import Facts
from referral.fulfilment import FULFIL
from referral.ids import Bits
from referral.jobs import Job
from referral.messages import FetchReps
from referral.outbox import Purpose, post
from referral.times import SHANGHAI, Clock
from scheduler.due import DueWork, Run
from scheduler.ticks import Tick
from storage import heads
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

_BREATH_S = 0.05  # between two rounds: under a stream of callbacks one round does for many of them
_DRAIN_S = 15.0  # how long what is under way may go on at the end


class StoreClaims:
    """`scheduler.due.Claims` over the store: the embedded adapter of the `Jobs` port."""

    def __init__(self, store: Store, facts: Facts, clock: Clock, rng: Bits) -> None:
        self._store = store
        self._facts = facts
        self._clock = clock
        self._rng = rng

    async def claim(self, *, limit: int, lease: timedelta) -> list[Job]:
        now = self._clock()
        return await self._store.write(lambda tx: tx.jobs.claim(now, limit=limit, lease=lease))

    async def done(self, job: Job) -> None:
        await self._store.write(lambda tx: tx.jobs.done(job))

    async def retry(self, job: Job, after: timedelta, note: str) -> None:
        due_at = self._clock() + after
        await self._store.write(lambda tx: tx.jobs.retry(job, due_at, note))

    async def bury(self, job: Job, note: str) -> None:
        """Give up on it, and tell a person: what it was for will not happen by itself."""
        now = self._clock()

        def unit(tx: Transaction) -> None:
            if tx.jobs.bury(job, note):
                stock: dict[str, object] = {"count": job.attempts, "id": job.kind}
                once = f"job:{job.kind}:{now.astimezone(SHANGHAI):%Y-%m-%d}"
                managers.tell(tx, self._facts, "rep.job_dead", stock, now=now, rng=self._rng, dedupe=once)

        await self._store.write(unit)
        log.error("job.dead", kind=job.kind, attempts=job.attempts, error=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the work needs to know. `sequences` where the ledger's order is a job of its own (PostgreSQL)."""

    store: Store
    facts: Facts
    sender: Sender
    fulfilment: Fulfilment
    puller: Puller
    desks: tuple[str, ...]
    has_contact: bool
    clock: Clock
    rng: Bits
    ledger_seed: bytes
    data_dir: Path
    sequences: bool


class Work:
    """Does what is due, when woken and every second; `settle` does it at once."""

    def __init__(self, setting: Setting) -> None:
        self._set = setting
        claims = StoreClaims(setting.store, setting.facts, setting.clock, setting.rng)
        self._due = DueWork(claims, self._runs(), setting.clock)
        self._wanted = (asyncio.Event(), asyncio.Event())
        self._loops: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """Something may be due now."""
        for wanted in self._wanted:
            wanted.set()
        self._due.wake()
        self._set.sender.wake()

    async def start(self) -> None:
        """Take up what a former process left, ask the platform for what is always needed, and begin."""
        await self._set.sender.rescue(all_of_them=True)
        await self._set.store.write(self._first_things)
        drains = (self._turn_and_drain, self._set.sender.drain)
        self._loops = [
            asyncio.create_task(_forever(wanted, drain)) for wanted, drain in zip(self._wanted, drains, strict=True)
        ]
        self.wake()

    async def stop(self) -> None:
        """Begin nothing new, let what is under way come to its end for a while, then let go."""
        for wanted in self._wanted:
            wanted.clear()
        try:
            async with asyncio.timeout(_DRAIN_S):
                await self._set.sender.finish()
        except TimeoutError:
            log.warning("work.broken_off")
        for loop in self._loops:
            loop.cancel()
        if self._loops:
            await asyncio.wait(self._loops, timeout=_DRAIN_S)
            await self.sign_head()

    async def settle(self) -> None:
        """Do all that is due until nothing is."""
        while await self._turn_and_drain() + await self._set.sender.drain():
            continue

    async def sign_head(self) -> None:
        """Sign the ledger as it stands, and keep the head outside the database too."""
        now = self._set.clock()
        head = await self._set.store.write(lambda tx: heads.sign_off(tx, self._set.ledger_seed, now))
        line = json.dumps(head, ensure_ascii=False)
        await asyncio.to_thread(_append_line, self._set.data_dir / heads.FILE, line)

    def _runs(self) -> Mapping[str, Run]:
        at = self._set

        async def pull(job: Job) -> None:
            await at.puller.pull(job.key, job.payload.get("token", ""))
            self.wake()

        async def grant(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: thanks.grant(tx, at.facts, job.key, now=now, rng=at.rng))

        async def expire(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: thanks.expire(tx, job.key, now=now, rng=at.rng))

        async def review(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: thanks.review_milestones(tx, at.facts, job.key, now=now, rng=at.rng))

        async def close(job: Job) -> None:
            await at.store.write(lambda tx: orders.close(tx, job.key))

        async def give_up(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: claims.expire(tx, at.facts, job.key, now=now, rng=at.rng))
            self.wake()

        async def deliver(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: notices.deliver(tx, at.facts, job.key, now=now, rng=at.rng))
            self.wake()

        async def follow(job: Job) -> None:
            await at.sender.follow(job)

        async def fulfil(job: Job) -> None:
            await at.fulfilment.fulfil(job)
            self.wake()

        return {
            FULFIL: fulfil,
            ANNOUNCE: at.fulfilment.announce,
            FOLLOW: follow,
            PULL: pull,
            thanks.GRANT: grant,
            thanks.EXPIRE: expire,
            thanks.MILESTONES: review,
            orders.CLOSE: close,
            claims.EXPIRE: give_up,
            notices.DELIVER: deliver,
            **self._runs_of_pictures(),
            **self._runs_of_asking(),
            **self._runs_of_care(),
            **self._runs_of_truth(),
            **self._runs_of_calendar(),
        }

    def _runs_of_pictures(self) -> Mapping[str, Run]:
        at = self._set

        async def lapse_story(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: stories.lapse(tx, job.key, now=now))

        async def sweep(job: Job) -> None:
            await asyncio.to_thread(PhotoShelf(at.data_dir).discard, job.key)

        async def sweep_design(job: Job) -> None:
            photos = PhotoShelf(at.data_dir, DESIGNS)

            def unit(tx: Transaction) -> None:
                if tx.jobs.done(job) and not tx.designs.shows(job.key):  # who publishes it now waits for the job's row
                    photos.discard(job.key)

            await at.store.write(unit)

        async def forget_posters(job: Job) -> None:
            found = await at.store.read(lambda tx: tx.codes.of_campaign(job.key))
            await asyncio.to_thread(Shelf(at.data_dir / "posters").drop_all, [*found, SAMPLE_CODE])

        async def forget_code(job: Job) -> None:
            await asyncio.to_thread(Shelf(at.data_dir / "posters").drop_all, [job.key])

        return {
            stories.LAPSE: lapse_story,
            stories.SWEEP: sweep,
            designs.SWEEP: sweep_design,
            story_quotes.FORGET: forget_posters,
            FORGET_CODE: forget_code,
        }

    def _runs_of_asking(self) -> Mapping[str, Run]:
        at = self._set

        async def plan_some(job: Job) -> None:
            """One step; tomorrow's comes first, so that a plan that fails is not the last."""
            await at.store.write(lambda tx: plan.plan_again(tx, at.clock()))
            tally, more = await planning.plan_some(at.store, at.facts, clock=at.clock, rng=at.rng)
            log.info("plan.made", sent=tally.sent, listed=tally.listed, more=more)
            if more:
                again = Job(kind=job.kind, key=job.key, due_at=job.due_at)
                await at.store.write(lambda tx: tx.jobs.put(again))
            self.wake()

        async def rank(_: Job) -> None:
            await at.store.write(lambda tx: rank_again(tx, at.clock()))
            await rank_tonight(at.store, at.facts, clock=at.clock)
            await learn_from_asks(at.store, clock=at.clock)

        async def forget(_: Job) -> None:
            await at.store.write(lambda tx: forget_again(tx, at.clock()))
            await forget_old(at.store, clock=at.clock)
            await forget_addresses(at.store, clock=at.clock)

        async def tell_rep(job: Job) -> None:
            rep, _, day = job.key.partition("@")
            now = at.clock()
            await at.store.write(lambda tx: plan.tell_rep(tx, at.facts, rep, day, now=now, rng=at.rng))
            self.wake()

        async def lapse(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: drafts.lapse(tx, at.facts, job.key, now=now, rng=at.rng))
            self.wake()

        return {
            **self._runs_of_watching(),
            RANK: rank,
            FORGET: forget,
            plan.PLAN: plan_some,
            plan.CARD: tell_rep,
            drafts.LAPSE: lapse,
        }

    def _runs_of_care(self) -> Mapping[str, Run]:
        at = self._set

        async def care(job: Job) -> None:
            planned, more = await care_work.plan_some(at.store, at.facts, clock=at.clock, rng=at.rng)
            log.info("care.planned", planned=planned, more=more)
            if more:
                again = Job(kind=job.kind, key=job.key, due_at=job.due_at)
                await at.store.write(lambda tx: tx.jobs.put(again))
            self.wake()

        async def tell_of_care(job: Job) -> None:
            rep, _, day = job.key.partition("@")
            now = at.clock()
            await at.store.write(lambda tx: caring.tell_rep(tx, at.facts, rep, day, now=now, rng=at.rng))
            self.wake()

        return {caring.PLAN: care, caring.CARD: tell_of_care}

    def _runs_of_calendar(self) -> Mapping[str, Run]:
        """Signals that come with time alone."""
        at = self._set

        async def celebrate_today(_: Job) -> None:
            await at.store.write(lambda tx: celebrate_again(tx, at.clock()))
            await come_of_age(at.store, at.facts, clock=at.clock)
            await celebrate(at.store, at.facts, clock=at.clock)

        async def look_whether_seen(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: unseen.look(tx, at.facts, job.key, now=now))

        return {CELEBRATE: celebrate_today, unseen.LOOK: look_whether_seen}

    def _runs_of_truth(self) -> Mapping[str, Run]:
        at = self._set

        async def measure(_: Job) -> None:
            await at.store.write(lambda tx: measure_again(tx, at.clock()))
            await measure_tonight(at.store, clock=at.clock)

        async def watch_over(_: Job) -> None:
            await at.store.write(lambda tx: watch_again(tx, at.clock()))
            raised = await watch(at.store, clock=at.clock)
            log.info("fraud.watched", raised=raised)

        async def grow_tonight(_: Job) -> None:
            await at.store.write(lambda tx: grow_again(tx, at.clock()))
            await grow(at.store, at.facts, clock=at.clock)

        async def tell_managers(_: Job) -> None:
            now = at.clock()

            def unit(tx: Transaction) -> None:
                approvals.tell_again(tx, at.facts, now)
                approvals.tell(tx, at.facts, now=now, rng=at.rng)
                suspicions.tell(tx, at.facts, now=now, rng=at.rng)

            await at.store.write(unit)
            self.wake()

        return {MEASURE: measure, WATCH: watch_over, approvals.TELL: tell_managers, GROW: grow_tonight}

    def _runs_of_watching(self) -> Mapping[str, Run]:
        at = self._set

        async def tell_of_guardrail(job: Job) -> None:
            now = at.clock()
            await at.store.write(lambda tx: guardrails.tell(tx, at.facts, job.key, now=now, rng=at.rng))
            self.wake()

        async def judge_experiments(_: Job) -> None:
            now = at.clock()

            def unit(tx: Transaction) -> None:
                experimenting.judge_again(tx, now)
                experimenting.judge_all(tx, at.facts, now=now, rng=at.rng)

            await at.store.write(unit)
            self.wake()

        return {guardrails.TELL: tell_of_guardrail, experimenting.JUDGE: judge_experiments}

    def ticks(self) -> list[Tick]:
        """What the clock is to run."""

        async def wake() -> None:
            self.wake()

        ticks = [
            Tick(name="due", every=timedelta(seconds=1), run=wake),
            Tick(name="rescue", every=timedelta(seconds=30), run=self._set.sender.rescue),
            Tick(name="desks", every=timedelta(minutes=5), run=self._listen),
            Tick(name="reps", every=timedelta(hours=1), run=self._ask_for_reps),
            Tick(name="head", every=timedelta(minutes=5), run=self.sign_head),
        ]
        if self._set.sequences:
            ticks.append(Tick(name="sequence", every=timedelta(milliseconds=500), run=self._sequence))
        return ticks

    async def _turn_and_drain(self) -> int:
        """What moves with time alone, then the jobs that are due; how many."""
        now = self._set.clock()
        await self._set.store.write(partial(self._turn_calendar, now=now))
        await planning.turn_rows(self._set.store, self._set.facts, now=now)
        done = await self._due.drain()
        if self._set.sequences:
            await self._sequence()
        if done:
            self._wanted[1].set()
        return done

    def _turn_calendar(self, tx: Transaction, now: datetime) -> None:
        campaigns.turn_calendar(tx, now=now)
        experimenting.end_with_campaigns(tx, self._set.facts, now=now, rng=self._set.rng)

    async def _sequence(self) -> None:
        while await self._set.store.write(lambda tx: tx.ledger.sequence()):
            continue

    def _first_things(self, tx: Transaction) -> None:
        """At every start: free what a dead predecessor held, and ask the platform for what is always needed."""
        now, rng = self._set.clock(), self._set.rng
        if not self._set.sequences:
            tx.jobs.free_all()
        plan.plan_again(tx, now)
        rank_again(tx, now)
        forget_again(tx, now)
        watch_again(tx, now)
        measure_again(tx, now)
        grow_again(tx, now)
        celebrate_again(tx, now)
        approvals.tell_again(tx, self._set.facts, now)
        experimenting.judge_again(tx, now)
        self._set.fulfilment.take_up(tx)
        if self._set.has_contact:
            post(tx, FetchReps(), lane="reps", purpose=Purpose.SYSTEM, now=now, rng=rng)
        for desk in self._set.desks:
            desk_links.ask_for(tx, desk, now=now, rng=rng)
        self._ring_all(tx)

    def _ring_all(self, tx: Transaction) -> None:
        for desk in self._set.desks:
            tx.jobs.put(Job(kind=PULL, key=desk, due_at=self._set.clock()))

    async def _listen(self) -> None:
        """Ask every desk, in case a ring was lost."""
        await self._set.store.write(self._ring_all)
        self.wake()

    async def _ask_for_reps(self) -> None:
        if self._set.has_contact:
            now, rng = self._set.clock(), self._set.rng
            await self._set.store.write(
                lambda tx: post(tx, FetchReps(), lane="reps", purpose=Purpose.SYSTEM, now=now, rng=rng)
            )
            self.wake()


async def _forever(wanted: asyncio.Event, drain: Callable[[], Awaitable[int]]) -> None:
    """Drain whenever something says so; a failure waits for the next second."""
    while True:
        await wanted.wait()
        wanted.clear()
        try:
            await drain()
        except Exception:  # the loop outlives whatever goes wrong in it
            log.exception("work.failed")
        await asyncio.sleep(_BREATH_S)


def _append_line(path: Path, line: str) -> None:
    """Add a line to a file, unless it is the last one there: a ledger that stood still has the same head."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = f"{line}\n".encode()
    with path.open("a+b") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - len(written)))
        if file.read() == written:
            return
        file.write(written)
        file.flush()
        os.fsync(file.fileno())
