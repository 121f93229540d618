"""What the ledger can show of itself: signed heads, a check of every row, and proofs that anyone can check.

The hashes are those of RFC 6962 §2.1 with salted leaves (design 5.1), the heads those of `storage.heads`. A row whose
salt was dropped when a person was erased can no longer be compared with its leaf: the leaf is then taken as it stands,
and `verify` counts such rows.
"""

from __future__ import annotations

import operator
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, literal_column, select
from sqlalchemy.exc import NoResultFound

from referral import merkle
from referral.errors import NotFound
from referral.ledger import spelled
from storage import tables as t
from storage.errors import NotYetPlaced
from storage.heads import from_json, head, is_signed, sign_off, spoken
from storage.ledger import Head
from storage.prepared import PreparedSelect
from storage.times import at
from storage.transaction import Transaction

__all__ = ["check", "head", "prove", "sign_off", "verify"]

SALT_BYTES = 16

_CHUNK_LEVEL = 10
_CHUNK = 1 << _CHUNK_LEVEL  # leaves looked at together
_HIGHEST = 62  # levels of a tree whose size fits the database's integers


# --- verify: every row against the tree, the tree against every head -------------------------------------------------


class _Broken(Exception):
    """The first thing that does not fit, as a sentence."""


def verify(
    tx: Transaction,
    *,
    keys: Collection[str] | None = None,
    outside: Iterable[Mapping[str, Any]] = (),
    sequenced: bool = False,
) -> dict[str, object]:
    """Recompute every leaf, node and root and compare them with what is stored and with every signed head.

    Returns `{"ok","size","root","problem","without_salt"}`; `problem` names the first broken row, None if there is
    none, and then `root` is the recomputed one, else empty. `keys` are the public keys (hex) that heads may be signed
    with, None for any; `outside` are heads kept elsewhere. Where a sequencer gives entries their place (PostgreSQL, and
    `sequenced`, a copy of it), those that wait for it are no fault. Memory does not grow with the ledger.
    """
    tree = _Regrown()
    size = tx.ledger.size()
    try:
        heads = _Heads([*tx.ledger.heads(), *_kept_elsewhere(outside)], keys)
        heads.meet(tree)
        for start in range(0, size, _CHUNK):
            _verify_chunk(tx, tree, heads, start, min(start + _CHUNK, size))
        _verify_nothing_more(tx, size)
        heads.meet_the_rest(size)
        if not sequenced:
            _verify_all_have_a_place(tx)
    except _Broken as broken:
        return {"ok": False, "size": size, "root": "", "problem": str(broken), "without_salt": tree.without_salt}
    return {"ok": True, "size": size, "root": tree.root().hex(), "problem": None, "without_salt": tree.without_salt}


def _kept_elsewhere(heads: Iterable[Mapping[str, Any]]) -> Iterator[Head]:
    for number, told in enumerate(heads, 1):
        try:
            yield from_json(told)
        except ValueError as error:
            raise _Broken(f"账外保存的第 {number} 个账头读不懂") from error


class _Regrown:
    """The tree grown again leaf by leaf; only the roots of its complete subtrees are remembered."""

    def __init__(self) -> None:
        self.size = 0
        self.without_salt = 0
        self._peaks: dict[tuple[int, int], bytes] = {}

    def grow(self, leaf: bytes) -> list[merkle.Node]:
        """Add a leaf; the nodes that it completes."""
        nodes = merkle.append(leaf, self.size, self._read)
        self._keep(nodes)
        self.size += 1
        return nodes

    def grow_by(self, chunk: bytes, stored: Mapping[tuple[int, int], bytes], without_salt: int) -> bool:
        """Add the root of a chunk that begins where a chunk may, with the nodes above it that it completes.

        False, and nothing added, where one of these is not the stored one.
        """
        place = self.size // _CHUNK
        above = merkle.append(chunk, place, lambda level, place: self._read(level + _CHUNK_LEVEL, place))
        grown = [(level + _CHUNK_LEVEL, place, node) for level, place, node in above]
        if any(stored.get((level, place)) != node for level, place, node in grown):
            return False
        self._keep(grown)
        self.size += _CHUNK
        self.without_salt += without_salt
        return True

    def root(self) -> bytes:
        return merkle.root(self.size, self._read)

    def _keep(self, nodes: Sequence[merkle.Node]) -> None:
        """Remember the last of new nodes, and none of those below it."""
        for level, place, _ in nodes[:-1]:
            self._peaks.pop((level, place), None)
            self._peaks.pop((level, place - 1), None)
        level, place, node = nodes[-1]
        self._peaks[level, place] = node

    def _read(self, level: int, place: int) -> bytes:
        return self._peaks[level, place]


