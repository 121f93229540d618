"""What staff do with coupon pools and the shop for points, from the command line or elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from referral import coupons, shop
from referral.errors import BadInput
from referral.facts import Facts
from referral.ids import Bits, new_id
from referral.shop import Item, Redemption
from referral.times import Clock
from storage.store import Store
from storage.times import iso
from storage.transaction import Transaction

_POOL = re.compile(r"[^\s\x00-\x1f]{1,64}")
STATES = ("left", "given", "used", "expired", "void")
"""How each pool is counted."""

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocking:
    """Writing commands by name; each returns what `--json` prints. `who` is kept in the audit."""

    store: Store
    facts: Facts
    clock: Clock
    rng: Bits
    who: str

    async def run(self, command: str, args: Args) -> dict[str, Any]:
        """`coupons.add`, `shop.add`, `shop.close` or `shop.cancel`. Raises a `ReferralError`."""
        units = {
            "coupons.add": self._fill,
            "shop.add": self._shelve,
            "shop.close": self._close,
            "shop.cancel": self._cancel,
        }
        if command not in units:
            raise BadInput("command", f"没有这个命令：{command}")
        return await self.store.write(lambda tx: units[command](tx, args))

    def _fill(self, tx: Transaction, args: Args) -> dict[str, Any]:
        """Add codes to a pool; those that it has had before are left out and named, and so is what another pool has."""
        pool, codes, now = pool_named(str(args["pool"])), [str(code) for code in args["codes"]], self.clock()
        known = tx.coupons.taken(pool, codes)
        fresh = [code for code in dict.fromkeys(codes) if code not in known]
        coupons.fill(tx, pool, fresh, now=now, rng=self.rng)
        tx.audit.note(self.who, "coupons.add", pool, str(len(fresh)), now)
        return {"added": len(fresh), "known": sorted(known), "elsewhere": tx.coupons.elsewhere(pool, fresh)}

    def _shelve(self, tx: Transaction, args: Args) -> dict[str, Any]:
        now = self.clock()
        title, kind = " ".join(str(args["title"]).split()), str(args["kind"])
        value = str(args.get("value") or "").strip() or (title if kind != "coupon" else "")
        item = Item(
            id=new_id(self.rng, "q"),
            title=title,
            points=int(args["points"]),
            stock=int(args["stock"]),
            kind=kind,
            value=value,
            valid_days=int(args.get("valid_days") or 0),
            cost_fen=int(args.get("cost_fen") or 0),
            added_at=now,
        )
        return item_as_json(shop.add(tx, self.facts, item, by=self.who, now=now))

    def _close(self, tx: Transaction, args: Args) -> dict[str, Any]:
        return item_as_json(shop.close(tx, str(args["item"]), by=self.who, now=self.clock()))

    def _cancel(self, tx: Transaction, args: Args) -> dict[str, Any]:
        found, why = str(args["redemption"]), str(args["why"])
        back = shop.cancel(tx, self.facts, found, why, by=self.who, now=self.clock(), rng=self.rng)
        return redemption_as_json(tx, back)


def pool_named(name: str) -> str:
    """A pool's name. Raises `BadInput`."""
    if not _POOL.fullmatch(name) or not name.isprintable():
        raise BadInput("POOL", "券池的名称最多 64 个字，不能有空格")
    return name


def pools(tx: Transaction, now: datetime) -> list[dict[str, Any]]:
    """Each pool with its counts, as `--json` prints it; our own codes are the pool without a name."""
    return [
        {"pool": pool, **{state: counts.get(state, 0) for state in STATES}}
        for pool, counts in sorted(tx.coupons.counts(now).items())
    ]


def shelf(tx: Transaction) -> list[dict[str, Any]]:
    """Everything that ever stood on the shelf, as `--json` prints it."""
    return [item_as_json(item) for item in tx.shop.all()]


def item_as_json(item: Item) -> dict[str, Any]:
    """A thing of the shop, as `--json` prints it."""
    return {
        "item": item.id,
        "title": item.title,
        "points": item.points,
        "stock": item.stock,
        "kind": item.kind,
        "value": item.value,
        "valid_days": item.valid_days,
        "cost_fen": item.cost_fen,
        "closed_at": iso(item.closed_at),
    }


def redemption_as_json(tx: Transaction, made: Redemption) -> dict[str, Any]:
    """An exchange, as `--json` prints it."""
    reward, item = tx.rewards.get(made.reward), tx.shop.get(made.item)
    return {
        "redemption": made.id,
        "person": made.person,
        "item": made.item,
        "title": item.title if item else "",
        "reward": made.reward,
        "state": reward.state.value if reward else "",
        "points": made.points,
        "at": iso(made.at),
        "returned_at": iso(made.returned_at),
    }
