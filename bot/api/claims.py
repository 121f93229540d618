"""`/claims`: who introduced a friend, as the friend said, for staff to confirm or refuse."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.operations import Asked, Operation
from bot.api.people import known_id
from bot.api.shapes import ClaimId, CodeText, Page, PageQuery, PersonId, Reason, page
from bot.claiming import as_json
from referral.errors import NotFound
from referral.ids import is_id
from storage import listings
from storage.transaction import Transaction

State = Literal["open", "confirmed", "refused", "settled", "expired"]


class ClaimPerson(Struct, frozen=True, kw_only=True):
    """The friend who said it."""

    id: PersonId
    name: str


class ClaimCandidate(Struct, frozen=True, kw_only=True):
    """An advocate who may be meant; `own` where they are a customer of the same rep."""

    person: PersonId
    nickname: str
    name: str
    code: CodeText
    own: bool


class Claim(Struct, frozen=True, kw_only=True):
    """That a friend named somebody; the `words` are the evidence. While it is open, those who may be meant."""

    id: ClaimId
    handle: str
    person: ClaimPerson
    name: str
    words: str
    source: str
    said_at: datetime
    expires_at: datetime
    rep: str | None
    state: State
    advocate: PersonId | None
    code: CodeText | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    candidates: list[ClaimCandidate]


class ClaimQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which claims; `person` is the friend."""

    person: PersonId | UnsetType = UNSET
    state: State | UnsetType = UNSET


class ClaimConfirmed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant."""

    advocate: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=160,
            pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$",
            description="An invite code, or a person by any name or our own id.",
            examples=["crm:42"],
        ),
    ]


class ClaimRefused(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why nobody whom the company knows is meant."""

    reason: Reason


def _list(tx: Transaction, asked: Asked) -> Page[Claim]:
    query: ClaimQuery = asked.query
    where = {"person": known_id(tx, query.person), "state": query.state}
    return page(tx, listings.CLAIMS, query, where, lambda row: _shown(tx, row.id))


def _one(tx: Transaction, asked: Asked) -> Claim:
    return _shown(tx, asked.path["id"])


def _confirm(tx: Transaction, asked: Asked) -> Claim:
    wanted: ClaimConfirmed = asked.body
    claiming = asked.office.on_behalf_of(asked.key).claiming
    return msgspec.convert(claiming.confirming(_shown(tx, asked.path["id"]).id, wanted.advocate)(tx), Claim)


def _refuse(tx: Transaction, asked: Asked) -> Claim:
    wanted: ClaimRefused = asked.body
    claiming = asked.office.on_behalf_of(asked.key).claiming
    return msgspec.convert(claiming.refusing(_shown(tx, asked.path["id"]).id, wanted.reason)(tx), Claim)


def _shown(tx: Transaction, claim_id: str) -> Claim:
    claim = tx.claims.get(claim_id) if is_id(claim_id, "k") else None
    if claim is None:
        raise NotFound("没有这一条")
    return msgspec.convert(as_json(tx, claim), Claim)


_EXAMPLE = Claim(
    id="k0123456789abcdef",
    handle="7K3M",
    person=ClaimPerson(id="p123456789abcdef0", name="小军"),
    name="梅姐",
    words="是梅姐介绍的",
    source="desk",
    said_at=datetime.fromisoformat("2026-11-25T12:00:00+08:00"),
    expires_at=datetime.fromisoformat("2026-12-02T12:00:00+08:00"),
    rep="lin",
    state="open",
    advocate=None,
    code=None,
    decided_by=None,
    decided_at=None,
    reason="",
    candidates=[ClaimCandidate(person="p0123456789abcdef", nickname="梅姐", name="梅女士", code="0000000A", own=True)],
)
_DECIDED = datetime.fromisoformat("2026-11-26T09:00:00+08:00")

OPERATIONS = (
    Operation(
        name="listClaims",
        method="GET",
        path="/claims",
        scope="claims:read",
        summary="Who introduced friends, as the friends said.",
        run=_list,
        query=ClaimQuery,
        answer=Page[Claim],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="getClaim",
        method="GET",
        path="/claims/{id}",
        parts={"id": ClaimId},
        scope="claims:read",
        summary="One claim.",
        run=_one,
        answer=Claim,
        example=_EXAMPLE,
        refuses=(404,),
    ),
    Operation(
        name="confirmClaim",
        method="POST",
        path="/claims/{id}/confirm",
        parts={"id": ClaimId},
        scope="claims:write",
        summary="It was this advocate; the friend's orders are looked at again.",
        run=_confirm,
        body=ClaimConfirmed,
        body_example=ClaimConfirmed(advocate="crm:42"),
        answer=Claim,
        example=msgspec.structs.replace(
            _EXAMPLE,
            state="confirmed",
            advocate="p0123456789abcdef",
            code="0000000A",
            decided_by="api:crm",
            decided_at=_DECIDED,
            candidates=[],
        ),
        refuses=(404, 409),
    ),
    Operation(
        name="refuseClaim",
        method="POST",
        path="/claims/{id}/refuse",
        parts={"id": ClaimId},
        scope="claims:write",
        summary="Nobody whom the company knows is meant.",
        run=_refuse,
        body=ClaimRefused,
        body_example=ClaimRefused(reason="查无此人"),
        answer=Claim,
        example=msgspec.structs.replace(
            _EXAMPLE, state="refused", decided_by="api:crm", decided_at=_DECIDED, reason="查无此人", candidates=[]
        ),
        refuses=(404, 409),
    ),
)
