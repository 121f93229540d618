"""`/codes`: invite codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from bot.api.operations import Asked, Office, Operation
from bot.api.people import Named, known_id
from bot.api.shapes import CampaignId, CodeText, Page, PageQuery, PersonId, beijing, page
from referral.codes import is_valid
from referral.errors import NotFound
from storage import listings
from storage import tables as t
from storage.transaction import Transaction


class Code(Struct, frozen=True, kw_only=True):
    """An invite code. `channel` is the label of where it is posted, empty for the advocate's usual one."""

    code: CodeText
    url: str
    poster_url: str
    campaign: CampaignId
    advocate: PersonId
    channel: str
    rep: str | None
    created_at: datetime


class CodeWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose code, and in which campaign; a person not yet known becomes known by this name alone."""

    person: Named
    campaign: CampaignId


class CodeQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which codes."""

    campaign: CampaignId | UnsetType = UNSET
    person: PersonId | UnsetType = UNSET


def _list(tx: Transaction, asked: Asked) -> Page[Code]:
    query: CodeQuery = asked.query
    where = {"campaign": query.campaign, "advocate": known_id(tx, query.person)}
    return page(tx, listings.CODES, query, where, lambda row: _code(asked.office, row))


def _one(tx: Transaction, asked: Asked) -> Code:
    return _by_code(asked.office, tx, asked.path["code"])


def _issue(tx: Transaction, asked: Asked) -> Code:
    wanted: CodeWanted = asked.body
    issued = asked.office.on_behalf_of(asked.key).coding(wanted.person, wanted.campaign)(tx)
    return _by_code(asked.office, tx, issued["code"])


def _by_code(office: Office, tx: Transaction, code: str) -> Code:
    row = listings.one(tx, listings.CODES, t.codes.c.code == code) if is_valid(code) else None
    if row is None:
        raise NotFound("没有这个邀请码")
    return _code(office, row)


def _code(office: Office, row: Any) -> Code:
    return Code(
        code=row.code,
        url=office.facts.link(row.code),
        poster_url=f"{office.facts.public_url}/p/{row.code}.jpg",
        campaign=row.campaign,
        advocate=row.advocate,
        channel=row.channel,
        rep=row.rep,
        created_at=beijing(row.created_at),
    )


_EXAMPLE = Code(
    code="0000000A",
    url="https://i.example.cn/i/0000000A",
    poster_url="https://i.example.cn/p/0000000A.jpg",
    campaign="c0123456789abcdef",
    advocate="p0123456789abcdef",
    channel="",
    rep="lin",
    created_at=datetime.fromisoformat("2026-11-23T10:00:00+08:00"),
)

OPERATIONS = (
    Operation(
        name="listCodes",
        method="GET",
        path="/codes",
        scope="codes:read",
        summary="All codes, in the order in which they were made.",
        run=_list,
        query=CodeQuery,
        answer=Page[Code],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="issueCode",
        method="POST",
        path="/codes",
        scope="codes:write",
        summary="A person's code in a campaign, made at the first asking, the same one afterwards.",
        run=_issue,
        body=CodeWanted,
        body_example=CodeWanted(person="crm:42", campaign="c0123456789abcdef"),
        answer=Code,
        example=_EXAMPLE,
        refuses=(404, 409),
    ),
    Operation(
        name="getCode",
        method="GET",
        path="/codes/{code}",
        parts={"code": CodeText},
        scope="codes:read",
        summary="One code.",
        run=_one,
        answer=Code,
        example=_EXAMPLE,
        refuses=(404,),
    ),
)
