"""`/people`: whom the company knows. People are named in bodies only, never in an address; a phone never comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.operations import Asked, Office, Operation
from bot.api.problems import FieldProblem, invalid
from bot.api.shapes import Line, Page, PageQuery, PersonId, beijing, page
from bot.hooks.staff import refuse_staff
from bot.naming import identity_of
from referral import news
from referral.errors import BadInput, NotFound
from referral.identities import Identity, IdentityKind
from referral.ids import is_id
from storage import listings
from storage import tables as t
from storage.transaction import Transaction

Name = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=160,
        pattern="^(crm|wecom|openid|unionid|phone):[^\\x00-\\x1f\\x7f-\\x9f]+$",
        description="A person by another system's name: crm:ID, wecom:EXTERNAL_USERID, openid:APPID/OPENID, "
        "unionid:… or phone:….",
        examples=["crm:42"],
    ),
]


Named = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=160,
        pattern="^((crm|wecom|openid|unionid|phone):[^\\x00-\\x1f\\x7f-\\x9f]+|p[0-9a-hjkmnp-tv-z]{16})$",
        description="A person by another system's name, or by our own id.",
        examples=["crm:42"],
    ),
]


class Person(Struct, frozen=True, kw_only=True):
    """Somebody the company knows. Of a phone only a keyed hash is kept, so that it is never given back.

    Of somebody who was erased nothing is left but the id, which the ledger still names.
    """

    id: PersonId
    identities: list[str]
    has_phone: bool
    name: str
    nickname: str
    rep: str | None
    joined_on: date | None
    tier: str
    tags: list[str]
    satisfaction: float | None
    orders: int | None
    last_order_at: datetime | None
    consent: Literal["unknown", "granted", "refused", "withdrawn"]
    created_at: datetime
    erased_at: datetime | None


class PersonNamed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One human being, by one or more names that are known to be theirs."""

    identities: Annotated[list[Name], Meta(min_length=1, max_length=10)]


class PersonMet(Struct, frozen=True, kw_only=True):
    """Who that is; `is_new` where nobody was known by any of these names before."""

    person: Person
    is_new: bool


class PersonSought(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody by one name, or by our own id."""

    identity: Named


class PeopleQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which people."""

    rep: Line | UnsetType = UNSET


def known_id(tx: Transaction, person: str | UnsetType) -> str | UnsetType:
    """Our id of somebody now: whoever was folded into another is known by that one's."""
    if not isinstance(person, str):
        return person
    found = tx.people.get(person)
    return found.id if found else person


def _list(tx: Transaction, asked: Asked) -> Page[Person]:
    query: PeopleQuery = asked.query
    found = page(tx, listings.PEOPLE, query, {"rep": query.rep}, lambda row: row)
    return Page(_shown(tx, found.items), found.next)


def _one(tx: Transaction, asked: Asked) -> Person:
    if not is_id(asked.path["id"], "p"):
        raise NotFound("没有找到这个人")
    return _by_id(tx, asked.path["id"])


def _meet(tx: Transaction, asked: Asked) -> PersonMet:
    named: PersonNamed = asked.body
    identities = _identities(asked.office, named.identities)
    refuse_staff(tx, asked.office.facts, identities, "identities")
    is_new = all(tx.people.find(identity) is None for identity in identities)
    person = news.meet(tx, asked.office.facts, identities, now=asked.now, rng=asked.office.rng)
    tx.audit.note(f"api:{asked.key.name}", "person.met", person.id, "", asked.now)
    return PersonMet(person=_by_id(tx, person.id), is_new=is_new)


def _find(tx: Transaction, asked: Asked) -> Person:
    sought: PersonSought = asked.body
    identity = _identity(asked.office, sought.identity, "identity")
    person = tx.people.find(identity) if identity else tx.people.get(sought.identity)
    if person is None:
        raise NotFound("没有找到这个人")
    return _by_id(tx, person.id)


def _identities(office: Office, names: Sequence[str]) -> list[Identity]:
    """The identities that names spell. Raises `Refused` naming every one that cannot be."""
    found: list[Identity] = []
    problems: list[FieldProblem] = []
    for place, name in enumerate(names):
        try:
            identity = identity_of(name, office.naming)
        except BadInput as bad:
            problems.append(FieldProblem(f"identities[{place}]", bad.problem))
            continue
        if identity and identity not in found:
            found.append(identity)
    if problems:
        raise invalid(*problems)
    return found


def _identity(office: Office, name: str, field: str) -> Identity | None:
    try:
        return identity_of(name, office.naming)
    except BadInput as bad:
        raise BadInput(field, bad.problem) from None


def _by_id(tx: Transaction, person: str) -> Person:
    row = listings.one(tx, listings.PEOPLE, t.people.c.id == known_id(tx, person))
    if row is None:
        raise NotFound("没有找到这个人")
    return _shown(tx, [row])[0]


def _shown(tx: Transaction, rows: Sequence[Any]) -> list[Person]:
    names = listings.identities(tx, [row.id for row in rows])
    return [_person(row, names[row.id]) for row in rows]


def _person(row: Any, names: Sequence[tuple[str, str]]) -> Person:
    joined = beijing(row.joined_at)
    return Person(
        id=row.id,
        identities=[f"{kind}:{value}" for kind, value in names if kind != IdentityKind.PHONE],
        has_phone=any(kind == IdentityKind.PHONE for kind, _ in names),
        name=row.name,
        nickname=row.nickname,
        rep=row.rep,
        joined_on=joined.date() if joined else None,
        tier=row.tier,
        tags=json.loads(row.tags),
        satisfaction=row.satisfaction,
        orders=row.orders,
        last_order_at=beijing(row.last_order_at),
        consent=row.consent or "unknown",
        created_at=beijing(row.created_at),
        erased_at=beijing(row.erased_at),
    )


_EXAMPLE = Person(
    id="p0123456789abcdef",
    identities=["crm:42", "wecom:wmAAAA"],
    has_phone=True,
    name="李梅",
    nickname="梅姐",
    rep="lin",
    joined_on=date(2024, 11, 22),
    tier="gold",
    tags=["老客户"],
    satisfaction=9.0,
    orders=5,
    last_order_at=None,
    consent="granted",
    created_at=datetime.fromisoformat("2026-11-23T10:00:00+08:00"),
    erased_at=None,
)

OPERATIONS = (
    Operation(
        name="listPeople",
        method="GET",
        path="/people",
        scope="people:read",
        summary="Everybody the company knows; whoever was folded into another is listed as that one.",
        run=_list,
        query=PeopleQuery,
        answer=Page[Person],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="meetPerson",
        method="POST",
        path="/people",
        scope="people:write",
        summary="Make a person known by their names, or bring names of one human being together.",
        run=_meet,
        body=PersonNamed,
        body_example=PersonNamed(identities=["crm:42", "phone:13800000000"]),
        answer=PersonMet,
        example=PersonMet(person=_EXAMPLE, is_new=False),
    ),
    Operation(
        name="findPerson",
        method="POST",
        path="/people/find",
        scope="people:read",
        summary="Find a person by any name, or by our own id; the name is in the body, so that no address holds it.",
        run=_find,
        body=PersonSought,
        body_example=PersonSought(identity="crm:42"),
        answer=Person,
        example=_EXAMPLE,
        refuses=(404,),
    ),
    Operation(
        name="getPerson",
        method="GET",
        path="/people/{id}",
        parts={"id": PersonId},
        scope="people:read",
        summary="One person by our own id; the id of somebody folded into another gives that one.",
        run=_one,
        answer=Person,
        example=_EXAMPLE,
        refuses=(404,),
    ),
)
