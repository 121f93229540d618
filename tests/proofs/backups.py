"""The backup proof: backups taken under load are the state of one moment, and killed anywhere they leave all as it was.

`python tests/proofs/backups.py --cycles 100 [--database sqlite|postgres|both] [--seed N]` prints JSON, and exits 1 if a
backup was no state that ever was, or a kill left anything but the former state or the new one.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # run as a script, this folder is no place for imports, and the project is
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from sqlalchemy import select

from referral.identities import Identity, IdentityKind
from referral.ledger import Entry
from referral.messages import DeskText
from referral.outbox import Purpose, post
from referral.people import find_or_create
from storage import proofs
from storage import tables as t
from storage.archive import DATABASE, Archive
from storage.open import migrate_database, open_beside, open_store
from storage.store import Store
from storage.transaction import Transaction
from tests.fixtures.postgres_server import private_postgres

TAOLI = (sys.executable, "-m", "bot")
ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
[server]
public_url = "https://t.example"
[database]
url = "{url}"
[files]
data_dir = "data"
[company]
name = "青禾生活"
"""
BEGAN = datetime(2026, 11, 21, 4, tzinfo=UTC)
STEP = "proof"
CHANGED_BY_A_RESTORE = {"outbox", "audit", "marks", "ledger_leaves", "ledger_nodes"}
"""What a restore does on purpose: it gives up letters, notes itself, and places entries that had no place yet."""
DEATH = (0.3, 1.05)  # when a command is killed, in parts of the time it takes; before that Python only starts
PAUSE_S = 0.004  # between two steps: a busy bot, whose states can all be made again

Digest = dict[str, tuple[int, str]]


def step(tx: Transaction, number: int) -> None:
    """One unit of the load, of which every word follows from its number: so each state can be made again."""
    now, rng = BEGAN + timedelta(seconds=number), random.Random(number)
    who = Identity(IdentityKind.WECOM, f"wm-{number % 40}-{'é' * (number % 3)}")
    person, _ = find_or_create(tx, who, now=now, rng=rng, holdout=0.1)
    tx.people.learn(person.id, nickname=f"李\n\t\\姐 {number}", tags='["老\\\\客"]')
    tx.inbox.receive(f"k{number}", channel="wecom", kind="x", body=bytes(range(256)) * (number % 3), now=now)
    words = DeskText(desk="d", to=who.value, text=f"您好 {number}")
    post(tx, words, lane=who.value, purpose=Purpose.REPLY, now=now, rng=rng, person=person.id)
    entry = Entry(
        id=f"e{number:016d}",
        at=now,
        kind="held",
        debit=f"{person.id}:held",
        credit="campaign:c",
        unit="days",
        amount=1 + number,
        ref=f"w{number}",
    )
    tx.ledger.append(entry, number.to_bytes(16, "big"))
    tx.audit.note("proof", "step", person.id, str(number), now)
    tx.marks.set(STEP, str(number + 1))


def done(tx: Transaction) -> int:
    return int(tx.marks.get(STEP) or 0)


def digest(tx: Transaction) -> Digest:
    """Every table as its number of rows and the SHA-256 of their content; the same on both kinds of database."""
    return {table.name: _digest(tx, table) for table in t.metadata.sorted_tables}


def _digest(tx: Transaction, table: Any) -> tuple[int, str]:
    rows = sorted(repr([_plain(value) for value in row]) for row in tx.connection.execute(select(table)))
    return len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Bytes and truths as both databases would give them."""
    if isinstance(value, memoryview | bytes):
        return bytes(value).hex()
    return int(value) if isinstance(value, bool) else value


async def state_after(folder: Path, steps: int) -> Digest:
    """The state after so many steps, made in a database of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store = await open_store(f"sqlite:///{place}/again.db", in_bulk=True)
        try:
            await store.write(lambda tx: [step(tx, number) for number in range(steps)])
            return await store.read(digest)
        finally:
            await store.close()