class _Heads:
    """The signed heads in order of size, met one after another while the tree grows."""

    def __init__(self, heads: Iterable[Head], keys: Collection[str] | None) -> None:
        self._waiting = deque(sorted(heads, key=lambda h: h.size))
        self._keys = keys
        self._good = 0

    def meet(self, tree: _Regrown) -> None:
        """Compare the heads of just this size."""
        while self._waiting and self._waiting[0].size <= tree.size:
            signed = self._waiting.popleft()
            self._check_signature(signed)
            if signed.size != tree.size or signed.root != tree.root():
                where = f"seq {self._good} 到 seq {signed.size - 1} 之间有改动"
                raise _Broken(f"{where}：前 {signed.size} 条的树根与 {spoken(signed.at)} 签名的账头不符")
            self._good = signed.size

    def are_below(self, size: int) -> bool:
        """Whether a head of fewer leaves is still to be met."""
        return bool(self._waiting) and self._waiting[0].size < size

    def meet_the_rest(self, size: int) -> None:
        """Heads of a longer ledger: its end was cut off."""
        for signed in self._waiting:
            self._check_signature(signed)
            signed_then = f"{spoken(signed.at)} 签名的账头有 {signed.size} 条"
            raise _Broken(f"seq {size} 起的分录不见了：{signed_then}，现在只有 {size} 条")

    def _check_signature(self, signed: Head) -> None:
        if not is_signed(signed, self._keys):
            raise _Broken(f"{spoken(signed.at)} 的账头（{signed.size} 条）签名不对，或不是用本账本的密钥签的")


def _verify_chunk(tx: Transaction, tree: _Regrown, heads: _Heads, start: int, end: int) -> None:
    nodes = _nodes_completed(tx, start, end)
    rows = _rows(tx, start, end)
    if end - start == _CHUNK and not heads.are_below(end) and _fits(tree, nodes, rows, start):
        return heads.meet(tree)
    return _verify_each(tree, heads, nodes, iter(rows), start, end)


def _fits(tree: _Regrown, nodes: Mapping[tuple[int, int], bytes], rows: Sequence[Any], start: int) -> bool:
    """Whether a whole chunk is as it should be, looked at level by level; where it is not, it is left to be looked at
    one by one, to say what is wrong."""
    if [row.seq for row in rows] != [*range(start, start + _CHUNK)]:
        return False
    try:
        hashes = [_leaf(row, nodes.get((0, row.seq))) for row in rows]
    except _Broken:
        return False
    place = start
    for level in range(1, _CHUNK.bit_length()):
        pairs, place = iter(hashes), place >> 1
        hashes = [*map(merkle.node_hash, pairs, pairs)]
        if hashes != [nodes.get((level, place + number)) for number in range(len(hashes))]:
            return False
    return tree.grow_by(hashes[0], nodes, sum(row.salt is None for row in rows))


def _verify_each(
    tree: _Regrown,
    heads: _Heads,
    nodes: Mapping[tuple[int, int], bytes],
    rows: Iterator[Any],
    start: int,
    end: int,
) -> None:
    for seq in range(start, end):
        row = next(rows, None)
        if row is None or row.seq != seq:
            raise _Broken(f"seq {seq} 不见了：树里有它的位置，账上没有这一行")
        if row.salt is None:
            tree.without_salt += 1
        for level, place, node in tree.grow(_leaf(row, nodes.get((0, seq)))):
            _compare(nodes.get((level, place)), node, level, place, seq)
        heads.meet(tree)


def _leaf(row: Any, stored: bytes | None) -> bytes:
    """The hash of this row, computed where its salt is still there; raises where it does not fit the stored one."""
    if row.id is None:
        raise _Broken(f"seq {row.seq} 没有分录：树里有这一片叶子，分录不见了")
    if stored is None:
        raise _Broken(f"seq {row.seq} 的叶子哈希不见了")
    if row.salt is None:
        return stored
    try:
        computed = merkle.leaf_hash(bytes(row.salt), spelled(row, at(operator.index(row.at))))
    except (TypeError, ValueError, OverflowError):
        computed = b""
    if computed != stored:
        raise _Broken(f"seq {row.seq} 被改过：分录、盐或叶子哈希与记账时不符")
    return computed


def _compare(stored: bytes | None, node: bytes, level: int, place: int, seq: int) -> None:
    if stored != node:
        first = place << level
        fault = "不见了" if stored is None else "被改过"
        raise _Broken(f"seq {seq} 处的树节点{fault}（第 {level} 层第 {place} 个，覆盖 seq {first} 到 {seq}）")


