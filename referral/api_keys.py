"""Keys of the JSON API: a name, what it may do, and what recognises it; the key itself is shown once and never kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from referral.errors import BadInput, NotFound, RuleViolation
from referral.ids import Bits, new_id

SCOPES = (
    "*:read",
    *(f"{noun}:read" for noun in ("appeals", "budgets", "campaigns", "claims", "codes", "merges", "orders", "people")),
    *(
        f"{noun}:read"
        for noun in ("proofs", "referrals", "rewards", "shares", "stories", "suspicions", "touches", "why")
    ),
    *(
        f"{noun}:write"
        for noun in ("appeals", "approvals", "campaigns", "claims", "codes", "merges", "orders", "people")
    ),
    *(f"{noun}:write" for noun in ("rewards", "stories", "suspicions")),
    "lift:read",
    "experiments:read",
    "experiments:write",
)
"""What a key may be good for. `*:read` reads everything; writing is given noun by noun."""

_MARK = "taoli_"  # tells people, and scanners of source code, what it is
_SHOWN = len(_MARK) + 6  # characters that stay visible in lists
_LONGEST_NAME = 40  # characters
_USED_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key. `prefix` is how it begins, `digest` the SHA-256 of all of it in hex; `used_at` is right to a minute."""

    id: str
    name: str
    prefix: str
    digest: str
    scopes: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def allows(self, scope: str) -> bool:
        """Whether it may do what needs this scope."""
        return scope in self.scopes or ("*:read" in self.scopes and scope.endswith(":read"))

    def is_used_anew(self, now: datetime) -> bool:
        """Whether its last use is worth writing down again."""
        return self.used_at is None or now - self.used_at >= _USED_STEP


class ApiKeys(Protocol):
    """Where keys are kept; of one name there is never more than one that lives."""

    def add(self, key: ApiKey) -> None: ...
    def all(self) -> list[ApiKey]: ...
    def living(self, name: str) -> ApiKey | None: ...
    def recognise(self, digest: str) -> ApiKey | None: ...
    def use(self, key: str, now: datetime) -> None: ...
    def revoke(self, key: str, now: datetime) -> None: ...


class HasApiKeys(Protocol):
    """The part of a transaction that this noun needs."""

    @property
    def api_keys(self) -> ApiKeys: ...


def digest_of(key: str) -> str:
    """What is kept of a key: enough to recognise it, useless to whoever copies the database."""
    return sha256(key.encode()).hexdigest()


def make(tx: HasApiKeys, name: str, scopes: Sequence[str], *, now: datetime, rng: Bits) -> tuple[ApiKey, str]:
    """Make a key of 240 random bits; returns what is kept of it, and the key itself, which is not.

    Raises `BadInput` for a name or a scope that cannot be, `RuleViolation` where a living key has this name.
    """
    name = _checked_name(name)
    granted = _checked_scopes(scopes)
    if tx.api_keys.living(name):
        raise RuleViolation("key.taken", f"已经有一把叫 {name} 的密钥；先吊销它，或换一个名字。")
    secret = _MARK + "".join(new_id(rng, "") for _ in range(3))
    key = ApiKey(
        id=new_id(rng, "k"),
        name=name,
        prefix=secret[:_SHOWN],
        digest=digest_of(secret),
        scopes=granted,
        created_at=now,
    )
    tx.api_keys.add(key)
    return key, secret


def revoke(tx: HasApiKeys, name: str, *, now: datetime) -> ApiKey:
    """Make a key useless at once. Raises `NotFound` where none of this name lives."""
    key = tx.api_keys.living(name)
    if key is None:
        raise NotFound(f"没有这把密钥，或已经吊销：{name}")
    tx.api_keys.revoke(key.id, now)
    return key


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise BadInput("NAME", f"要 1 到 {_LONGEST_NAME} 个字，不能含有控制字符")
    return name


def _checked_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """In the order of `SCOPES`, each once."""
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise BadInput("--scope", f"没有这种权限：{'、'.join(unknown)}；现有 {' '.join(SCOPES)}")
    if not scopes:
        raise BadInput("--scope", f"至少要给一种权限；现有 {' '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in scopes)
