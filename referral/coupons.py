"""Coupons: codes that a shop takes, out of a pool or of our own making, and what becomes of each.

A coupon belongs to one thanks. Whether it is good is not kept anywhere: it follows from the thanks and from whether the
coupon was used. What is used and what is called back meet at the coupon's own row, so that only one of both happens.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import connectors, ledger
from referral.ids import Bits, new_id
from referral.rewards import Reward, RewardState

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

OWN = ""
"""The pool of the codes that we make ourselves."""

USED = "coupon.use"
"""How the audit names that a coupon was used."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that is taken for something else
_LETTERS = 10  # of a code of our own: 50 bits
_TOKEN = 26  # symbols of 5 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """One code. `token` is the end of the address that staff open; `used_by` and `shop` say who took it and where."""

    id: str
    pool: str
    code: str
    token: str
    added_at: datetime
    reward: str | None = None
    given_at: datetime | None = None
    used_at: datetime | None = None
    used_by: str | None = None
    shop: str = ""
    void_at: datetime | None = None


class Standing(StrEnum):
    """Whether a shop may take a coupon."""

    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    VOID = "void"


class Coupons(Protocol):
    """Where coupons are kept: a code once per pool, a coupon once per thanks."""

    def add(self, coupons: Sequence[Coupon]) -> None: ...
    def taken(self, pool: str, codes: Sequence[str]) -> set[str]: ...
    def elsewhere(self, pool: str, codes: Sequence[str]) -> dict[str, str]: ...
    def claim(self, pool: str, reward: str, now: datetime) -> Coupon | None: ...
    def of_reward(self, reward: str) -> Coupon | None: ...
    def of_token(self, token: str) -> Coupon | None: ...
    def of_code(self, code: str) -> list[Coupon]: ...
    def like(self, code: str) -> list[Coupon]: ...
    def use(self, coupon: str, by: str, shop: str, now: datetime) -> bool: ...
    def void(self, reward: str, now: datetime) -> bool: ...
    def counts(self, now: datetime) -> dict[str, Mapping[str, int]]: ...


def made(pool: str, code: str, *, now: datetime, rng: Bits) -> Coupon:
    """A coupon of a pool that nobody has yet."""
    return Coupon(id=new_id(rng, "u"), pool=pool, code=code, token=_symbols(rng, _TOKEN).lower(), added_at=now)


def pool_for(pool: str, reward: Reward) -> str:
    """Out of which pool a thanks takes its code: one whose form has a name takes it out of `POOL.NAME`.

    A dessert and a meal voucher of the same offer are not the same code.
    """
    return f"{pool}.{reward.value}" if reward.value else pool


def claim(tx: Tx, pool: str, reward: Reward, *, now: datetime) -> Coupon | None:
    """Take a code out of a pool for a thanks, the same one when asked again; None where none is left."""
    if known := tx.coupons.of_reward(reward.id):
        return known
    own = pool_for(pool, reward)
    taken = tx.coupons.claim(own, reward.id, now)
    if taken:
        connectors.worked(tx, _stands_as(own))
    return taken


def fill(tx: Tx, pool: str, codes: Sequence[str], *, now: datetime, rng: Bits) -> None:
    """Add codes to a pool that it has never had; where it was empty that is over."""
    tx.coupons.add([made(pool, code, now=now, rng=rng) for code in codes])
    if codes:
        connectors.worked(tx, _stands_as(pool))


def ran_out(tx: Tx, facts: Facts, pool: str, *, now: datetime, rng: Bits) -> bool:
    """Tell the managers that a pool has no code left, once until codes are added; whether they were told now."""
    return connectors.trouble(tx, facts, _stands_as(pool), "rep.pool_empty", {"id": pool}, now=now, rng=rng)


def _stands_as(pool: str) -> str:
    """The name under which the standing of a pool is kept, beside those of connectors."""
    return f"pool:{pool}"


def typed(tx: Tx, text: str) -> list[Coupon]:
    """The coupons that people have and whose code somebody has typed, several where pools share a code.

    Spaces never count; capitals, hyphens and full-width letters only where no code reads just so.
    """
    code = "".join(text.split())
    if not code.isprintable():
        return []
    folded = unicodedata.normalize("NFKC", code).replace("-", "")
    return tx.coupons.of_code(code) or (tx.coupons.like(folded) if folded else [])


def give_own(tx: Tx, reward: Reward, *, now: datetime, rng: Bits) -> Coupon:
    """Make a code of our own for a thanks, where no pool and no other system gives it one."""
    if known := tx.coupons.of_reward(reward.id):
        return known
    given = replace(made(OWN, _symbols(rng, _LETTERS), now=now, rng=rng), reward=reward.id, given_at=now)
    tx.coupons.add([given])
    return given


def standing(coupon: Coupon, reward: Reward, now: datetime) -> Standing:
    """Whether a shop may take it now, and if not, why."""
    if coupon.used_at:
        return Standing.USED
    over = reward.expires_at is not None and reward.expires_at <= now
    if reward.state is RewardState.EXPIRED or (reward.state is RewardState.GRANTED and over):
        return Standing.EXPIRED
    return Standing.GOOD if reward.state is RewardState.GRANTED and coupon.void_at is None else Standing.VOID


def use(tx: Tx, coupon: Coupon, reward: Reward, *, by: str, shop: str, now: datetime, rng: Bits) -> bool:
    """A shop takes a coupon: once, on record and in the books; False where it is not good (any more)."""
    if standing(coupon, reward, now) is not Standing.GOOD or not tx.coupons.use(coupon.id, by, shop, now):
        return False
    mine = ledger.account_of(reward.person, RewardState.GRANTED)
    spent = f"used:campaign:{reward.campaign}"
    ledger.move(tx, "used", mine, spent, reward.unit, reward.amount, reward.id, now=now, rng=rng)
    tx.audit.note(by, USED, coupon.id, shop, now)
    return True


def _symbols(rng: Bits, count: int) -> str:
    bits = rng.getrandbits(5 * count)
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 5 * count, 5))
