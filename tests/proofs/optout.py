"""The opt-out proof: 50 000 asks are queued and on their way while customers say 不再提醒.

`python tests/proofs/optout.py [--asks N] [--people N] [--database sqlite|postgres|both] [--seed N]` prints JSON, and
exits 1 if an ask reached anybody later than 5 s after what they said was acknowledged.

Real are the bot, its plan, its HTTP on both sides, the sealed callbacks and the pulls, on each database; the platform
at the other end is `fake_wecom`. The asks are planned at night for nine in the morning, so that all are due at once;
the clock then runs as fast as the machine's. Nine in ten say it to the desk, one in ten tells the rep, who taps.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run as a script, this folder is no place for imports, and the project is
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from aiohttp import ClientSession, DummyCookieJar
from sqlalchemy import insert, text

from bot import planning
from bot.app import App
from bot.config import load
from bot.keys import load_keys
from bot.machine import World
from bot.pages.rep_passes import Passes
from referral.due_rows import outlook
from referral.floor import Policy
from referral.moments import Moment, Permission
from referral.signals import SignalKind
from storage import tables as t
from storage.moments import due_values, values_of
from storage.open import migrate_database
from storage.times import ms
from storage.transaction import Transaction
from tests.channels.envelopes import CORP, a_callback, happened
from tests.fixtures.postgres_server import private_postgres
from tests.proofs.clock_senders import hush
from tests.proofs.crash import CONFIG, SECRETS, served
from tests.proofs.fake_wecom import DESK, FakeWecom

NIGHT = datetime(2026, 11, 23, 19, 20, tzinfo=UTC)  # 03:20 in Beijing, on a Tuesday
NINE = datetime(2026, 11, 24, 1, 0, 1, tzinfo=UTC)
WORDS = ("不再提醒", "退订", "TD", "别发了")
WITHIN_S = 5.0
BY_REP = 0.1
PATIENCE_S = 3600.0


@dataclass(slots=True)
class Platform(FakeWecom):
    """Notes by the machine's clock when an ask, or anything else, reached somebody at the desk."""

    asked: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)

    def _desk_message(self, query: Any, body: Any) -> dict[str, Any]:
        key, to = body["msgid"], body["touser"]
        if key in self._keys:
            self.recognised += 1
            return {"errcode": 95032, "errmsg": "msgid repeated"}
        self._keys.add(key)
        if body["msgtype"] != "msgmenu":
            self.answered.setdefault(to, time.monotonic())
        elif to in self.asked:
            self.twice.append(to)
        else:
            self.asked[to] = time.monotonic()
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Somebody's 不再提醒: begun, and acknowledged, by the machine's clock."""

    who: str
    by_rep: bool
    at: float
    acknowledged: float


@dataclass(slots=True)
class Morning:
    """One bot with a full queue, and those who have enough."""

    app: App
    wecom: Platform
    http: ClientSession
    rng: random.Random
    clock: Any
    said: list[Said] = field(default_factory=list)

    async def run(self, asks: int, people: int) -> dict[str, Any]:
        """Queue the asks, let them go, and speak up meanwhile; returns the report."""
        began = time.monotonic()
        await self.app.operator.run("campaign.start", {"pack": "double-month"})
        await self.app.store.write(lambda tx: _settle(tx, asks, self.clock()))
        store, facts, rng = self.app.store, self.app.facts, self.app.world.rng
        await planning.plan_day(store, facts, clock=self.clock, rng=rng)
        queued = await self._count("state in ('queued', 'sending') and purpose = 'nudge'")
        planned_s = time.monotonic() - began
        assert not self.wecom.asked, "nothing leaves at night"
        cookie = await self._let_in()
        self.clock.ahead += NINE - self.clock()
        self.app.work.wake()
        began = time.monotonic()
        await self._speak_up(asks, people, cookie)
        while await self._count("state in ('queued', 'sending')") or await self._unheard():
            assert time.monotonic() - began < PATIENCE_S, "the queue does not empty"
            await asyncio.sleep(0.1)
        return self._report(asks, queued, planned_s, time.monotonic() - began) | await self._kept()

    async def _speak_up(self, asks: int, people: int, cookie: str) -> None:
        """One after the other while the queue is drained: mostly those whom nothing has reached yet."""
        everybody = [f"wm{number:05d}" for number in range(asks)]
        speaking, spoke = set[asyncio.Task[None]](), set[str]()
        for number in range(people):
            await self._until_sent(asks * 0.9 * number / people)
            pool = [who for who in everybody if who not in spoke]
            if self.rng.random() < 0.8:
                pool = [who for who in pool if who not in self.wecom.asked] or pool
            who = self.rng.choice(pool)
            spoke.add(who)
            by_rep = number % round(1 / BY_REP) == 1
            speaking.add(asyncio.create_task(self._tap(who, cookie) if by_rep else self._say(who)))
        await asyncio.gather(*speaking)

    async def _until_sent(self, number: float) -> None:
        """Wait until so many were asked, or nobody is left to ask."""
        while len(self.wecom.asked) < number and await self._count("state in ('queued', 'sending')"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def _say(self, who: str) -> None:
        """To the desk: the message lies at the platform, a sealed callback rings."""
        at = time.monotonic()
        token = self.wecom.say(who, self.rng.choice(WORDS))
        now = str(int(self.clock().timestamp()))
        ring = a_callback(
            happened(Event="kf_msg_or_event", Token=token, OpenKfId=DESK, CreateTime=now), timestamp=now, nonce=token
        )
        async with self.http.post(
            self.app.own_address + ring.path, data=ring.body, headers={"Content-Type": "text/xml"}
        ) as answer:
            assert answer.status == 200, answer.status
        self.said.append(Said(who=who, by_rep=False, at=at, acknowledged=time.monotonic()))

    async def _tap(self, who: str, cookie: str) -> None:
        """To the rep, who taps 不再提醒 on the customer's card of yesterday."""
        at = time.monotonic()
        form = {"act": "stop", "words": ""}
        address = f"{self.app.own_address}/rep/c/{_card(who)}"
        async with self.http.post(address, data=form, cookies={"rep": cookie}, allow_redirects=False) as answer:
            assert answer.status == 303, answer.status
        self.said.append(Said(who=who, by_rep=True, at=at, acknowledged=time.monotonic()))

    async def _let_in(self) -> str:
        """The rep opens the card's link; her cookie."""
        self.clock.ahead += timedelta(seconds=1)
        link = Passes(self.app.keys.tokens).link("lin", self.clock() + timedelta(hours=5))
        async with self.http.get(f"{self.app.own_address}/rep/t/{link}", allow_redirects=False) as answer:
            return answer.cookies["rep"].value

    async def _count(self, where: str) -> int:
        query = text(f"select count(*) from outbox where {where}")
        return await self.app.store.read(lambda tx: int(tx.connection.execute(query).scalar_one()))

    async def _unheard(self) -> int:
        """How many have said it and are not silent yet."""
        query = text("select count(distinct person) from consent where answer = 'withdrawn'")
        return len(self.said) - await self.app.store.read(lambda tx: int(tx.connection.execute(query).scalar_one()))

    async def _kept(self) -> dict[str, Any]:
        """What the bot itself says of it."""
        query = text("select state, note, count(*) from outbox where purpose = 'nudge' group by state, note")
        rows = await self.app.store.read(lambda tx: tx.connection.execute(query).all())
        silent = text("select person, at from consent where answer = 'withdrawn'")
        heard = dict(tuple(row) for row in await self.app.store.read(lambda tx: tx.connection.execute(silent).all()))
        after = [self.clock.monotonic_of(heard[_person(each.who)]) - each.acknowledged for each in self.said]
        return {
            "heard_after_s": _spread(max(0.0, delay) for delay in after),
            "letters": {f"{row[0]} {row[1]}".strip(): row[2] for row in rows},
            "withdrawn": len(heard),
        }

    def _report(self, asks: int, queued: int, planned_s: float, seconds: float) -> dict[str, Any]:
        asked, answered = self.wecom.asked, self.wecom.answered
        late = {said.who: asked[said.who] - said.acknowledged for said in self.said if said.who in asked}
        after = sorted(delay for delay in late.values() if delay > 0)
        answers = sorted(
            answered[said.who] - said.acknowledged for said in self.said if not said.by_rep and said.who in answered
        )
        problems = [f"{who} was asked {delay:.2f} s after 不再提醒" for who, delay in late.items() if delay > WITHIN_S]
        problems += [f"{who} was asked twice" for who in self.wecom.twice]
        if queued < asks:
            problems.append(f"only {queued} of {asks} asks were queued")
        return {
            "asks_queued": queued,
            "planned_in_s": round(planned_s, 1),
            "sent_in_s": round(seconds, 1),
            "asks_delivered": len(asked),
            "said_no": len(self.said),
            "of_them_through_the_rep": sum(said.by_rep for said in self.said),
            "already_asked": sum(delay <= 0 for delay in late.values()),
            "asked_afterwards": len(after),
            "largest_delay_s": round(after[-1], 3) if after else 0.0,
            "never_asked": sum(said.who not in asked for said in self.said),
            "acknowledged_in_ms": _spread([(said.acknowledged - said.at) * 1000 for said in self.said]),
            "confirmed_after_s": _spread(answers),
            "problems": problems[:20],
        }


