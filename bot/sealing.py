"""Sealing what a person gave: AES-256-GCM under a key of its own, drawn from the house's.

What is sealed for one thing opens for nothing else: its purpose and name are authenticated along with it.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from referral.ids import Bits

_NONCE = 12  # bytes, as NIST SP 800-38D wants them
_KEY = 32  # bytes
_PURPOSE = b"taoli given 1"


class Unopened(Exception):
    """What is kept was sealed with another key, for something else, or was changed."""


class Seal:
    """Seals and opens with the house's key `seal`."""

    def __init__(self, seal: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), _KEY, salt=None, info=_PURPOSE).derive(seal))

    def seal(self, text: str, what: str, rng: Bits) -> bytes:
        """Seal a text for `what`, such as `address:w…`."""
        nonce = rng.getrandbits(8 * _NONCE).to_bytes(_NONCE, "big")
        return nonce + self._cipher.encrypt(nonce, text.encode(), what.encode())

    def open(self, sealed: bytes, what: str) -> str:
        """The text again. Raises `Unopened`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], what.encode()).decode()
        except (InvalidTag, ValueError):
            raise Unopened(what.partition(":")[0]) from None
