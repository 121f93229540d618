"""The ledger's entries, its tree and its heads.

On SQLite an entry becomes a leaf in its own transaction; on PostgreSQL one sequencer does it within a second, so that
the numbers have no gaps whatever order transactions commit in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, text
from sqlalchemy.exc import NoResultFound

from referral import merkle
from referral.ledger import Entry, spelled
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import inserting

_SEQUENCER = 7_461_626_901
"""Number of the advisory lock that one sequencer at a time holds on PostgreSQL."""


_FIELDS = tuple(field.name for field in fields(Entry))
_ADD_ENTRY = inserting(t.ledger_entries, _FIELDS)
_ADD_SALT = inserting(t.ledger_salts, ("entry", "salt"))
_ADD_LEAF = inserting(t.ledger_leaves, ("seq", "entry"))
_ADD_NODE = inserting(t.ledger_nodes, ("level", "place", "hash"))
_LAST_LEAF = PreparedSelect(select(func.max(t.ledger_leaves.c.seq)))
_NODE = PreparedSelect(
    select(t.ledger_nodes.c.hash).where(
        t.ledger_nodes.c.level == bindparam("level"), t.ledger_nodes.c.place == bindparam("place")
    )
)
_LEAVES = select(t.ledger_leaves.c.seq, t.ledger_entries, t.ledger_salts.c.salt)
_LATEST_OF = PreparedSelect(
    _LEAVES.join(t.ledger_leaves, t.ledger_leaves.c.entry == t.ledger_entries.c.id)
    .outerjoin(t.ledger_salts, t.ledger_salts.c.entry == t.ledger_entries.c.id)
    .where(t.ledger_entries.c.ref == bindparam("ref"))
    .order_by(t.ledger_leaves.c.seq.desc())
    .limit(1)
)
_WAITING = PreparedSelect(
    select(t.ledger_entries.c.row)
    .outerjoin(t.ledger_leaves, t.ledger_leaves.c.entry == t.ledger_entries.c.id)
    .where(t.ledger_entries.c.ref == bindparam("ref"), t.ledger_leaves.c.seq.is_(None))
    .limit(1)
)


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
        if entry.at.tzinfo is not UTC or entry.at.microsecond % 1000:
            entry = replace(entry, at=at(ms(entry.at)))  # as it will be read back
        _ADD_ENTRY.run(
            self._c,
            {
                "id": entry.id,
                "at": ms(entry.at),
                "kind": entry.kind,
                "debit": entry.debit,
                "credit": entry.credit,
                "unit": entry.unit,
                "amount": entry.amount,
                "ref": entry.ref,
            },
        )
        _ADD_SALT.run(self._c, {"entry": entry.id, "salt": salt})
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

        leaves, nodes = [], []
        for seq, (entry, salt) in enumerate(entries, self.size()):
            leaves.append({"seq": seq, "entry": entry.id})
            for level, place, node in merkle.append(merkle.leaf_hash(salt, spelled(entry, entry.at)), seq, read):
                fresh[level, place] = node
                nodes.append({"level": level, "place": place, "hash": node})
        if leaves:
            _ADD_LEAF.run_many(self._c, leaves)
            _ADD_NODE.run_many(self._c, nodes)

    def size(self) -> int:
        last: int | None = _LAST_LEAF.scalar(self._c, {})
        return 0 if last is None else last + 1

    def unsequenced(self) -> int:
        entries = self._c.execute(select(func.count()).select_from(t.ledger_entries)).scalar_one()
        return entries - self.size()

    def node(self, level: int, place: int) -> bytes:
        """The hash of a node. Raises `NoResultFound` where there is none."""
        found = _NODE.scalar(self._c, {"level": level, "place": place})
        if found is None:
            raise NoResultFound(f"no node {place} on level {level}")
        return bytes(found)

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
        row = _LATEST_OF.first(self._c, {"ref": ref})
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
        return _WAITING.first(self._c, {"ref": ref}) is not None

    def balance(self, account: str, unit: str) -> int:
        e = t.ledger_entries
        signed = case((e.c.debit == account, e.c.amount), else_=-e.c.amount)
        where = (e.c.unit == unit, (e.c.debit == account) | (e.c.credit == account))
        return int(self._c.execute(select(func.coalesce(func.sum(signed), 0)).where(*where)).scalar_one())

    def length(self) -> int:
        """The number of the last entry, whether it has its place in the tree or not."""
        return int(self._c.execute(select(func.coalesce(func.max(t.ledger_entries.c.row), 0))).scalar_one())

    def about(self, refs: Collection[str], *, after: int = 0) -> list[Entry]:
        """The entries about any of these, of those whose number is above `after`."""
        e = t.ledger_entries
        rows = self._c.execute(select(e).where(e.c.ref.in_(refs), e.c.row > after).order_by(e.c.row))
        return [entry_of(row) for row in rows]

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
