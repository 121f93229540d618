"""Making and revoking API keys, as an operator asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral import api_keys
from referral.api_keys import ApiKey
from referral.errors import BadInput
from referral.ids import Bits
from referral.times import Clock
from storage.store import Store
from storage.times import iso
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """Writing commands about keys; each returns what `--json` prints."""

    store: Store
    clock: Clock
    rng: Bits

    async def run(self, what: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Do one command. Raises a `ReferralError` that says what is wrong."""
        if what == "new":
            return await self._new(str(args["name"]), [str(scope) for scope in args["scopes"]])
        if what == "revoke":
            return await self._revoke(str(args["name"]))
        raise BadInput("command", f"没有这个命令：key.{what}")

    async def _new(self, name: str, scopes: list[str]) -> dict[str, Any]:
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            made, secret = api_keys.make(tx, name, scopes, now=now, rng=self.rng)
            tx.audit.note("cli", "key.new", made.id, " ".join(made.scopes), now)
            return as_json(made) | {"key": secret}

        return await self.store.write(unit)

    async def _revoke(self, name: str) -> dict[str, Any]:
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            revoked = api_keys.revoke(tx, name, now=now)
            tx.audit.note("cli", "key.revoke", revoked.id, "", now)
            return as_json(revoked) | {"revoked_at": iso(now)}

        return await self.store.write(unit)


def as_json(key: ApiKey) -> dict[str, Any]:
    """A key as the command line shows it."""
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "created_at": iso(key.created_at),
        "used_at": iso(key.used_at),
        "revoked_at": iso(key.revoked_at),
    }
