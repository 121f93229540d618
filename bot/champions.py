"""Champions and quiet connectors in words for staff, and as the command line and the API show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from referral.champions import Why, stay_rate, whys
from referral.forest import Branch, Kind, lineage
from storage.transaction import Transaction

TITLES = {Kind.CHAMPION: "热心人", Kind.CONNECTOR: "牵线人"}


def as_json(tx: Transaction, limit: int, kind: Kind | None = None) -> list[dict[str, Any]]:
    """Who stands out in the company, the most valuable first; `root` and `generation` say how they came themselves."""
    grove = tx.branches.grove()

    def row(branch: Branch) -> dict[str, Any]:
        person, tally = tx.people.get(branch.person), branch.tally
        root, generation = lineage(branch.person, lambda each: tx.branches.get(each).by)
        return {
            "person": {"id": branch.person, "name": (person.called or person.name) if person else ""},
            "kind": branch.kind.value,
            "why": [{"code": why.code, "text": said(why)} for why in whys(tally, grove)],
            "brought": tally.brought,
            "stayed": tally.stayed,
            "stay_rate": round(stay_rate(tally, grove), 4),
            "descendants": tally.descendants,
            "value": tally.value,
            "root": root,
            "generation": generation,
        }

    return [row(branch) for branch in tx.branches.listed(limit, kind)]


def line(told: Sequence[Why]) -> str:
    """Why somebody is on the list, in one line."""
    return "；".join(map(said, told))


def said(why: Why) -> str:
    """One reason, as staff read it."""
    match why.code:
        case "onwards":
            return f"介绍来的 {why.of} 位朋友，自己又带来了 {why.are} 位" if why.of > 1 else _one_went_on(why.are)
        case "lasting" if why.are == why.of:
            return f"介绍得不多，满 90 天的 {why.of} 位朋友都留了下来"
        case "lasting":
            return f"介绍得不多，满 90 天的 {why.of} 位朋友里留下了 {why.are} 位"
        case _ if why.are == why.of:
            return f"介绍来 {why.of} 位朋友，都留了下来"
        case _:
            return f"介绍来 {why.of} 位朋友，已有 {why.are} 位留了下来"


def _one_went_on(are: int) -> str:
    return f"只介绍来 1 位朋友，这位朋友又带来了 {are} 位"
