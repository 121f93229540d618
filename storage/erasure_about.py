"""Which rows of the tables are about a person: those that name them, and those that speak of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, false, func, literal, or_, select

from referral.identities import Identity, IdentityKind
from storage import tables as t

_SHORTEST_NAME = 2  # characters: a shorter nickname is in every other text
_SHORTEST_NUMBER = 5  # characters of a customer number that is looked for in texts
_SPOKEN = (IdentityKind.WECOM, IdentityKind.UNIONID, IdentityKind.OPENID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """By what a person is known in the tables: all their ids, also those folded into theirs, and names of any kind."""

    ids: tuple[str, ...]
    identities: tuple[Identity, ...]
    handles: tuple[str, ...]
    names: tuple[str, ...]
    codes: tuple[str, ...]
    devices: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What gives them away in a text."""
        spoken = [i.value.rpartition("/")[2] for i in self.identities if i.kind in _SPOKEN]
        numbers = [i.value for i in self.identities if i.kind not in _SPOKEN and len(i.value) >= _SHORTEST_NUMBER]
        names = [name for name in self.names if len(name) >= _SHORTEST_NAME]
        plain = [word for word in (*spoken, *numbers, *names, *self.handles) if word]
        return tuple(dict.fromkeys([*plain, *(json.dumps(word, ensure_ascii=False)[1:-1] for word in plain)]))


About = Callable[[Whose, str], ColumnElement[bool]]
"""Which rows of a table are about a person; the second argument is the database's dialect."""


def of(*columns: Column[Any]) -> About:
    """Rows that name the person in one of these columns."""
    return lambda whose, _: or_(*(column.in_(whose.ids) for column in columns))


def mention(column: Column[Any], *, ids: bool = False) -> About:
    """Rows in whose text, or bytes, the person is spoken of; `ids`: our own id and their codes count too."""

    def about(whose: Whose, dialect: str) -> ColumnElement[bool]:
        words = (*whose.words, *(whose.ids + whose.codes if ids else ()))
        return or_(false(), *(_holds(column, word, dialect) for word in words))

    return about


def either(*ways: About) -> About:
    return lambda whose, dialect: or_(*(way(whose, dialect) for way in ways))


def _holds(column: Column[Any], word: str, dialect: str) -> ColumnElement[bool]:
    wanted: Any = word.encode() if column.type.python_type is bytes else word
    if dialect == "sqlite":
        return func.instr(column, wanted) > 0
    return func.position(literal(wanted, column.type).op("in")(column)) > 0


def by_code(column: Column[Any]) -> About:
    return lambda whose, _: column.in_(whose.codes)


def by_device(column: Column[Any]) -> About:
    return lambda whose, _: column.in_(whose.devices)


def by_identity(whose: Whose, _: str) -> ColumnElement[bool]:
    buyers, theirs = t.order_buyers.c, select(t.orders.c.id).where(t.orders.c.person.in_(whose.ids))
    named = [(buyers.kind == i.kind.value) & (buyers.value == i.value) for i in whose.identities]
    return or_(buyers.order.in_(theirs), *named)


def by_reward(column: Column[Any]) -> About:
    return lambda whose, _: column.in_(select(t.rewards.c.id).where(t.rewards.c.person.in_(whose.ids)))


def by_merge(whose: Whose, _: str) -> ColumnElement[bool]:
    theirs = select(t.merges.c.id).where(t.merges.c.kept.in_(whose.ids) | t.merges.c.gone.in_(whose.ids))
    return t.merge_rows.c.merge.in_(theirs)


def by_story(column: Column[Any]) -> About:
    return lambda whose, _: column.in_(select(t.stories.c.id).where(t.stories.c.person.in_(whose.ids)))


def misses(whose: Whose, _: str) -> ColumnElement[bool]:
    return t.misses.c.who.in_([f"person:{each}" for each in whose.ids])


def entries(whose: Whose, _: str) -> ColumnElement[bool]:
    """Entries on an account of theirs: its name begins with the person's id (`referral.ledger.account_of`)."""
    accounts = (t.ledger_entries.c.debit, t.ledger_entries.c.credit)
    return or_(*((at >= f"{each}:") & (at < f"{each};") for each in whose.ids for at in accounts))


def salts(whose: Whose, dialect: str) -> ColumnElement[bool]:
    return t.ledger_salts.c.entry.in_(select(t.ledger_entries.c.id).where(entries(whose, dialect)))
