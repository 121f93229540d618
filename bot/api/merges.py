"""`/people/merge` and `/merges`: two people who are one, or were wrongly taken for one."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from bot.api.operations import Asked, Operation
from bot.api.people import Named
from bot.api.shapes import Colleague, MergeId, PersonId, Reason
from bot.merging import as_json
from referral.errors import NotFound
from referral.ids import is_id
from storage.transaction import Transaction


class Merge(Struct, frozen=True, kw_only=True):
    """That `gone` was folded into `kept`; by whom is `identity` where ids that came together said so."""

    id: MergeId
    kept: PersonId
    gone: PersonId
    why: str
    by: str
    at: datetime
    undone_at: datetime | None


class Merges(Struct, frozen=True):
    """Every merge that somebody was part of, the latest first."""

    items: list[Merge]


class MergeWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two people who are one: all that is `gone`'s becomes `kept`'s."""

    kept: Named
    gone: Named
    reason: Reason
    by: Colleague


class MergeUndone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who says that two people were wrongly taken for one."""

    by: Colleague


class MergesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose merges."""

    person: PersonId


def _merge(tx: Transaction, asked: Asked) -> Merge:
    wanted: MergeWanted = asked.body
    merging = asked.office.on_behalf_of(asked.key).merging
    return msgspec.convert(merging.merging(wanted.kept, wanted.gone, wanted.reason, wanted.by)(tx), Merge)


def _part(tx: Transaction, asked: Asked) -> Merge:
    if not is_id(asked.path["id"], "g"):
        raise NotFound("没有这次合并")
    wanted: MergeUndone = asked.body
    merging = asked.office.on_behalf_of(asked.key).merging
    return msgspec.convert(merging.parting(asked.path["id"], wanted.by)(tx), Merge)


def _list(tx: Transaction, asked: Asked) -> Merges:
    query: MergesQuery = asked.query
    person = tx.people.get(query.person)
    if person is None:
        raise NotFound("没有找到这个人")
    return Merges([msgspec.convert(as_json(merge), Merge) for merge in tx.merges.of_person(person.id)])


_EXAMPLE = Merge(
    id="g0123456789abcdef",
    kept="p0123456789abcdef",
    gone="p123456789abcdef0",
    why="同一个手机号，来电核对过",
    by="周经理",
    at=datetime.fromisoformat("2026-11-25T12:00:00+08:00"),
    undone_at=None,
)

OPERATIONS = (
    Operation(
        name="mergePeople",
        method="POST",
        path="/people/merge",
        scope="merges:write",
        summary="Fold one person into another; their orders are looked at again.",
        run=_merge,
        body=MergeWanted,
        body_example=MergeWanted(kept="crm:42", gone="crm:43", reason="同一个手机号，来电核对过", by="周经理"),
        answer=Merge,
        example=_EXAMPLE,
        refuses=(404, 409),
    ),
    Operation(
        name="listMerges",
        method="GET",
        path="/merges",
        scope="merges:read",
        summary="Every merge that somebody was part of, the latest first.",
        run=_list,
        query=MergesQuery,
        answer=Merges,
        example=Merges([_EXAMPLE]),
        refuses=(404,),
    ),
    Operation(
        name="partPeople",
        method="POST",
        path="/merges/{id}/part",
        parts={"id": MergeId},
        scope="merges:write",
        summary="Undo a wrong merge; a later one of the same person has to be undone first.",
        run=_part,
        body=MergeUndone,
        body_example=MergeUndone(by="周经理"),
        answer=Merge,
        example=msgspec.structs.replace(_EXAMPLE, undone_at=datetime.fromisoformat("2026-11-26T12:00:00+08:00")),
        refuses=(404, 409),
    ),
)
