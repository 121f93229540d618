"""Connectors: how each way of making thanks real has fared lately, and whether it is used at all.

One that only fails for five days, or says that it is gone for good, is disabled: what it is to do waits, and a manager
is told (Standard Webhooks; Svix). A person enables it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from referral import managers
from referral.ids import Bits

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

PATIENCE = timedelta(days=5)
"""A connector that did nothing but fail for so long is disabled."""

GONE = "gone"
FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one connector, or one pool of codes, stands.

    `why` it is disabled; `told_at` is when the managers heard of the present trouble.
    """

    connector: str
    failing_since: datetime | None = None
    told_at: datetime | None = None
    disabled_at: datetime | None = None
    why: str = ""

    @property
    def is_disabled(self) -> bool:
        """Whether nothing is given to it."""
        return self.disabled_at is not None


class Standings(Protocol):
    """Where it is kept; one that has never failed has a clean standing."""

    def get(self, connector: str) -> Standing: ...
    def save(self, standing: Standing) -> None: ...
    def all(self) -> list[Standing]: ...


def worked(tx: Tx, connector: str) -> None:
    """It did what it was asked: whatever was wrong is over."""
    if tx.connectors.get(connector) != (clean := Standing(connector=connector)):
        tx.connectors.save(clean)


def failed(tx: Tx, facts: Facts, connector: str, *, gone: bool = False, now: datetime, rng: Bits) -> Standing:
    """It failed once more; after five days of nothing else, or where it is `gone`, it is disabled."""
    known = tx.connectors.get(connector)
    failing = replace(known, failing_since=known.failing_since or now)
    assert failing.failing_since
    if not failing.is_disabled and (gone or now - failing.failing_since >= PATIENCE):
        failing = replace(failing, disabled_at=now, why=GONE if gone else FAILING)
        managers.tell(tx, facts, f"rep.connector_{failing.why}", {"id": connector}, now=now, rng=rng)
        tx.audit.note("fulfilment", "connector.disable", connector, failing.why, now)
    tx.connectors.save(failing)
    return failing


def trouble(
    tx: Tx, facts: Facts, connector: str, key: str, stock: dict[str, object], *, now: datetime, rng: Bits
) -> bool:
    """Tell the managers what is wrong, once until it works again; whether they were told now."""
    known = tx.connectors.get(connector)
    if known.told_at is not None:
        return False
    tx.connectors.save(replace(known, told_at=now))
    managers.tell(tx, facts, key, stock, now=now, rng=rng)
    return True
