"""What leaves as tables: the columns of design 5.1, row by row.

Times are ISO 8601 in Shanghai, with milliseconds; what we do not know is None. People are named by our own ids, a
phone is never written out, for only its hash is kept. How rows become a file is in `storage.formats`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from math import isfinite
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from referral.consent import NUDGES, Answer
from referral.errors import BadInput
from referral.identities import IdentityKind
from referral.times import SHANGHAI
from storage import tables as t
from storage.times import at
from storage.transaction import Transaction

COLUMNS: dict[str, tuple[str, ...]] = {
    "people": (
        "id", "crm_id", "external_userid", "unionid", "openid", "phone", "name", "nickname", "rep", "joined_on", "tier",
        "satisfaction", "activity", "last_order_at", "orders", "past_referrals", "tags", "marketing_consent",
    ),
    "shares": ("person", "campaign", "code", "channel", "level", "first_at", "evidence"),
    "touches": ("code", "friend", "kind", "channel", "at"),
    "referrals": ("id", "campaign", "advocate", "friend", "code", "method", "status", "reason", "at"),
    "orders": ("source", "order_no", "kind", "amount_fen", "at", "refunded_fen", "outcome", "reasons"),
    "rewards": (
        "id", "campaign", "referral", "person", "side", "kind", "unit", "amount", "state", "held_at", "due_at",
        "granted_at", "reversed_at", "order",
    ),
    "nudges": (
        "person", "campaign", "decision", "why", "copy", "channel", "planned_at", "sent_at", "delivered_at", "outcome",
    ),
    "ledger": ("seq", "at", "kind", "debit", "credit", "unit", "amount", "ref"),
}  # fmt: skip
"""What can be exported, and each one's columns in their order."""

_IDENTITY_COLUMNS = {
    IdentityKind.CRM: "crm_id",
    IdentityKind.WECOM: "external_userid",
    IdentityKind.UNIONID: "unionid",
    IdentityKind.OPENID: "openid",
}
_TOGETHER = 500  # rows fetched at a time


def rows(tx: Transaction, what: str) -> Iterator[dict[str, object]]:
    """The rows of one export in a fixed order, each with exactly its `COLUMNS`; read them inside the transaction.

    Raises `BadInput` for an export that does not exist.
    """
    if what not in COLUMNS:
        raise BadInput("what", f"{what} 不能导出；可以导出 {' '.join(COLUMNS)}")
    return _people(tx) if what == "people" else _plain(tx, what)


def size(tx: Transaction, what: str) -> int:
    """How many rows `rows` would give in the same transaction."""
    counted = _everybody() if what == "people" else _STATEMENTS[what]()
    found: int = tx.connection.execute(select(func.count()).select_from(counted.order_by(None).subquery())).scalar_one()
    return found


def is_time(column: str) -> bool:
    """Whether a column holds moments in time."""
    return column == "at" or column.endswith("_at")


def _plain(tx: Transaction, what: str) -> Iterator[dict[str, object]]:
    columns = COLUMNS[what]
    for row in _stream(tx, _STATEMENTS[what]()):
        yield {column: _value(column, value) for column, value in zip(columns, row, strict=True)}


def _stream(tx: Transaction, statement: Select[Any]) -> Iterator[Any]:
    with tx.connection.execute(statement.execution_options(yield_per=_TOGETHER)) as result:
        yield from result


def _value(column: str, value: Any) -> object:
    if column == "reasons":
        return json.loads(value)
    return _iso(at(value)) if is_time(column) and value is not None else value


def _iso(when: datetime) -> str:
    return when.astimezone(SHANGHAI).isoformat(timespec="milliseconds")


def _shares() -> Select[Any]:
    s = t.shares.c
    statement = select(s.person, s.campaign, s.code, s.channel, s.level, s.first_at, s.evidence)
    return statement.order_by(s.first_at, s.code, s.level)


def _touches() -> Select[Any]:
    c = t.touches.c
    return select(c.code, c.friend, c.kind, c.channel, c.at).order_by(c.row)


def _referrals() -> Select[Any]:
    r = t.referrals.c
    columns = (r.id, r.campaign, r.advocate, r.friend, r.code, r.method, r.status, r.reason, r.at)
    return select(*columns).order_by(r.at, r.id)


