"""The crash proof: the real bot, killed again and again at random moments under load, on the same data.

`python tests/proofs/crash.py --cycles 200 [--database sqlite|postgres|both] [--seed N]` prints JSON, and exits 1 if
anything acknowledged was lost, or anything was doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run as a script, this folder is no place for imports, and the project is
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from aiohttp import ClientSession, web

from bot.config import load
from bot.control import ask
from bot.keys import load_keys
from storage.open import migrate_database
from tests.channels.envelopes import AES_KEY, CORP, TOKEN
from tests.fixtures.postgres_server import private_postgres
from tests.proofs.fake_wecom import DESK, REPS, FakeWecom
from tests.proofs.load import ORDERS_SECRET, Load
from tests.proofs.nursery import DiedEarly, Nursery, Order, nursery
from tests.proofs.oracle import Judge, last_due, waiting

SECRETS = {"SECRET": "s" * 43, "TOKEN": TOKEN, "AES_KEY": AES_KEY, "ORDERS": ORDERS_SECRET}
CONFIG = """
[server]
port = 0
[database]
url = "{url}"
[files]
data_dir = "data"
[company]
name = "青禾生活"
[wecom]
corp_id = "{corp}"
api_base = "{api_base}"
[[wecom.apps]]
agent_id = 1000002
secret_env = "SECRET"
token_env = "TOKEN"
aes_key_env = "AES_KEY"
kf_accounts = ["{desk}"]
[orders]
secret_env = "ORDERS"
"""
ADVOCATES = {"wmMei00": "lin", "wmMei01": "lin", "wmMei02": "fang", "wmMei03": "fang"}
TERMS = {"hold_days": "1", "cap_per_year": "1000"}
COST_FEN = 6000  # of a pair, by the pack
PAIRS = (6, 1, 20)  # that one campaign's budget after another is good for: most are used up on the way
CAMPAIGN_EVERY = 5  # cycles
LOOK_EVERY = 10  # cycles
DEATH_MS = (3, 300)
UNBORN = 0.12  # share of cycles in which the bot is killed once more, while it starts
JUMPS_S = ((0.6, 0, 2), (0.8, 900, 1500), (1.0, 7200, 28_800))  # how far time jumps between two lives: up to, from, to
HARMLESS = {"sqlite.version", "calendar.uncertain"}
SETTLE_S = 20.0
SETTLING_LIVES = 12


@dataclass(slots=True)
class Proof:
    """All lives of one database. Times are in seconds unless their names say otherwise."""

    url: str
    folder: Path
    seed: int
    home: Nursery
    rng: random.Random = field(init=False)
    wecom: FakeWecom = field(init=False)
    load: Load = field(init=False)
    judge: Judge = field(init=False)
    config: Path = field(init=False)
    ahead: float = 0.0
    starts_ms: list[float] = field(default_factory=list)
    killed_unborn: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def now(self) -> float:
        """The time that the bots live by."""
        return time.time() + self.ahead

    async def run(self, cycles: int, *, look_every: int = LOOK_EVERY, pace: Any = None) -> dict[str, Any]:
        """Run the cycles and settle; returns the report."""
        began = time.monotonic()
        self.rng = random.Random(self.seed)  # alone decides when the bots die
        self.wecom = FakeWecom(now=self.now, rng=random.Random(self.seed + 1))
        self.load = Load(random.Random(self.seed + 2), self.wecom, self.now)
        runner, api_base = await served(self.wecom)
        try:
            await self._prepare(api_base)
            for number in range(cycles):
                await self._cycle(number)
                if (number + 1) % look_every == 0:
                    self.judge.look(settled=False)
                    if pace:
                        pace(number + 1, self.judge)
            await self._settle()
        finally:
            await runner.cleanup()
        return self._report(cycles, time.monotonic() - began)

    async def _prepare(self, api_base: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "taoli.toml"
        self.config.write_text(CONFIG.format(url=self.url, corp=CORP, api_base=api_base, desk=DESK), encoding="utf-8")
        if self.url.startswith("postgres"):
            await migrate_database(self.url)
        keys = load_keys(load(self.config, SECRETS), os.urandom, os.environ)
        self.judge = Judge(url=self.url, seed=keys.ledger, record=self.load.record, wecom=self.wecom)

    async def _cycle(self, number: int) -> None:
        """One life: born, perhaps killed before it could serve, born again, loaded, killed."""
        if self.rng.random() < UNBORN:
            await self._kill_unborn()
        base = await self._born()
        if number % CAMPAIGN_EVERY == 0:
            await self._new_campaign(base)
        loading = asyncio.create_task(self.load.run(base))
        await asyncio.wait_for(self.load.first_ack.wait(), 20)
        await asyncio.sleep(self.rng.uniform(*DEATH_MS) / 1000)
        await self.home.end(signal.SIGKILL)
        await loading
        self._read_log()
        self._jump()

    async def _kill_unborn(self) -> None:
        self.killed_unborn += 1
        await self.home.bear(self._order())
        usual = statistics.median(self.starts_ms) if self.starts_ms else 80
        await asyncio.sleep(self.rng.random() * usual / 1000)
        await self.home.end(signal.SIGKILL)

    async def _born(self) -> str:
        began = time.monotonic()
        await self.home.bear(self._order())
        try:
            port = await self.home.ready()
        except DiedEarly as death:
            raise AssertionError(f"the bot did not start: {death}\n{self._log.read_text()[-4000:]}") from death
        self.starts_ms.append((time.monotonic() - began) * 1000)
        return f"http://127.0.0.1:{port}"

    async def _new_campaign(self, base: str) -> None:
        """A campaign with a small budget, each advocate's code, and the mark that its contact QR carries."""
        await self.wecom.until(lambda: set(self.wecom.ways.values()) == set(REPS))
        if not self.load.marks:
            await self.load.send(base, *(self.load.added(who, rep, None) for who, rep in ADVOCATES.items()))
        known = set(self.wecom.ways)
        asked = {
            "pack": "double-month",
            "set": TERMS,
            "budget_fen": PAIRS[len(self.load.marks) % len(PAIRS)] * COST_FEN,
        }
        campaign = (await ask(self.folder / "data", "campaign.start", asked))["id"]
        async with ClientSession() as browser:
            for who in ADVOCATES:
                code = await ask(self.folder / "data", "code", {"person": f"wecom:{who}", "campaign": campaign})
                async with browser.get(f"{base}/i/{code['code']}") as page:
                    assert page.status == 200
        await self.wecom.until(lambda: len(self.wecom.ways) == len(known) + len(ADVOCATES))
        self.load.marks.append([(mark, rep) for mark, rep in self.wecom.ways.items() if mark not in known])

    async def _settle(self) -> None:
        """Last lives in which everything that waits comes to its end; then nothing may be open.

        It takes several where a bot keeps letters back: a rep would get more than 30 in a minute, or what the desk
        says of its own accord found its hours over.
        """
        self.ahead += 2 * 86_400
        for _ in range(SETTLING_LIVES):
            await self._born()
            deadline = time.monotonic() + SETTLE_S
            while waiting(self.url, datetime.fromtimestamp(self.now(), UTC)):
                if time.monotonic() > deadline:
                    self.problems.append("the work that was left did not come to an end")
                    break
                await asyncio.sleep(0.02)
            if status := await self.home.end(signal.SIGTERM):
                self.problems.append(f"a bot asked to stop ended with {status}")
            last = last_due(self.url)
            if last is None:
                break
            self.ahead += max(120, last.timestamp() - self.now() + 120)
        self._read_log()
        self.judge.look(settled=True)

    def _order(self) -> Order:
        return Order(config=str(self.config), environ=SECRETS, ahead_s=self.ahead, log=str(self._log))

    def _jump(self) -> None:
        chance, amount = self.rng.random(), self.rng.random()
        shortest, longest = next((low, high) for up_to, low, high in JUMPS_S if chance < up_to)
        self.ahead += shortest + amount * (longest - shortest)

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _read_log(self) -> None:
        """Count what the bots complained of; an error is a problem."""
        if not self._log.exists():
            return
        for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                if re.match(r"(Traceback|ERROR|CRITICAL)", line):
                    self.problems.append(f"a bot said: {line[:500]}")
                continue
            if told.get("level") in ("error", "critical") or "exception" in told:
                self.problems.append(f"a bot said: {line[:2000]}")
            elif told.get("level") == "warning" and told.get("event") not in HARMLESS:
                self.warnings[str(told["event"])] += 1
            elif told.get("event") == "letter.held_up":
                self.warnings[f"{told['kind']} held up: {told['reason']}"] += 1
        self._log.write_text("")

    def _report(self, cycles: int, seconds: float) -> dict[str, Any]:
        problems = [*self.problems, *self.judge.problems]
        return {
            "ok": not problems,
            "cycles": cycles,
            "killed_while_starting": self.killed_unborn,
            "seconds": round(seconds, 1),
            "seconds_per_cycle": round(seconds / max(cycles, 1), 3),
            "start_ms": round(statistics.median(self.starts_ms), 1),
            "sent": dict(sorted(self.load.record.counts.items())),
            "kept": self.judge.figures,
            "delivered": dict(Counter(each.kind for each in self.wecom.delivered)),
            "repeats_that_the_platform_recognised": self.wecom.recognised,
            "warnings": dict(self.warnings),
            "problems": problems[:50],
        }


