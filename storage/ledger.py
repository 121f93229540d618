"""The ledger's entries, its tree and its heads.

On SQLite an entry becomes a leaf in its own transaction; on PostgreSQL one sequencer does it within a second, so that
the numbers have no gaps whatever order transactions commit in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, text

from referral import merkle
from referral.ledger import Entry
from storage import tables as t
from storage.times import at, ms

_SEQUENCER = 7_461_626_901
"""Number of the advisory lock that one sequencer at a time holds on PostgreSQL."""


# Made once: putting a statement together costs several times as much as running it.
_ADD_ENTRY = insert(t.ledger_entries)
_ADD_SALT = insert(t.ledger_salts)
_ADD_LEAF = insert(t.ledger_leaves)
_ADD_NODE = insert(t.ledger_nodes)
_LAST_LEAF = select(func.max(t.ledger_leaves.c.seq))
_NODE = select(t.ledger_nodes.c.hash).where(
    t.ledger_nodes.c.level == bindparam("level_"), t.ledger_nodes.c.place == bindparam("place_")
)
_FIELDS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An entry in its place in the tree; `salt` is None once it was dropped."""

    seq: int
    entry: Entry
    salt: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A signed statement that the tree of `size` leaves has this `root`."""

    size: int
    root: bytes
    at: datetime
    signature: str
    key: str


class LedgerTable:
    """`referral.ledger.Ledger` over a connection, with the reader's side of it."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def append(self, entry: Entry, salt: bytes) -> None:
        entry = replace(entry, at=at(ms(entry.at)))  # as it will be read back
        self._c.execute(_ADD_ENTRY, {**{name: getattr(entry, name) for name in _FIELDS}, "at": ms(entry.at)})
        self._c.execute(_ADD_SALT, {"entry": entry.id, "salt": salt})
        if self._c.dialect.name == "sqlite":
            self._place([(entry, salt)])

    def sequence(self, limit: int = 1000) -> int:
        """Give new entries their place in the tree, oldest first, at most `limit`; how many were placed."""
        if self._c.dialect.name == "postgresql":
            self._c.execute(text("select pg_advisory_xact_lock(:n)"), {"n": _SEQUENCER})
        e, leaf = t.ledger_entries, t.ledger_leaves
        waiting = (
            select(e, t.ledger_salts.c.salt)
            .join(t.ledger_salts, t.ledger_salts.c.entry == e.c.id)
            .where(~select(leaf.c.seq).where(leaf.c.entry == e.c.id).exists())
            .order_by(e.c.row)
            .limit(limit)
        )
        rows = self._c.execute(waiting).all()
        self._place([(entry_of(row), bytes(row.salt)) for row in rows])
        return len(rows)

    def _place(self, entries: Sequence[tuple[Entry, bytes]]) -> None:
        """Put entries with their salts at the end of the tree."""
        fresh: dict[tuple[int, int], bytes] = {}

        def read(level: int, place: int) -> bytes:
            return fresh.get((level, place)) or self.node(level, place)

        leaves = []
        for seq, (entry, salt) in enumerate(entries, self.size()):
            hashed = merkle.leaf_hash(salt, merkle.canonical(entry.as_leaf()))
            fresh |= {(level, place): node for level, place, node in merkle.append(hashed, seq, read)}
            leaves.append({"seq": seq, "entry": entry.id})
        if leaves:
            nodes = [{"level": level, "place": place, "hash": node} for (level, place), node in fresh.items()]
            self._c.execute(_ADD_LEAF, leaves)
            self._c.execute(_ADD_NODE, nodes)

    def size(self) -> int:
        last = self._c.execute(_LAST_LEAF).scalar()
        return 0 if last is None else last + 1

    def unsequenced(self) -> int:
        entries = self._c.execute(select(func.count()).select_from(t.ledger_entries)).scalar_one()
        return entries - self.size()

    def node(self, level: int, place: int) -> bytes:
        return bytes(self._c.execute(_NODE, {"level_": level, "place_": place}).scalar_one())

    def root(self) -> bytes:
        return merkle.root(self.size(), self.node)

    def leaves(self) -> Iterator[Leaf]:
        """Every entry in order, without loading them all."""
        statement = (
            select(t.ledger_leaves.c.seq, t.ledger_entries, t.ledger_salts.c.salt)
            .join(t.ledger_entries, t.ledger_entries.c.id == t.ledger_leaves.c.entry)
            .outerjoin(t.ledger_salts, t.ledger_salts.c.entry == t.ledger_leaves.c.entry)
            .order_by(t.ledger_leaves.c.seq)
        )
        with self._c.execute(statement.execution_options(yield_per=500)) as result:
            yield from map(_leaf, result)

    def latest_of(self, ref: str) -> Leaf | None:
        """The newest entry about one reward."""
        statement = (
            select(t.ledger_leaves.c.seq, t.ledger_entries, t.ledger_salts.c.salt)
            .join(t.ledger_leaves, t.ledger_leaves.c.entry == t.ledger_entries.c.id)
            .outerjoin(t.ledger_salts, t.ledger_salts.c.entry == t.ledger_entries.c.id)
            .where(t.ledger_entries.c.ref == ref)
            .order_by(t.ledger_leaves.c.seq.desc())
            .limit(1)
        )
        row = self._c.execute(statement).first()
        return _leaf(row) if row else None

    def newest(self, limit: int) -> list[Leaf]:
        """The newest entries, the last first."""
        statement = (
            select(t.ledger_leaves.c.seq, t.ledger_entries, t.ledger_salts.c.salt)
            .join(t.ledger_entries, t.ledger_entries.c.id == t.ledger_leaves.c.entry)
            .outerjoin(t.ledger_salts, t.ledger_salts.c.entry == t.ledger_entries.c.id)
            .order_by(t.ledger_leaves.c.seq.desc())
            .limit(limit)
        )
        return [_leaf(row) for row in self._c.execute(statement)]

    def is_waiting(self, ref: str) -> bool:
        """Whether an entry about one reward has no place in the tree yet."""
        e, leaf = t.ledger_entries, t.ledger_leaves
        waiting = select(e.c.row).outerjoin(leaf, leaf.c.entry == e.c.id).where(e.c.ref == ref, leaf.c.seq.is_(None))
        return self._c.execute(waiting.limit(1)).first() is not None

    def balance(self, account: str, unit: str) -> int:
        e = t.ledger_entries
        signed = case((e.c.debit == account, e.c.amount), else_=-e.c.amount)
        where = (e.c.unit == unit, (e.c.debit == account) | (e.c.credit == account))
        return int(self._c.execute(select(func.coalesce(func.sum(signed), 0)).where(*where)).scalar_one())

    def heads(self) -> list[Head]:
        return [_head(row) for row in self._c.execute(select(t.ledger_heads).order_by(t.ledger_heads.c.size))]

    def head_at(self, size: int) -> Head | None:
        """The head that was signed at this size, if one was."""
        row = self._c.execute(select(t.ledger_heads).where(t.ledger_heads.c.size == size)).first()
        return _head(row) if row else None

    def sign_off(self, head: Head) -> None:
        """Keep a signed head; one per size is enough."""
        if self.head_at(head.size) is None:
            self._c.execute(
                insert(t.ledger_heads).values(
                    size=head.size, root=head.root, at=ms(head.at), signature=head.signature, key=head.key
                )
            )


def _leaf(row: Any) -> Leaf:
    return Leaf(seq=row.seq, entry=entry_of(row), salt=None if row.salt is None else bytes(row.salt))


def _head(row: Any) -> Head:
    return Head(size=row.size, root=bytes(row.root), at=at(row.at), signature=row.signature, key=row.key)


def entry_of(row: Any) -> Entry:
    """The entry in a row of `ledger_entries`."""
    return Entry(
        id=row.id,
        at=at(row.at),
        kind=row.kind,
        debit=row.debit,
        credit=row.credit,
        unit=row.unit,
        amount=row.amount,
        ref=row.ref,
    )