def _orders() -> Select[Any]:
    o = t.orders.c
    columns = (o.source, o.order_no, o.kind, o.amount_fen, o.paid_at, o.refunded_fen, o.outcome, o.reasons)
    return select(*columns).order_by(o.paid_at, o.id)


def _rewards() -> Select[Any]:
    r, o = t.rewards.c, t.orders.c
    what = (r.id, r.campaign, r.referral, r.person, r.side, r.kind, r.unit, r.amount, r.state)
    when = (r.held_at, r.due_at, r.granted_at, r.reversed_at)
    order: ColumnElement[str] = o.source + "/" + o.order_no
    statement = select(*what, *when, order).join(t.orders, o.id == r.order)
    return statement.order_by(o.received_at, r.referral, r.side, r.id)


def _nudges() -> Select[Any]:
    n = t.nudges.c
    decided = (n.person, n.campaign, n.decision, n.why, n.copy, n.channel)
    return select(*decided, n.planned_at, n.sent_at, n.delivered_at, n.outcome).order_by(n.planned_at, n.id)


def _ledger() -> Select[Any]:
    leaf, e = t.ledger_leaves.c, t.ledger_entries.c
    statement = select(leaf.seq, e.at, e.kind, e.debit, e.credit, e.unit, e.amount, e.ref)
    return statement.join(t.ledger_entries, e.id == leaf.entry).order_by(leaf.seq)


_STATEMENTS: dict[str, Callable[[], Select[Any]]] = {
    "shares": _shares,
    "touches": _touches,
    "referrals": _referrals,
    "orders": _orders,
    "rewards": _rewards,
    "nudges": _nudges,
    "ledger": _ledger,
}


def _everybody() -> Select[Any]:
    return select(t.people.c.id).where(t.people.c.merged_into.is_(None))


def _people(tx: Transaction) -> Iterator[dict[str, object]]:
    """A row per person; of several identities of one kind, the first known."""
    p, i, c, m = t.people.c, t.identities.c, t.consent.c, t.moments.c
    said = (
        select(c.answer).where(c.person == p.id, c.purpose == NUDGES).order_by(c.row.desc()).limit(1).scalar_subquery()
    )
    profile = (p.id, p.name, p.nickname, p.rep, p.joined_at, p.tier, p.tags)
    heard = (m.satisfaction, m.activity, m.last_order_at, m.orders, m.past_referrals)
    statement = (
        select(*profile, *heard, i.kind, i.value, said.label("said"))
        .outerjoin(t.identities, i.person == p.id)
        .outerjoin(t.moments, m.person == p.id)
        .where(p.merged_into.is_(None))
        .order_by(p.created_at, p.id, i.since, i.kind, i.value)
    )
    for _, group in groupby(_stream(tx, statement), key=lambda row: row.id):
        yield _person(list(group))


def _person(group: Sequence[Any]) -> dict[str, object]:
    """One person under the headers of a people file, so that importing it again changes nothing (design 5.5)."""
    person = group[0]
    known: dict[str, object] = {
        _IDENTITY_COLUMNS[row.kind]: row.value for row in reversed(group) if row.kind in _IDENTITY_COLUMNS
    }
    known |= {column: getattr(person, column) or None for column in ("id", "name", "nickname", "rep", "tier")}
    known |= {"orders": person.orders, "past_referrals": person.past_referrals}
    known |= {"satisfaction": _number(person.satisfaction), "activity": _number(person.activity)}
    known |= {"tags": json.loads(person.tags) or None, "last_order_at": _value("last_order_at", person.last_order_at)}
    if person.joined_at is not None:
        known["joined_on"] = at(person.joined_at).astimezone(SHANGHAI).date().isoformat()
    if person.said is not None:
        known["marketing_consent"] = int(person.said == Answer.GRANTED)
    return {column: known.get(column) for column in COLUMNS["people"]}


def _number(value: float | None) -> float | int | None:
    """A whole number without its `.0`; what is no number at all is unknown."""
    if value is None or not isfinite(value):
        return None
    return int(value) if value.is_integer() else value
