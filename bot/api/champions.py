"""`/champions`: who brings people who stay, and whose friends bring on others."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.operations import Asked, Operation
from bot.api.shapes import MOST, PersonId, Why
from bot.champions import as_json
from referral.forest import Kind
from storage.transaction import Transaction

KindName = Literal["champion", "connector"]


class ChampionPerson(Struct, frozen=True, kw_only=True):
    """Who it is."""

    id: PersonId
    name: str


class Champion(Struct, frozen=True, kw_only=True):
    """An advocate who stands out in the company's own forest of credited referrals, and why.

    `brought` are friends who became customers through her, `stayed` those known to have stayed, `stay_rate` the share
    who stay, 0-1, shrunk to the company's; `descendants` are friends of friends, counted for insight only: one level is
    ever thanked. `root` is at whom her own line begins, `generation` how many steps from there, 0 for who came alone.
    """

    person: ChampionPerson
    kind: KindName
    why: list[Why]
    brought: int
    stayed: int
    stay_rate: float
    descendants: int
    value: float
    root: PersonId
    generation: int


class Champions(Struct, frozen=True, kw_only=True):
    """Those who stand out, the most valuable first, as of last night's look."""

    items: list[Champion]


class ChampionQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many at most, and of which kind."""

    limit: Annotated[int, Meta(ge=1, le=MOST, description="How many rows at most.")] = 50
    kind: KindName | UnsetType = UNSET


def _list(tx: Transaction, asked: Asked) -> Champions:
    query: ChampionQuery = asked.query
    kind = Kind(query.kind) if isinstance(query.kind, str) else None
    return msgspec.convert({"items": as_json(tx, query.limit, kind)}, Champions)


OPERATIONS = (
    Operation(
        name="listChampions",
        method="GET",
        path="/champions",
        scope="people:read",
        summary="Advocates who bring many that stay (champion), or whose few friends bring on others (connector).",
        run=_list,
        query=ChampionQuery,
        answer=Champions,
        example=Champions(
            items=[
                Champion(
                    person=ChampionPerson(id="p0123456789abcdef", name="梅姐"),
                    kind="champion",
                    why=[Why("stayed", "介绍来 6 位朋友，已有 5 位留了下来")],
                    brought=6,
                    stayed=5,
                    stay_rate=0.7143,
                    descendants=2,
                    value=5.5,
                    root="p0123456789abcdef",
                    generation=0,
                )
            ]
        ),
    ),
)