def _spread(values: Iterable[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {"count": 0}
    return {"p50": round(statistics.median(ordered), 3), "largest": round(ordered[-1], 3), "count": len(ordered)}


def _card(who: str) -> str:
    return f"gold{who}"


def _person(who: str) -> str:
    return f"p{int(who[2:]):016d}"


def _settle(tx: Transaction, count: int, now: datetime) -> None:
    """Customers of two years who agreed, are happy and wrote last evening; the rep had each on a list before."""
    people, names, moments, consents, windows, cards = [], [], [], [], [], []
    long_ago, evening = now - timedelta(days=730), now - timedelta(hours=6)
    for number in range(count):
        who = f"wm{number:05d}"
        person = _person(who)
        people.append({"id": person, "nickname": who, "rep": "lin", "profiled_at": ms(long_ago), "created_at": 0})
        names.append({"kind": "wecom", "value": who, "person": person, "since": 0})
        moment = Moment(
            person=person,
            consent=Permission.GRANTED,
            consent_at=long_ago,
            customer_since=long_ago,
            satisfaction=9,
            surveyed_at=evening,
            good=SignalKind.SURVEY,
            good_at=evening,
            seen_at=evening,
        )
        moments.append(values_of(moment) | due_values(outlook(moment, Policy(), now)))
        agreed = {"purpose": "nudges", "answer": "granted", "evidence": "", "channel": "import", "at": ms(long_ago)}
        consents.append(agreed | {"person": person})
        windows.append({"desk": DESK, "person": person, "handle": who, "said_at": ms(evening), "sent": 0})
        before = ms(now - timedelta(days=2))
        card = {"id": _card(who), "person": person, "purpose": "ask", "decision": "send", "why": "eligible"}
        card |= {"state": "ended", "outcome": "expired", "channel": "rep", "rep": "lin"}
        cards.append(card | {"created_at": before, "planned_at": before, "expires_at": ms(now)})
    for table, rows in (
        (t.people, people), (t.identities, names), (t.moments, moments), (t.consent, consents), (t.windows, windows),
        (t.nudges, cards),
    ):  # fmt: skip
        tx.connection.execute(insert(table), rows)


class Running:
    """A clock as fast as the machine's, from a night on."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return NIGHT + timedelta(seconds=time.monotonic() - self._began) + self.ahead

    def monotonic_of(self, at_ms: int) -> float:
        """The machine's monotonic time at a time of this clock, as long as nobody moves it."""
        return time.monotonic() - (self().timestamp() - at_ms / 1000)


@asynccontextmanager
async def morning(url: str, folder: Path, seed: int) -> AsyncIterator[Morning]:
    """A bot with its platform, on an empty database."""
    clock = Running()
    wecom = Platform(now=lambda: clock().timestamp(), rng=random.Random(seed))
    runner, api_base = await served(wecom)
    file = folder / "taoli.toml"
    # the guardrail, which would pause the campaign and empty the queue, has its own tests
    budget = "[sending]\ndaily_budget = 100000\nholdout = 0.0\noptout_limit = 1.0\n"
    filled = CONFIG.format(url=url, corp=CORP, api_base=api_base, desk=DESK)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    file.write_text(filled + budget, encoding="utf-8")
    if url.startswith("postgres"):
        await migrate_database(url)
    config = load(file, SECRETS)
    app = App(config, load_keys(config, os.urandom, os.environ), World(clock=clock, rng=random.Random(seed + 1)))
    await app.start()
    try:
        await app.settle()
        async with ClientSession(cookie_jar=DummyCookieJar()) as http:
            yield Morning(app=app, wecom=wecom, http=http, rng=random.Random(seed + 2), clock=clock)
    finally:
        await app.stop()
        await runner.cleanup()


async def prove(url: str, folder: Path, *, asks: int, people: int, seed: int) -> dict[str, Any]:
    """Run the proof on one empty database; returns the report, whose `problems` are empty if all held."""
    async with morning(url, folder, seed) as day:
        return await day.run(asks, people)


def main() -> int:
    """Prove it on the databases asked for and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asks", type=int, default=50_000)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    asked = parser.parse_args()
    hush()
    report: dict[str, Any] = {
        "seed": asked.seed,
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
    }
    size = {"asks": asked.asks, "people": asked.people, "seed": asked.seed}
    with tempfile.TemporaryDirectory(prefix="taoli-proof-") as folder:
        if asked.database in ("sqlite", "both"):
            url = f"sqlite:///{folder}/taoli.db"
            report["on_sqlite"] = asyncio.run(prove(url, Path(folder, "sqlite"), **size))
        if asked.database in ("postgres", "both"):
            with private_postgres() as server:
                url = server.create("proof")
                report["on_postgres"] = asyncio.run(prove(url, Path(folder, "postgres"), **size))
    good = not any(part["problems"] for name, part in report.items() if name.startswith("on_"))
    print(json.dumps({"ok": good} | report, ensure_ascii=False, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
