"""`/suspicions`: referrals that look made up, for staff to clear or confirm, and to take that back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.operations import Asked, Operation
from bot.api.people import known_id
from bot.api.shapes import Colleague, Page, PageQuery, PersonId, Reason, ReferralId, RewardId, Why, page
from bot.suspecting import Suspecting, as_json
from referral.errors import NotFound
from referral.ids import is_id
from storage import listings
from storage.transaction import Transaction

State = Literal["noted", "open", "cleared", "confirmed"]
Chance = Annotated[float, Meta(ge=0, le=1, description="How probable it is that the act was made up.")]


class SuspicionPerson(Struct, frozen=True, kw_only=True):
    """Somebody whom it concerns."""

    id: PersonId
    name: str


class SuspicionReward(Struct, frozen=True, kw_only=True):
    """A thanks for the act."""

    id: RewardId
    side: Literal["advocate", "friend"]
    what: str
    state: Literal["held", "approved", "granted", "reversed", "rejected", "expired"]


class Suspicion(Struct, frozen=True, kw_only=True):
    """How one referral looks, by what evidence, and what a person made of it. `open` ones hold up their thanks."""

    id: ReferralId
    advocate: SuspicionPerson
    friend: SuspicionPerson
    code: str
    rewards: list[SuspicionReward]
    chance: Chance
    evidence: list[Why]
    state: State
    at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str


class SuspicionQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which suspicions."""

    advocate: PersonId | UnsetType = UNSET
    state: State | UnsetType = UNSET


class SuspicionDecided(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who has looked, and what they saw."""

    by: Colleague
    reason: Reason


def _list(tx: Transaction, asked: Asked) -> Page[Suspicion]:
    query: SuspicionQuery = asked.query
    where = {"advocate": known_id(tx, query.advocate), "state": query.state}
    return page(tx, listings.SUSPICIONS, query, where, lambda row: _shown(tx, asked, row.referral))


def _one(tx: Transaction, asked: Asked) -> Suspicion:
    return _shown(tx, asked, asked.path["id"])


def _clear(tx: Transaction, asked: Asked) -> Suspicion:
    wanted: SuspicionDecided = asked.body
    found = _shown(tx, asked, asked.path["id"])
    made: Any = _suspecting(asked).clearing(found.id, wanted.reason, wanted.by)(tx)
    return msgspec.convert(made, Suspicion)


def _confirm(tx: Transaction, asked: Asked) -> Suspicion:
    wanted: SuspicionDecided = asked.body
    found = _shown(tx, asked, asked.path["id"])
    made: Any = _suspecting(asked).confirming(found.id, wanted.reason, wanted.by)(tx)
    return msgspec.convert(made, Suspicion)


def _reopen(tx: Transaction, asked: Asked) -> Suspicion:
    wanted: SuspicionDecided = asked.body
    found = _shown(tx, asked, asked.path["id"])
    made: Any = _suspecting(asked).reopening(found.id, wanted.reason, wanted.by)(tx)
    return msgspec.convert(made, Suspicion)


def _suspecting(asked: Asked) -> Suspecting:
    return asked.office.on_behalf_of(asked.key).suspecting


def _shown(tx: Transaction, asked: Asked, referral: str) -> Suspicion:
    found = tx.suspicions.get(referral) if is_id(referral, "r") else None
    if found is None:
        raise NotFound("没有这一条")
    return msgspec.convert(as_json(tx, asked.office.words, found), Suspicion)


_EXAMPLE = Suspicion(
    id="r0123456789abcdef",
    advocate=SuspicionPerson(id="p0123456789abcdef", name="阿博"),
    friend=SuspicionPerson(id="p123456789abcdef0", name="小军"),
    code="0000000A",
    rewards=[SuspicionReward(id="w0123456789abcdef", side="advocate", what="30天会员", state="held")],
    chance=0.78,
    evidence=[
        Why("within_hour", "接触邀请后一小时内就下单"),
        Why("same_device", "朋友和推荐人用过同一台设备"),
    ],
    state="open",
    at=datetime.fromisoformat("2026-11-25T12:00:00+08:00"),
    decided_by=None,
    decided_at=None,
    note="",
)


def _example(state: State, note: str) -> Suspicion:
    at = datetime.fromisoformat("2026-11-26T09:00:00+08:00")
    return msgspec.structs.replace(_EXAMPLE, state=state, note=note, decided_by="周经理", decided_at=at)


OPERATIONS = (
    Operation(
        name="listSuspicions",
        method="GET",
        path="/suspicions",
        scope="suspicions:read",
        summary="Referrals that look made up, with the evidence.",
        run=_list,
        query=SuspicionQuery,
        answer=Page[Suspicion],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="getSuspicion",
        method="GET",
        path="/suspicions/{id}",
        parts={"id": ReferralId},
        scope="suspicions:read",
        summary="How one referral looks.",
        run=_one,
        answer=Suspicion,
        example=_EXAMPLE,
        refuses=(404,),
    ),
    Operation(
        name="clearSuspicion",
        method="POST",
        path="/suspicions/{id}/clear",
        parts={"id": ReferralId},
        scope="suspicions:write",
        summary="It is in order: its thanks go on, and the same evidence does not bring this advocate up again.",
        run=_clear,
        body=SuspicionDecided,
        body_example=SuspicionDecided(by="周经理", reason="夫妻共用一台手机，到店核实过"),
        answer=Suspicion,
        example=_example("cleared", "夫妻共用一台手机，到店核实过"),
        refuses=(404, 409),
    ),
    Operation(
        name="confirmSuspicion",
        method="POST",
        path="/suspicions/{id}/confirm",
        parts={"id": ReferralId},
        scope="suspicions:write",
        summary="It is made up: its thanks end, with a reason that both sides may appeal against.",
        run=_confirm,
        body=SuspicionDecided,
        body_example=SuspicionDecided(by="周经理", reason="收货人和推荐人是同一位"),
        answer=Suspicion,
        example=_example("confirmed", "收货人和推荐人是同一位"),
        refuses=(404, 409),
    ),
    Operation(
        name="reopenSuspicion",
        method="POST",
        path="/suspicions/{id}/reopen",
        parts={"id": ReferralId},
        scope="suspicions:write",
        summary="Take back a clear or a confirm: it waits for somebody again, and what had ended is held anew.",
        run=_reopen,
        body=SuspicionDecided,
        body_example=SuspicionDecided(by="周经理", reason="核对时看错了人"),
        answer=Suspicion,
        example=_EXAMPLE,
        refuses=(404, 409),
    ),
)
