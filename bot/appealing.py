"""What an operator may do about appeals: look at them, answer one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral import appeals
from referral.appeals import Appeal
from referral.errors import BadInput, NotFound
from referral.facts import Facts
from referral.ids import Bits
from referral.times import Clock
from storage.store import Store, Unit
from storage.times import iso
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealing:
    """Writing commands by name; each returns the appeal as `--json` prints it. `who` answers, by the audit's name."""

    store: Store
    facts: Facts
    clock: Clock
    rng: Bits
    who: str

    async def run(self, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`answer`. Raises a `ReferralError` that says what is wrong."""
        if command != "answer":
            raise BadInput("command", f"没有这个命令：appeal.{command}")
        return await self.store.write(self.answering(str(args["id"]), str(args["text"])))

    def answering(self, appeal_id: str, text: str) -> Unit[dict[str, Any]]:
        """What answers an appeal."""
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            appeal = tx.appeals.get(appeal_id)
            if appeal is None:
                raise NotFound(f"没有这一条：{appeal_id}")
            answered = appeals.answer(tx, self.facts, appeal, text, by=self.who, now=now, rng=self.rng)
            return as_json(tx, self.facts, answered)

        return unit


def as_json(tx: Transaction, facts: Facts, appeal: Appeal) -> dict[str, Any]:
    """An appeal, with the reason that its person was told, in the words of staff."""
    person = tx.people.get(appeal.person)
    text = facts.words.reason(appeal.reason, audience="staff") if appeal.reason else ""
    return {
        "id": appeal.id,
        "person": {"id": appeal.person, "name": (person.called or person.name) if person else ""},
        "about": appeal.about,
        "reason": {"code": appeal.reason, "text": text} if appeal.reason else None,
        "words": appeal.words,
        "at": iso(appeal.at),
        "rep": appeal.rep,
        "again": appeal.again,
        "answer": appeal.answer,
        "answered_by": appeal.answered_by,
        "answered_at": iso(appeal.answered_at),
    }
