"""What an operator may do about two people who are one, or were wrongly taken for one: merge, part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.hooks.reading import Naming
from bot.naming import colleague, person_named
from referral import merging
from referral.errors import BadInput
from referral.facts import Facts
from referral.ids import Bits
from referral.merges import Merge
from referral.times import Clock
from storage.store import Store, Unit
from storage.times import iso
from storage.transaction import Transaction

LONGEST_REASON = 200  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """Writing commands by name; each returns the merge as `--json` prints it.

    Whoever decides says so by name; `door` is where it was done, for the audit.
    """

    store: Store
    facts: Facts
    naming: Naming
    clock: Clock
    rng: Bits
    door: str

    async def run(self, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`merge` or `part`. Raises a `ReferralError` that says what is wrong."""
        by = str(args["by"])
        if command == "merge":
            kept, gone, reason = (str(args[name]) for name in ("kept", "gone", "reason"))
            return await self.store.write(self.merging(kept, gone, reason, by))
        if command == "part":
            return await self.store.write(self.parting(str(args["id"]), by))
        raise BadInput("command", f"没有这个命令：person.{command}")

    def merging(self, kept: str, gone: str, reason: str, by: str) -> Unit[dict[str, Any]]:
        """What folds `gone` into `kept`."""
        now, who, why = self.clock(), colleague(by), worded(reason)

        def unit(tx: Transaction) -> dict[str, Any]:
            stays, goes = (person_named(tx, name, self.naming).id for name in (kept, gone))
            made = merging.merge(tx, self.facts, stays, goes, why=why, who=who, now=now, rng=self.rng)
            tx.audit.note(self.door, "person.merge", made.id, who, now)
            return as_json(made)

        return unit

    def parting(self, merge: str, by: str) -> Unit[dict[str, Any]]:
        """What undoes a merge."""
        now, who = self.clock(), colleague(by)

        def unit(tx: Transaction) -> dict[str, Any]:
            merging.part(tx, self.facts, merge, who=who, now=now, rng=self.rng)
            tx.audit.note(self.door, "person.part", merge, who, now)
            parted = tx.merges.get(merge)
            assert parted
            return as_json(parted)

        return unit


def of_person(tx: Transaction, name: str, naming: Naming) -> list[dict[str, Any]]:
    """Every merge that a person was part of, the latest first, as `--json` prints them."""
    person = person_named(tx, name, naming)
    return [as_json(merge) for merge in tx.merges.of_person(person.id)]


def as_json(merge: Merge) -> dict[str, Any]:
    """A merge; `kept` and `gone` are our own ids."""
    return {
        "id": merge.id,
        "kept": merge.kept,
        "gone": merge.gone,
        "why": merge.why,
        "by": merge.who,
        "at": iso(merge.at),
        "undone_at": iso(merge.undone_at),
    }


def worded(reason: str, field: str = "--reason") -> str:
    """A reason on one line. Raises `BadInput`."""
    line = " ".join(reason.split())
    if not line:
        raise BadInput(field, "请写明原因")
    if len(line) > LONGEST_REASON or not line.isprintable():
        raise BadInput(field, f"最多 {LONGEST_REASON} 个字，不能含有控制字符")
    return line