def _verify_nothing_more(tx: Transaction, size: int) -> None:
    """No leaf and no node beside those of the tree."""
    leaves = tx.connection.execute(select(func.count()).select_from(t.ledger_leaves)).scalar_one()
    if leaves != size:
        raise _Broken(f"叶子表多出 {leaves - size} 行：编号不在 seq 0 到 seq {size - 1} 之内")
    nodes = tx.connection.execute(select(func.count()).select_from(t.ledger_nodes)).scalar_one()
    expected = sum(size >> level for level in range(size.bit_length()))
    if nodes != expected:
        raise _Broken(f"seq {size} 起有多余的树节点：应有 {expected} 个，实有 {nodes} 个")


def _verify_all_have_a_place(tx: Transaction) -> None:
    """On SQLite an entry becomes a leaf in its own transaction: none waits."""
    if tx.connection.dialect.name == "sqlite" and (waiting := tx.ledger.unsequenced()):
        raise _Broken(f"有 {waiting} 笔账目不在树里：它们算进了余额，却没有叶子")


def _joined(*by: ColumnElement[bool]) -> PreparedSelect:
    """The leaves of a chunk with the entries and salts that belong to them."""
    return PreparedSelect(
        select(t.ledger_leaves.c.seq, t.ledger_entries, t.ledger_salts.c.salt)
        .select_from(t.ledger_leaves)
        .outerjoin(t.ledger_entries, and_(*by))
        .outerjoin(t.ledger_salts, t.ledger_salts.c.entry == t.ledger_leaves.c.entry)
        .where(t.ledger_leaves.c.seq >= bindparam("start"), t.ledger_leaves.c.seq < bindparam("end"))
        .order_by(t.ledger_leaves.c.seq)
    )


_THE_ENTRY = t.ledger_entries.c.id == t.ledger_leaves.c.entry
_ROWS = _joined(_THE_ENTRY)
_IN_STEP = _joined(t.ledger_entries.c.row == t.ledger_leaves.c.seq + literal_column("1"), _THE_ENTRY)
"""As on SQLite entries become leaves in the order of their rows, they are read in it, not looked up by their ids."""

_NODES = PreparedSelect(
    select(t.ledger_nodes.c.place, t.ledger_nodes.c.hash).where(
        t.ledger_nodes.c.level == bindparam("level"),
        t.ledger_nodes.c.place >= bindparam("first"),
        t.ledger_nodes.c.place < bindparam("behind"),
    )
)


def _rows(tx: Transaction, start: int, end: int) -> Sequence[Any]:
    chunk = {"start": start, "end": end}
    if tx.connection.dialect.name == "sqlite":
        rows = _IN_STEP.all(tx.connection, chunk)
        if all(row.id is not None for row in rows):
            return rows
    return _ROWS.all(tx.connection, chunk)


def _nodes_completed(tx: Transaction, start: int, end: int) -> dict[tuple[int, int], bytes]:
    """The stored nodes whose last leaf is one of start ≤ seq < end."""
    ranges = [(level, start >> level, end >> level) for level in range(_HIGHEST) if start >> level < end >> level]
    found = {
        level: _NODES.all(tx.connection, {"level": level, "first": first, "behind": behind})
        for level, first, behind in ranges
    }
    return {(level, place): node for level, rows in found.items() for place, node in rows}


# --- proofs: one reward's entry is in the ledger ---------------------------------------------------------------------


def prove(tx: Transaction, reward_id: str) -> dict[str, object]:
    """That the newest entry of a reward is in the ledger: the row `ledger prove` of design 5.1, bytes in hex.

    Raises `NotFound` for an unknown reward, one that moved nothing, or one whose salt was dropped; `NotYetPlaced`
    where its newest entry still waits for the sequencer.
    """
    if tx.rewards.get(reward_id) is None:
        raise NotFound(f"没有这笔谢礼：{reward_id}")
    if tx.ledger.is_waiting(reward_id):
        raise NotYetPlaced("这笔谢礼刚刚入账，还没排进账本，请一秒后再试")
    leaf = tx.ledger.latest_of(reward_id)
    if leaf is None:
        raise NotFound(f"这笔谢礼没有入过账：{reward_id}")
    if leaf.salt is None:
        raise NotFound(f"这笔谢礼的盐已随本人资料删除，不能再出证明：{reward_id}")
    entry, size = leaf.entry.as_leaf(), tx.ledger.size()
    return {
        "reward": reward_id,
        "entry": dict(entry),
        "salt": leaf.salt.hex(),
        "leaf_hash": merkle.leaf_hash(leaf.salt, merkle.canonical(entry)).hex(),
        "leaf_index": leaf.seq,
        "tree_size": size,
        "path": [node.hex() for node in merkle.inclusion_path(leaf.seq, size, tx.ledger.node)],
        "root": tx.ledger.root().hex(),
    }


