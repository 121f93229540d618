"""What an operator may do about domains: say that WeChat blocks ours, and that it does no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral import domains
from referral.carriers import IN_PLACE, Carrier
from referral.errors import BadInput
from referral.facts import Facts
from referral.ids import Bits
from referral.times import SHANGHAI, Clock
from storage.store import Store, Unit
from storage.transaction import Transaction

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Domaining:
    """Writing commands by name; each returns how our domain stands. `who` is kept in the audit."""

    store: Store
    facts: Facts
    clock: Clock
    rng: Bits
    who: str

    async def run(self, command: str, args: Args) -> dict[str, Any]:
        """`block` or `clear`. Raises a `ReferralError` that says what is wrong."""
        if command == "block":
            return await self.store.write(self._blocking(str(args["host"])))
        if command == "clear":
            return await self.store.write(self._clearing(str(args.get("host") or "")))
        raise BadInput("command", f"没有这个命令：domain.{command}")

    def _blocking(self, host: str) -> Unit[dict[str, Any]]:
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            domains.block(tx, self.facts, host, who=self.who, now=now, rng=self.rng)
            return as_json(tx, self.facts)

        return unit

    def _clearing(self, host: str) -> Unit[dict[str, Any]]:
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            domains.clear(tx, self.facts, host, who=self.who, now=now, rng=self.rng)
            return as_json(tx, self.facts)

        return unit


def as_json(tx: Transaction, facts: Facts) -> dict[str, Any]:
    """The domain of our links, whether it is blocked, what posters carry instead, and every domain that is blocked."""
    is_blocked = domains.is_blocked(tx, facts)
    others = [each.value for each in IN_PLACE if each is not Carrier.LANDING and each in facts.carriers]
    known = [{"host": each.host, "since": each.since.astimezone(SHANGHAI).isoformat()} for each in tx.domains.blocked()]
    return {
        "host": domains.host_of(facts.public_url),
        "is_blocked": is_blocked,
        "instead": others if is_blocked else [],
        "blocked": known,
    }


def blocked_as_json(tx: Transaction, facts: Facts) -> dict[str, str | None]:
    """The domain of our links where it is blocked, else null."""
    return {"blocked_host": domains.host_of(facts.public_url) if domains.is_blocked(tx, facts) else None}
