"""Erasing a person for an operator: remembered first, then done, in the database and in the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.hooks.reading import Naming
from bot.naming import identity_of
from bot.posters.shelf import Shelf, name_of
from referral import erasure
from referral.erasure import Erased, Mark, Tombstone
from referral.errors import NotFound
from referral.ids import Bits
from referral.jobs import Job
from referral.times import Clock
from storage import tombstones
from storage.erasure import Leavings
from storage.store import Store
from storage.transaction import Transaction

ERASE = "erase"

FORGET_CODE = "posters.forget_code"
"""The job that deletes what was kept of a code's posters while they were being drawn; its key is the code."""

_DRAWN_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where the data folder is, and the key under which it remembers who was erased."""

    path: Path
    seal: bytes

    @property
    def mark(self) -> Mark:
        return tombstones.mark_with(self.seal)

    @property
    def tombstones(self) -> Path:
        return self.path / tombstones.FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Does it, or says what it would do."""

    store: Store
    naming: Naming
    folder: Folder
    clock: Clock
    rng: Bits
    who: str

    async def look(self, name: str) -> dict[str, Any]:
        """What `erase` would do to whom `name` names. Raises `BadInput` or `NotFound`."""

        def unit(tx: Transaction) -> dict[str, Any]:
            person = find(tx, name, self.naming)
            return as_json(erasure.look(tx, person), dry_run=True)

        return await self.store.read(unit)

    async def erase(self, name: str) -> dict[str, Any]:
        """Erase whom `name` names. Raises `BadInput` or `NotFound`.

        The tombstone is on disk before anything is done, so that no crash can make a restored backup forget it.
        """
        now = self.clock()
        stone, leavings = await self.store.read(lambda tx: self._prepare(tx, name, now))
        tombstones.keep(self.folder.tombstones, [stone])

        def unit(tx: Transaction) -> Erased:
            for code in leavings.codes:
                tx.jobs.put(Job(kind=FORGET_CODE, key=code, due_at=now + _DRAWN_WITHIN))
            return erasure.erase(tx, stone.person, self.folder.mark, who=self.who, now=now, rng=self.rng)

        done = await self.store.write(unit)
        self._discard(leavings)
        return as_json(done, dry_run=False)

    def _prepare(self, tx: Transaction, name: str, now: datetime) -> tuple[Tombstone, Leavings]:
        person = find(tx, name, self.naming)
        stone = erasure.stone_of(tx, person, self.folder.mark, now=now)
        return stone, tx.erasures.leavings(person)

    def _discard(self, leavings: Leavings) -> None:
        """Delete pictures with their name and face, and contact QRs that lead to them."""
        posters = Shelf(self.folder.path / "posters")
        for code in leavings.codes:
            posters.drop(name_of(code, "*"))
        for picture in leavings.pictures:
            (self.folder.path / "qr" / Path(picture).name).unlink(missing_ok=True)


def find(tx: Transaction, name: str, naming: Naming) -> str:
    """The id of whom a name means; nobody is made known by it. Raises `BadInput` or `NotFound`."""
    identity = identity_of(name, naming)
    person = tx.people.find(identity) if identity else tx.people.get(name)
    if person is None:
        raise NotFound(f"没有找到这个人：{name}")
    return person.id


def as_json(erased: Erased, *, dry_run: bool) -> dict[str, Any]:
    """What `erase --json` prints: rows by table."""
    return {
        "person": erased.person,
        "dry_run": dry_run,
        "renounced": erased.renounced,
        "removed": dict(erased.rows.removed),
        "emptied": dict(erased.rows.emptied),
        "kept": dict(erased.rows.kept),
    }
