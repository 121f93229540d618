"""How an operation of the API is declared: once, for the route and for the document alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from msgspec import Struct

from bot.hooks.reading import Naming
from bot.operator import Operator
from bot.words import Words
from referral.api_keys import ApiKey
from referral.facts import Facts
from referral.ids import Bits
from referral.times import Clock
from storage.transaction import Transaction


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """An operation that takes no query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What operations work with; `clock` is the one that the rules live by."""

    facts: Facts
    words: Words
    naming: Naming
    operator: Operator
    clock: Clock
    rng: Bits
    ledger_seed: bytes

    def on_behalf_of(self, key: ApiKey) -> Operator:
        """The operator, who notes in the audit whose key it was."""
        return replace(self.operator, who=f"api:{key.name}")

    def reason(self, code: str) -> str:
        """A reason in words for staff."""
        return self.words.reason(code, audience="staff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, read and allowed: the parts of its path, its query and body in their declared shapes."""

    office: Office
    key: ApiKey
    now: datetime
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    body: Any = None


Run = Callable[[Transaction, Asked], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. `path` stands below `/api/v1`; `answer` is the shape of what `run` gives under `status`.

    `parts` are the shapes of what its path leaves open. `run` may raise a `ReferralError`; `refuses` are the statuses
    that it answers then, beyond those that all operations have.
    """

    name: str
    method: str
    path: str
    scope: str
    summary: str
    run: Run
    answer: Any
    example: Any
    parts: Mapping[str, Any] = field(default_factory=dict)
    query: type[Struct] = NoQuery
    body: Any = None
    body_example: Any = None
    status: int = 200
    refuses: tuple[int, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether it is done in a writing transaction, once for each idempotency key."""
        return self.method != "GET"
