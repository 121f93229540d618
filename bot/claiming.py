"""What an operator may do about claims: look at them, confirm one, refuse one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.hooks.reading import Naming
from bot.naming import person_named
from referral import claims, codes
from referral.claims import Candidate, Claim, ClaimState
from referral.errors import BadInput, NotFound
from referral.facts import Facts
from referral.ids import Bits
from referral.times import Clock
from storage.store import Store, Unit
from storage.times import iso
from storage.transaction import Transaction

LONGEST_REASON = 200  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """Writing commands by name; each returns the claim as `--json` prints it. `who` decides, by the audit's name."""

    store: Store
    facts: Facts
    naming: Naming
    clock: Clock
    rng: Bits
    who: str

    async def run(self, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`confirm` or `refuse`. Raises a `ReferralError` that says what is wrong."""
        claim = str(args["id"])
        if command == "confirm":
            return await self.store.write(self.confirming(claim, str(args["advocate"])))
        if command == "refuse":
            return await self.store.write(self.refusing(claim, str(args["reason"])))
        raise BadInput("command", f"没有这个命令：claim.{command}")

    def confirming(self, claim: str, advocate: str) -> Unit[dict[str, Any]]:
        """What has a claim mean an advocate, named as a person or by a code."""
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            found, meant = _claim(tx, claim), self._advocate(tx, advocate)
            return as_json(tx, claims.confirm(tx, self.facts, found, meant, by=self.who, now=now, rng=self.rng))

        return unit

    def refusing(self, claim: str, reason: str) -> Unit[dict[str, Any]]:
        """What says that a claim means nobody whom we know. Raises `BadInput` for a reason that cannot be."""
        now, why = self.clock(), _reason(reason)

        def unit(tx: Transaction) -> dict[str, Any]:
            return as_json(
                tx, claims.refuse(tx, self.facts, _claim(tx, claim), why, by=self.who, now=now, rng=self.rng)
            )

        return unit

    def _advocate(self, tx: Transaction, name: str) -> str:
        """Our own id of an advocate, who may be named by a code."""
        if code := tx.codes.find(codes.normalise(name) or ""):
            return code.advocate
        return person_named(tx, name, self.naming, "ADVOCATE").id


def listed(tx: Transaction, *, everything: bool) -> list[dict[str, Any]]:
    """The open claims, or all there ever were, as `--json` prints them."""
    return [as_json(tx, claim) for claim in (tx.claims.all() if everything else tx.claims.waiting())]


def as_json(tx: Transaction, claim: Claim) -> dict[str, Any]:
    """A claim; while it is open, with those who may be meant."""
    person = tx.people.get(claim.person)
    found: list[Candidate] = []
    if claim.state is ClaimState.OPEN:
        found = claims.candidates(tx, claim.name, claim.rep or "", at=claim.said_at, without=claim.person)
    return {
        "id": claim.id,
        "handle": claim.handle,
        "person": {"id": claim.person, "name": (person.called or person.name) if person else ""},
        "name": claim.name,
        "words": claim.words,
        "source": claim.source,
        "said_at": iso(claim.said_at),
        "expires_at": iso(claim.expires_at),
        "rep": claim.rep,
        "state": claim.state.value,
        "advocate": claim.advocate,
        "code": claim.code,
        "decided_by": claim.decided_by,
        "decided_at": iso(claim.decided_at),
        "reason": claim.reason,
        "candidates": [
            {"person": each.person, "nickname": each.nickname, "name": each.name, "code": each.code, "own": each.own}
            for each in found
        ],
    }


def _claim(tx: Transaction, claim: str) -> Claim:
    found = tx.claims.get(claim)
    if found is None:
        raise NotFound(f"没有这一条：{claim}")
    return found


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise BadInput("--reason", "请写明为什么不算")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise BadInput("--reason", f"最多 {LONGEST_REASON} 个字，不能含有控制字符")
    return reason
