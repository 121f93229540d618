"""What staff do about what looks made up: look at it, clear it, confirm it, take that back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.merging import worded
from bot.naming import colleague
from bot.words import Words
from referral import suspicions
from referral.errors import BadInput
from referral.facts import Facts
from referral.ids import Bits
from referral.reopening import reopen
from referral.suspicions import Suspicion
from referral.times import Clock
from storage.store import Store, Unit
from storage.times import iso
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspecting:
    """Writing commands by name; each returns the suspicion as `--json` prints it.

    Whoever decides says so by name; `door` is where it was done, for the audit.
    """

    store: Store
    facts: Facts
    words: Words
    clock: Clock
    rng: Bits
    door: str

    async def run(self, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`clear`, `confirm` or `reopen`. Raises a `ReferralError` that says what is wrong."""
        deciding = {"clear": self.clearing, "confirm": self.confirming, "reopen": self.reopening}.get(command)
        if deciding is None:
            raise BadInput("command", f"没有这个命令：fraud.{command}")
        return await self.store.write(deciding(str(args["id"]), str(args["reason"]), str(args["by"])))

    def clearing(self, referral: str, reason: str, by: str) -> Unit[dict[str, Any]]:
        """What lets go on whatever was held up."""
        now, name, why = self.clock(), colleague(by), worded(reason)

        def unit(tx: Transaction) -> dict[str, Any]:
            decided = suspicions.clear(tx, referral, name, why, now=now)
            tx.audit.note(self.door, "suspicion.clear", referral, name, now)
            return as_json(tx, self.words, decided)

        return unit

    def confirming(self, referral: str, reason: str, by: str) -> Unit[dict[str, Any]]:
        """What ends the thanks for it."""
        now, name, why = self.clock(), colleague(by), worded(reason)

        def unit(tx: Transaction) -> dict[str, Any]:
            decided = suspicions.confirm(tx, self.facts, referral, name, why, now=now, rng=self.rng)
            tx.audit.note(self.door, "suspicion.confirm", referral, name, now)
            return as_json(tx, self.words, decided)

        return unit

    def reopening(self, referral: str, reason: str, by: str) -> Unit[dict[str, Any]]:
        """What takes back what somebody found: it waits for a person again."""
        now, name, why = self.clock(), colleague(by), worded(reason)

        def unit(tx: Transaction) -> dict[str, Any]:
            waiting = reopen(tx, self.facts, referral, name, why, now=now, rng=self.rng)
            tx.audit.note(self.door, "suspicion.reopen", referral, name, now)
            return as_json(tx, self.words, waiting)

        return unit


def listed(tx: Transaction, words: Words, *, everything: bool) -> list[dict[str, Any]]:
    """Those that somebody must look at, or all that anything was found about, the oldest first."""
    found = tx.suspicions.all() if everything else tx.suspicions.waiting()
    return [as_json(tx, words, each) for each in found]


def as_json(tx: Transaction, words: Words, found: Suspicion) -> dict[str, Any]:
    """A suspicion, with its evidence in words for staff, and what was thanked for the act so far."""
    rewards = tx.rewards.of_referral(found.referral)
    return {
        "id": found.referral,
        "advocate": _person(tx, found.advocate),
        "friend": _person(tx, found.friend),
        "code": found.code,
        "rewards": [
            {"id": each.id, "side": each.side.value, "what": words.thanks(each.form), "state": each.state.value}
            for each in rewards
        ],
        **briefly(words, found),
    }


def likelihood(chance: float) -> str:
    """A chance as people read it: never quite certain, either way."""
    return ">99%" if chance > 0.99 else "<1%" if chance < 0.01 else f"{chance:.0%}"


def briefly(words: Words, found: Suspicion) -> dict[str, Any]:
    """What was found and decided, beside a referral or a thanks."""
    return {
        "chance": round(found.chance, 3),
        "evidence": [{"code": code.value, "text": words.say(f"evidence.{code.value}")} for code in found.evidence],
        "state": found.state.value,
        "at": iso(found.at),
        "decided_by": found.decided_by,
        "decided_at": iso(found.decided_at),
        "note": found.note,
    }


def _person(tx: Transaction, person_id: str) -> dict[str, str]:
    person = tx.people.get(person_id)
    return {"id": person_id, "name": (person.called or person.name) if person else ""}
