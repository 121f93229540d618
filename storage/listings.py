"""Tables read page by page: in the order of a key that never changes, from behind the last row of the page before.

So a row that was there when somebody began is given exactly once, whatever is added or changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, or_, select, tuple_

from referral.orders import CLOSE
from storage import tables as t
from storage.transaction import Transaction

_LARGEST = 2**63 - 1
_LONGEST = 64  # characters of a part of a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list: its rows, the columns of its key, and what it may be filtered by."""

    name: str
    rows: Select[Any]
    key: tuple[Column[Any], ...]
    filters: Mapping[str, Sequence[Column[Any]]] = field(default_factory=dict)

    def is_place(self, place: Sequence[Any]) -> bool:
        """Whether these are values that a key of this list may have."""
        kinds = [column.type.python_type for column in self.key]
        return len(place) == len(kinds) and all(_fits(value, kind) for value, kind in zip(place, kinds, strict=True))


def page(
    tx: Transaction, listing: Listing, where: Mapping[str, str], *, after: Sequence[Any] | None, limit: int
) -> tuple[list[Any], tuple[Any, ...] | None]:
    """At most `limit` rows behind the place `after`, and the place where the next page begins, None on the last."""
    statement = listing.rows
    for name, value in where.items():
        statement = statement.where(or_(*(column == value for column in listing.filters[name])))
    if after is not None:
        statement = statement.where(tuple_(*listing.key) > tuple_(*after))
    rows = list(tx.connection.execute(statement.order_by(*listing.key).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    return rows, tuple(getattr(rows[-1], column.name) for column in listing.key)


def latest(tx: Transaction, listing: Listing, by: Column[Any], limit: int) -> list[Any]:
    """The last rows of a list, by a time of theirs, the latest first."""
    return list(tx.connection.execute(listing.rows.order_by(by.desc(), *listing.key).limit(limit)))


def one(tx: Transaction, listing: Listing, *which: ColumnElement[bool]) -> Any | None:
    """The row of a list that meets the conditions, None if there is none."""
    return tx.connection.execute(listing.rows.where(*which)).first()


def _fits(value: Any, kind: type) -> bool:
    if kind is int:
        return type(value) is int and 0 <= value <= _LARGEST
    return isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= _LONGEST


_HEARD = (t.moments.c.satisfaction, t.moments.c.orders, t.moments.c.last_order_at, t.moments.c.consent)

PEOPLE = Listing(
    name="people",
    rows=select(t.people, *_HEARD, t.erasures.c.at.label("erased_at"))
    .outerjoin(t.moments, t.moments.c.person == t.people.c.id)
    .outerjoin(t.erasures, t.erasures.c.person == t.people.c.id)
    .where(t.people.c.merged_into.is_(None)),
    key=(t.people.c.id,),
    filters={"rep": (t.people.c.rep,)},
)
CAMPAIGNS = Listing(
    name="campaigns",
    rows=select(t.campaigns),
    key=(t.campaigns.c.id,),
    filters={"pack": (t.campaigns.c.pack,), "state": (t.campaigns.c.state,)},
)
EXPERIMENTS = Listing(
    name="experiments",
    rows=select(t.experiments),
    key=(t.experiments.c.id,),
    filters={
        "campaign": (t.experiments.c.campaign,),
        "kind": (t.experiments.c.kind,),
        "state": (t.experiments.c.state,),
    },
)
CODES = Listing(
    name="codes",
    rows=select(t.codes).where(t.codes.c.code.is_not(None)),
    key=(t.codes.c.row,),
    filters={"campaign": (t.codes.c.campaign,), "advocate": (t.codes.c.advocate,)},
)
SHARES = Listing(
    name="shares",
    rows=select(t.shares),
    key=(t.shares.c.code, t.shares.c.level),
    filters={
        "campaign": (t.shares.c.campaign,),
        "person": (t.shares.c.person,),
        "code": (t.shares.c.code,),
        "level": (t.shares.c.level,),
    },
)
TOUCHES = Listing(
    name="touches",
    rows=select(t.touches),
    key=(t.touches.c.row,),
    filters={
        "campaign": (t.touches.c.campaign,),
        "friend": (t.touches.c.friend,),
        "code": (t.touches.c.code,),
        "kind": (t.touches.c.kind,),
    },
)
REFERRALS = Listing(
    name="referrals",
    rows=select(t.referrals),
    key=(t.referrals.c.id,),
    filters={
        "campaign": (t.referrals.c.campaign,),
        "person": (t.referrals.c.advocate, t.referrals.c.friend),
        "advocate": (t.referrals.c.advocate,),
        "friend": (t.referrals.c.friend,),
        "status": (t.referrals.c.status,),
    },
)
ORDERS = Listing(
    name="orders",
    rows=select(t.orders, t.jobs.c.due_at.label("closes_at")).outerjoin(
        t.jobs, and_(t.jobs.c.kind == CLOSE, t.jobs.c.key == t.orders.c.id, t.jobs.c.state == "open")
    ),
    key=(t.orders.c.id,),
    filters={
        "person": (t.orders.c.person,),
        "source": (t.orders.c.source,),
        "order_no": (t.orders.c.order_no,),
        "kind": (t.orders.c.kind,),
        "outcome": (t.orders.c.outcome,),
    },
)
REWARDS = Listing(
    name="rewards",
    rows=select(t.rewards, t.orders.c.source, t.orders.c.order_no).outerjoin(
        t.orders, t.orders.c.id == t.rewards.c.order
    ),
    key=(t.rewards.c.id,),
    filters={
        "campaign": (t.rewards.c.campaign,),
        "person": (t.rewards.c.person,),
        "referral": (t.rewards.c.referral,),
        "state": (t.rewards.c.state,),
    },
)

STORIES = Listing(
    name="stories",
    rows=select(t.stories).where(t.stories.c.state != "draft"),
    key=(t.stories.c.row,),
    filters={"person": (t.stories.c.person,), "state": (t.stories.c.state,)},
)


CLAIMS = Listing(
    name="claims",
    rows=select(t.claims),
    key=(t.claims.c.id,),
    filters={"person": (t.claims.c.person,), "state": (t.claims.c.state,)},
)
APPEALS = Listing(
    name="appeals",
    rows=select(t.appeals),
    key=(t.appeals.c.id,),
    filters={"person": (t.appeals.c.person,)},
)
SUSPICIONS = Listing(
    name="suspicions",
    rows=select(t.suspicions),
    key=(t.suspicions.c.referral,),
    filters={"advocate": (t.suspicions.c.advocate,), "state": (t.suspicions.c.state,)},
)
WAITING_APPEALS = replace(APPEALS, name="waiting-appeals", rows=APPEALS.rows.where(t.appeals.c.answered_at.is_(None)))
APPROVALS = Listing(
    name="approvals",
    rows=select(t.approvals.c.reward)
    .join(t.rewards, t.rewards.c.id == t.approvals.c.reward)
    .where(t.approvals.c.answer.is_(None), t.rewards.c.state == "held"),
    key=(t.approvals.c.reward,),
    filters={"campaign": (t.rewards.c.campaign,)},
)


def identities(tx: Transaction, people: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """The names of people, each as its kind and value, by our own id; first known first."""
    i = t.identities.c
    statement = select(i.person, i.kind, i.value).where(i.person.in_(people)).order_by(i.since, i.kind, i.value)
    found: dict[str, list[tuple[str, str]]] = {person: [] for person in people}
    for person, kind, value in tx.connection.execute(statement):
        found[person].append((kind, value))
    return found
