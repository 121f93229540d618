"""`/appeals`: what customers want a colleague to look at again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.operations import Asked, Operation
from bot.api.people import known_id
from bot.api.shapes import AppealId, Page, PageQuery, PersonId, Why, page
from bot.appealing import as_json
from referral.appeals import LONGEST_ANSWER
from referral.errors import NotFound
from referral.ids import is_id
from storage import listings
from storage.transaction import Transaction


class AppealPerson(Struct, frozen=True, kw_only=True):
    """Whose appeal it is."""

    id: PersonId
    name: str


class Appeal(Struct, frozen=True, kw_only=True):
    """That a person wants a colleague to look again, and what the colleague said."""

    id: AppealId
    person: AppealPerson
    about: str
    reason: Why | None
    words: str
    at: datetime
    rep: str | None
    again: bool
    answer: str
    answered_by: str | None
    answered_at: datetime | None


class AppealQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which appeals; `waiting` leaves out those that were answered."""

    person: PersonId | UnsetType = UNSET
    waiting: bool = False


class AppealAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the customer is told, as one short paragraph."""

    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_ANSWER, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$")]


def _list(tx: Transaction, asked: Asked) -> Page[Appeal]:
    query: AppealQuery = asked.query
    listing = listings.WAITING_APPEALS if query.waiting else listings.APPEALS
    where = {"person": known_id(tx, query.person)}
    return page(tx, listing, query, where, lambda row: _shown(tx, asked, row.id))


def _one(tx: Transaction, asked: Asked) -> Appeal:
    return _shown(tx, asked, asked.path["id"])


def _answer(tx: Transaction, asked: Asked) -> Appeal:
    wanted: AppealAnswer = asked.body
    appealing = asked.office.on_behalf_of(asked.key).appealing
    made: Any = appealing.answering(_shown(tx, asked, asked.path["id"]).id, wanted.text)(tx)
    return msgspec.convert(made, Appeal)


def _shown(tx: Transaction, asked: Asked, appeal_id: str) -> Appeal:
    appeal = tx.appeals.get(appeal_id) if is_id(appeal_id, "a") else None
    if appeal is None:
        raise NotFound("没有这一条")
    return msgspec.convert(as_json(tx, asked.office.facts, appeal), Appeal)


_EXAMPLE = Appeal(
    id="a0123456789abcdef",
    person=AppealPerson(id="p0123456789abcdef", name="梅姐"),
    about="referral:r0123456789abcdef",
    reason=Why("customer.existing", "朋友之前已经是客户"),
    words="他真的是第一次来",
    at=datetime.fromisoformat("2026-11-25T12:00:00+08:00"),
    rep="lin",
    again=False,
    answer="",
    answered_by=None,
    answered_at=None,
)

OPERATIONS = (
    Operation(
        name="listAppeals",
        method="GET",
        path="/appeals",
        scope="appeals:read",
        summary="What customers want a colleague to look at again.",
        run=_list,
        query=AppealQuery,
        answer=Page[Appeal],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="getAppeal",
        method="GET",
        path="/appeals/{id}",
        parts={"id": AppealId},
        scope="appeals:read",
        summary="One appeal.",
        run=_one,
        answer=Appeal,
        example=_EXAMPLE,
        refuses=(404,),
    ),
    Operation(
        name="answerAppeal",
        method="POST",
        path="/appeals/{id}/answer",
        parts={"id": AppealId},
        scope="appeals:write",
        summary="Answer one: the customer hears it as soon as a window is open.",
        run=_answer,
        body=AppealAnswer,
        body_example=AppealAnswer(text="查过了，朋友两年前买过一次，所以这次不算新朋友。"),
        answer=Appeal,
        example=msgspec.structs.replace(
            _EXAMPLE,
            answer="查过了，朋友两年前买过一次，所以这次不算新朋友。",
            answered_by="api:crm",
            answered_at=datetime.fromisoformat("2026-11-26T09:00:00+08:00"),
        ),
        refuses=(404, 409),
    ),
)
