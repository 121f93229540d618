"""Opaque ids: 80 random bits behind a letter that tells what they name."""

from __future__ import annotations

from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Bits(Protocol):
    """A source of chance; `random.Random` and `random.SystemRandom` both are one."""

    def getrandbits(self, k: int, /) -> int: ...


def new_id(rng: Bits, kind: str) -> str:
    """Return `kind` followed by 16 base32 symbols, e.g. `p1k9…` for a person."""
    bits = rng.getrandbits(80)
    return kind + "".join(_ALPHABET[bits >> shift & 31] for shift in range(75, -1, -5))


def is_id(text: str, kind: str) -> bool:
    """Whether `text` has the form that `new_id` gives for `kind`."""
    return len(text) == len(kind) + 16 and text.startswith(kind) and all(c in _ALPHABET for c in text[len(kind) :])
