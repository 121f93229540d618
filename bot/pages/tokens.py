"""Addresses of private pages: an opaque id and a keyed proof of 130 bits; nothing is kept, nothing can be guessed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from referral.ids import is_id

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PROOF = 26  # symbols of 5 bits


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads the tokens of `/me` pages."""

    key: bytes

    def of(self, person: str) -> str:
        """The token of a person's own page."""
        return person + self._proof(person)

    def read(self, token: str) -> str | None:
        """The person whose page this is, None for a token we did not make."""
        person, proof = token[:-_PROOF], token[-_PROOF:]
        if not is_id(person, "p"):
            return None
        return person if hmac.compare_digest(proof.encode(), self._proof(person).encode()) else None

    def _proof(self, person: str) -> str:
        number = int.from_bytes(hmac.new(self.key, b"me:" + person.encode(), sha256).digest(), "big")
        return "".join(_ALPHABET[number >> shift & 31] for shift in range(0, 5 * _PROOF, 5))
