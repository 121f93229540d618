"""The hash tree over the ledger (RFC 6962 §2.1): what is hashed, which nodes are kept, how a proof is made and checked.

Only roots of complete subtrees are kept. A node is addressed by (level, index): it covers the 2**level leaves from
index * 2**level on, so a node once written never changes. `read` fetches a kept node; `leaf`, `leaves`, roots and path
elements are hashes of 32 bytes, and a path runs from the leaf upwards. Where nodes live is no concern of this file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

Read = Callable[[int, int], bytes]
Node = tuple[int, int, bytes]  # level, index, hash

HASH_BYTES = 32
_SPELLING = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
EMPTY_ROOT = hashlib.sha256(b"").digest()


class ProofBroken(ValueError):
    """This proof cannot belong to a tree of this size: its path, index or a hash has an impossible length or value."""


def canonical(entry: Mapping[str, object]) -> bytes:
    """The one spelling of an entry that is hashed: JSON in UTF-8, keys sorted by code point, no spaces, no escapes.

    Raises ValueError for NaN, infinities and lone surrogates, TypeError for values JSON does not have.
    """
    return _SPELLING.encode(dict(entry)).encode()


def leaf_hash(salt: bytes, entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ salt ‖ entry); the salt keeps a short entry from being guessed from its hash."""
    return hashlib.sha256(b"\x00" + salt + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


# --- growing ---------------------------------------------------------------------------------------------------------


def append(leaf: bytes, size: int, read: Read) -> list[Node]:
    """The nodes to write when `leaf` follows the `size` leaves before it: itself and every subtree it completes."""
    level, index, node = 0, size, leaf
    written = [(level, index, node)]
    while index % 2:
        node = node_hash(read(level, index - 1), node)
        level, index = level + 1, index // 2
        written.append((level, index, node))
    return written


def root(size: int, read: Read) -> bytes:
    """The root over the first `size` leaves; EMPTY_ROOT when there are none."""
    return _range_root(0, size, read)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes that come one by one, in memory logarithmic in their number."""
    peaks: list[bytes] = []
    for size, leaf in enumerate(leaves):
        node = leaf
        for _ in range(_trailing_ones(size)):
            node = node_hash(peaks.pop(), node)
        peaks.append(node)
    return _joined(peaks)


# --- inclusion: this entry is in that ledger -------------------------------------------------------------------------


def inclusion_path(leaf_index: int, size: int, read: Read) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 §2.1.1. Raises ValueError unless 0 ≤ leaf_index < size."""
    if not 0 <= leaf_index < size:
        raise ValueError(f"leaf {leaf_index} is not among {size} leaves")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = _middle(start, end)
        if leaf_index < middle:
            path.append(_range_root(middle, end, read))
            end = middle
        else:
            path.append(_range_root(start, middle, read))
            start = middle
    return path[::-1]


def root_from_inclusion(leaf: bytes, leaf_index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that this path leads to (RFC 9162 §2.1.3.2); the caller compares it with the signed one.

    Raises ProofBroken when the index is not below the size, the path has not exactly the length that these two demand,
    or a hash has not 32 bytes.
    """
    if not 0 <= leaf_index < size or not _are_hashes([leaf, *path]):
        raise ProofBroken(f"no leaf {leaf_index} in a tree of {size}, or a hash that has not {HASH_BYTES} bytes")
    node, index, last = leaf, leaf_index, size - 1
    for beside in path:
        if last == 0:
            raise ProofBroken("the path is longer than the tree is high")
        node, index, last = _climb(node, beside, index, last)
    if last:
        raise ProofBroken("the path ends below the root")
    return node


def _climb(node: bytes, beside: bytes, index: int, last: int) -> tuple[bytes, int, int]:
    """One step up from `index` on a level whose rightmost node is `last`, over the levels where it stands alone."""
    if index % 2 == 0 and index != last:
        return node_hash(node, beside), index >> 1, last >> 1
    lonely = 0 if index % 2 else _trailing_zeros(index)
    return node_hash(beside, node), index >> (lonely + 1), last >> (lonely + 1)


# --- consistency: that ledger is this one, continued -----------------------------------------------------------------


def consistency_path(old: int, new: int, read: Read) -> list[bytes]:
    """PROOF(m, D[n]) of RFC 6962 §2.1.2; empty when old is 0 or new. Raises ValueError unless 0 ≤ old ≤ new."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not continue one of {old}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = _middle(start, end)
        if old <= middle:
            path.append(_range_root(middle, end, read))
            end = middle
        else:
            path.append(_range_root(start, middle, read))
            start = middle
    # A complete old tree is the checker's own old root, and is left out.
    return [*([_range_root(start, end, read)] if start else []), *path[::-1]]


def check_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the new tree begins with all of the old one, unchanged and in order (RFC 9162 §2.1.4.2)."""
    if not 0 <= old_size <= new_size or not _are_hashes([old_root, new_root, *path]):
        return False
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT and (new_size > 0 or new_root == EMPTY_ROOT)
    if old_size == new_size:
        return not path and old_root == new_root
    return _roots_from_consistency(old_size, new_size, old_root, path) == (old_root, new_root)


def _roots_from_consistency(
    old_size: int, new_size: int, old_root: bytes, path: Sequence[bytes]
) -> tuple[bytes, bytes] | None:
    """Both roots that the path leads to, None when it has not the length that the sizes demand."""
    complete = _trailing_ones(old_size - 1)
    index, last = (old_size - 1) >> complete, (new_size - 1) >> complete
    steps = [*([] if index else [old_root]), *path]
    if not steps:
        return None
    old = new = steps[0]
    for beside in steps[1:]:
        if last == 0:
            return None
        if index % 2 or index == last:
            old = node_hash(beside, old)
        new, index, last = _climb(new, beside, index, last)
    return None if last else (old, new)


# --- ranges ----------------------------------------------------------------------------------------------------------


def _range_root(start: int, end: int, read: Read) -> bytes:
    """The hash over leaves start ≤ i < end; start must be a multiple of a power of two ≥ end - start."""
    levels = reversed(range((end - start).bit_length()))
    return _joined([read(level, (end >> level) - 1) for level in levels if ((end - start) >> level) & 1])


def _joined(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees of falling size."""
    if not peaks:
        return EMPTY_ROOT
    node = peaks[-1]
    for peak in reversed(peaks[:-1]):
        node = node_hash(peak, node)
    return node


def _middle(start: int, end: int) -> int:
    """Where a tree over at least two leaves parts: after the largest power of two that is less than their number."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1 if number else 0


def _trailing_ones(number: int) -> int:
    return _trailing_zeros(number + 1)


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