@dataclass(slots=True)
class Proof:
    """All cycles on one database."""

    url: str
    folder: Path
    rng: random.Random
    problems: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    took_s: dict[str, float] = field(default_factory=dict)
    formers: dict[Path, int] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "taoli.toml"

    @property
    def file(self) -> Path:
        return self.folder / "b.taoli"

    async def run(self, cycles: int) -> dict[str, Any]:
        """Run them; returns the report, whose `problems` are empty if all held."""
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(CONFIG.format(url=self.url), encoding="utf-8")
        await migrate_database(self.url)
        await self._under_load(kill=False)
        if self.problems:  # nothing was saved that could be put back
            return self._report(0, began)
        await self._restored()
        for _ in range(cycles):
            await self._under_load(kill=True)
            await self._restore_killed()
        await self._restored()
        return self._report(cycles, began)

    def _report(self, cycles: int, began: float) -> dict[str, Any]:
        report = {"cycles": cycles, "steps": self.steps, "seen": dict(self.seen)}
        return report | {"problems": self.problems, "seconds": round(time.monotonic() - began, 1)}

    # --- backing up --------------------------------------------------------------------------------------------------

    async def _under_load(self, *, kill: bool) -> None:
        """Back up while somebody writes all the time; killed, the former backup is still there, whole."""
        before = self.file.read_bytes() if self.file.exists() else None
        store = await open_store(self.url)
        writing = asyncio.create_task(self._write_on(store))
        try:
            process, ended = await self._run("backup", str(self.file), kill=kill)
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await store.close()
        if ended == 0:
            self.seen["backups"] += 1
            await self._check_backup()
        elif ended == -signal.SIGKILL:
            self.seen["backups killed"] += 1
            self._expect(self.file.exists() == (before is not None), "a killed backup left half a file")
            if before is not None and self.file.read_bytes() != before:
                await self._check_backup()  # it had been done already
        else:
            self.problems.append(f"a backup ended with {ended}: {await self._said(process)}")

    async def _write_on(self, store: Store) -> None:
        self.steps = await store.read(done)
        while True:
            await store.write(partial(step, number=self.steps))
            self.steps += 1
            await asyncio.sleep(PAUSE_S)

    async def _check_backup(self) -> None:
        """What was saved is the state after some number of steps, exactly."""
        with closing(Archive(self.file)) as archive:
            archive.extract(DATABASE, self.folder / "saved.db")
            head = archive.manifest.head
        store = await open_beside(f"sqlite:///{self.folder / 'saved.db'}")
        try:
            steps, saved = await store.read(lambda tx: (done(tx), digest(tx)))
            self._expect(int(head["size"]) == await store.read(lambda tx: tx.ledger.size()), "another head")
        finally:
            await store.close()
        made_again = await state_after(self.folder, steps)
        unlike = [name for name in made_again if made_again[name] != saved[name] and name not in self._uncertain()]
        self._expect(not unlike, f"the backup after {steps} steps is not the state there was: {unlike}")
        self.seen["steps in the last backup"] = steps

    def _uncertain(self) -> set[str]:
        """Tables that the number of steps alone does not tell.

        On PostgreSQL entries get their place in the tree a moment later; a restore gives up letters and notes itself.
        """
        waiting = {"ledger_leaves", "ledger_nodes"} if self.url.startswith("postgres") else set[str]()
        return waiting | (CHANGED_BY_A_RESTORE if self.seen["restores"] or self.seen["restored whole"] else set())

    # --- restoring ---------------------------------------------------------------------------------------------------

    async def _restored(self) -> None:
        """Put the backup back, and find all that was in it."""
        process, ended = await self._run("restore", str(self.file), "--force", kill=False)
        self._expect(ended == 0, f"a restore ended with {ended}: {await self._said(process)}")
        self._expect(await self._is_the_backup(), "what was restored is not what was saved")
        self.seen["restores"] += 1

    async def _restore_killed(self) -> None:
        """Killed anywhere: the former state, or the restored one, whole."""
        before = await self._state()
        _, ended = await self._run("restore", str(self.file), "--force", kill=True)
        after = await self._state()
        whole = after == before or await self._is_the_backup()
        await self._check_former(before if after != before else None)
        self._expect(whole, f"a restore that ended with {ended} left something between")
        self.seen["restores killed" if ended else "restores"] += 1
        self.seen["kept as it was" if after == before else "restored whole"] += 1

    async def _check_former(self, state: Digest | None) -> None:
        """What was replaced is kept whole, beside all that was kept before; of PostgreSQL nothing is."""
        if not self.url.startswith("sqlite"):
            return
        place = Path(self.url.removeprefix("sqlite:///"))
        kept = {each: each.stat().st_ino for each in place.parent.glob(f"{place.name}.before-restore*")}
        new = [each for each in kept if each not in self.formers and not each.samefile(place)]
        self._expect(self.formers.items() <= kept.items(), "a restore took the place of what a former one had kept")
        states = [await self._state(f"sqlite:///{each}") for each in new]
        self._expect(state is None or state in states, "a restore kept nothing of what it replaced")
        self.formers |= {each: kept[each] for each in new}

    async def _is_the_backup(self) -> bool:
        saved = await self._state(f"sqlite:///{self.folder / 'saved.db'}")
        there = await self._state()
        return all(there[name] == saved[name] for name in saved if name not in CHANGED_BY_A_RESTORE)

    async def _state(self, url: str = "") -> Digest:
        store = await open_beside(url or self.url)
        try:
            found = await store.read(partial(proofs.verify, sequenced=self.url.startswith("postgres")))
            self._expect(bool(found["ok"]), f"the ledger does not verify: {found['problem']}")
            return await store.read(digest)
        finally:
            await store.close()

    # --- processes ---------------------------------------------------------------------------------------------------

    async def _run(self, *args: str, kill: bool) -> tuple[asyncio.subprocess.Process, int]:
        """Run a command, killed on its way if asked for; the process, which has ended, and how."""
        command = [*TAOLI, *args, "--config", str(self.config)]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, **pipes)
        began = time.monotonic()
        if kill:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self.rng.uniform(*DEATH) * self.took_s[args[0]])
            with suppress(ProcessLookupError):
                process.kill()
        ended = await process.wait()
        if not kill:
            self.took_s[args[0]] = time.monotonic() - began
        return process, ended

    async def _said(self, process: asyncio.subprocess.Process) -> str:
        return (await process.stderr.read()).decode() if process.stderr else ""

    def _expect(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    asked = parser.parse_args()
    report: dict[str, Any] = {"seed": asked.seed, "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="taoli-proof-") as folder:
        if asked.database in ("sqlite", "both"):
            report["on_sqlite"] = _prove(f"sqlite:///{folder}/taoli.db", Path(folder, "sqlite"), asked)
        if asked.database in ("postgres", "both"):
            with private_postgres() as server:
                report["on_postgres"] = _prove(server.create("proof"), Path(folder, "postgres"), asked)
    good = not any(part["problems"] for name, part in report.items() if name.startswith("on_"))
    print(json.dumps({"ok": good} | report, ensure_ascii=False, indent=1))
    return 0 if good else 1


def _prove(url: str, folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    proof = Proof(url=url, folder=folder, rng=random.Random(asked.seed))
    return asyncio.run(proof.run(asked.cycles))


if __name__ == "__main__":
    sys.exit(main())