def check(tx: Transaction, proof: Mapping[str, Any], *, keys: Collection[str] | None = None) -> dict[str, object]:
    """Whether a proof is whole and leads to our ledger as it was at `tree_size`: `{"ok","problem"}`.

    Everything is computed anew from `salt`, `entry` and `path`; the root must be that of the first `tree_size` leaves
    here, or that of a head which was signed at this size (with one of `keys`, where these are given). `problem` names
    every field that is missing or odd.
    """
    problem = "；".join(_odd_fields(proof)) or _contradiction(proof) or _foreign(tx, proof, keys)
    return {"ok": not problem, "problem": problem or None}


_ENTRY = {"amount": int, "at": str, "credit": str, "debit": str, "id": str, "kind": str, "ref": str, "unit": str}
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


def _odd_fields(proof: object) -> Iterator[str]:
    """What is wrong with the shape, field by field."""
    if not isinstance(proof, Mapping):
        yield "证明应是一个 JSON 对象"
        return
    looks: dict[str, Callable[[Any], bool]] = {
        "reward": lambda v: isinstance(v, str) and v != "",
        "entry": lambda v: isinstance(v, Mapping),
        "salt": lambda v: _is_hex(v, SALT_BYTES),
        "leaf_hash": lambda v: _is_hex(v, merkle.HASH_BYTES),
        "leaf_index": lambda v: type(v) is int and v >= 0,
        "tree_size": lambda v: type(v) is int and v >= 1,
        "path": lambda v: isinstance(v, list) and all(_is_hex(node, merkle.HASH_BYTES) for node in v),
        "root": lambda v: _is_hex(v, merkle.HASH_BYTES),
    }
    yield from _odd_names(proof, looks, "")
    yield from (f"{name} 的值不对" for name, look in looks.items() if name in proof and not look(proof[name]))
    entry = proof.get("entry")
    if isinstance(entry, Mapping):
        yield from _odd_names(entry, _ENTRY, "entry.")
        odd = [name for name, kind in _ENTRY.items() if name in entry and type(entry[name]) is not kind]
        yield from (f"entry.{name} 的值不对" for name in odd)


def _odd_names(given: Mapping[str, Any], known: Collection[str], within: str) -> Iterator[str]:
    yield from (f"缺少 {within}{name}" for name in known if name not in given)
    yield from (f"多出 {within}{name}" for name in given if name not in known)


def _is_hex(value: object, length: int) -> bool:
    return isinstance(value, str) and len(value) == 2 * length and _HEX.fullmatch(value) is not None


def _contradiction(proof: Mapping[str, Any]) -> str:
    """Where a proof of the right shape contradicts itself; empty if it does not."""
    if proof["entry"]["ref"] != proof["reward"]:
        return "reward 与 entry.ref 不是同一笔谢礼"
    try:
        leaf = merkle.leaf_hash(bytes.fromhex(proof["salt"]), merkle.canonical(proof["entry"]))
    except ValueError:
        return "entry 里有不能编码的字符"
    if leaf.hex() != proof["leaf_hash"]:
        return "leaf_hash 不是由 salt 和 entry 算出的"
    try:
        path = [bytes.fromhex(node) for node in proof["path"]]
        root = merkle.root_from_inclusion(leaf, proof["leaf_index"], proof["tree_size"], path)
    except merkle.ProofBroken:
        return "path 的长度与 leaf_index、tree_size 不符"
    return "" if root.hex() == proof["root"] else "path 推不到 root"


def _foreign(tx: Transaction, proof: Mapping[str, Any], keys: Collection[str] | None) -> str:
    """Why a proof that holds by itself is not one of our ledger; empty if it is."""
    root, size = bytes.fromhex(proof["root"]), proof["tree_size"]
    if _root_at(tx, size) == root or _signed_root_at(tx, size, keys) == root:
        return ""
    if size > tx.ledger.size():
        return f"证明里的账本有 {size} 条，我们的账本只有 {tx.ledger.size()} 条"
    return f"root 不是我们的账本在 {size} 条时的树根"


def _root_at(tx: Transaction, size: int) -> bytes | None:
    try:
        return merkle.root(size, tx.ledger.node) if size <= tx.ledger.size() else None
    except NoResultFound:
        return None


def _signed_root_at(tx: Transaction, size: int, keys: Collection[str] | None) -> bytes | None:
    signed = tx.ledger.head_at(size) if size < 1 << _HIGHEST else None
    return signed.root if signed and is_signed(signed, keys) else None
