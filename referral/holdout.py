"""The holdout: a share of all people whom nobody asks, so that it can be told what asking brings (science §3).

Permanent, and drawn by hash: whoever knows the id can check it, and no list has to be kept.
"""

from __future__ import annotations

from hashlib import blake2b

_KEY = b"holdout"
_BITS = 64


def is_held_out(person: str, share: float, salt: str = "") -> bool:
    """Whether a person is one of the `share`, 0-1, who are never nudged. Ids are random, so that nobody can choose."""
    digest = blake2b(f"{salt}/{person}".encode(), digest_size=_BITS // 8, key=_KEY).digest()
    return int.from_bytes(digest, "big") < share * float(1 << _BITS)