async def prove(
    url: str, folder: Path, *, cycles: int, seed: int, look_every: int = LOOK_EVERY, pace: Any = None
) -> dict[str, Any]:
    """Run the proof on one empty database; returns the report, whose `problems` are empty if all held."""
    async with nursery() as home:
        proof = Proof(url=url, folder=folder, seed=seed, home=home)
        return await proof.run(cycles, look_every=look_every, pace=pace)


async def served(wecom: FakeWecom) -> tuple[web.AppRunner, str]:
    """Serve a platform on a free port; the caller cleans up the runner. Returns its address too."""
    app = web.Application()
    app.add_routes(wecom.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    wecom.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner, wecom.base


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    asked = parser.parse_args()
    report: dict[str, Any] = {
        "seed": asked.seed,
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
    }
    with tempfile.TemporaryDirectory(prefix="taoli-proof-") as folder:
        if asked.database in ("sqlite", "both"):
            url = f"sqlite:///{folder}/taoli.db"
            report["on_sqlite"] = _prove("sqlite", url, Path(folder, "sqlite"), asked)
        if asked.database in ("postgres", "both"):
            with private_postgres() as server:
                report["on_postgres"] = _prove("postgres", server.create("proof"), Path(folder, "postgres"), asked)
    good = all(part["ok"] for name, part in report.items() if name.startswith("on_"))
    print(json.dumps({"ok": good} | report, ensure_ascii=False, indent=1))
    return 0 if good else 1


def _prove(name: str, url: str, folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    def pace(done: int, judge: Judge) -> None:
        kept = judge.figures
        line = f"{name} {done}/{asked.cycles}: {kept['inbox']} events, {kept['orders']} orders"
        print(f"{line}, {len(judge.problems)} problems", file=sys.stderr, flush=True)

    return asyncio.run(prove(url, folder, cycles=asked.cycles, seed=asked.seed, pace=pace))


if __name__ == "__main__":
    sys.exit(main())
