"""The platform's side of callback cryptography, written from the published format alone.

A message is sealed as base64(AES-256-CBC(random 16 bytes + big-endian length + text + receiver id)), padded by PKCS#7
to blocks of 32 although the cipher's own block is 16 (platform.md 1.3).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK = 32  # bytes
HEAD = 20  # 16 random bytes and a 4-byte length


class Unreadable(Exception):
    """A sealed text that the platform would not accept; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What one app and the platform share: `token`, the 43-character `aes_key`, and the receiver's id."""

    token: str
    aes_key: str
    receiver: str

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the lowercase hex SHA-1 of the four values sorted and joined."""
        parts = sorted([self.token, timestamp, nonce, encrypted])
        return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()

    def close(self, text: str, *, random16: bytes) -> str:
        """Encrypt `text`; `random16` are the 16 leading bytes."""
        words = text.encode()
        plain = random16 + len(words).to_bytes(4, "big") + words + self.receiver.encode()
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(_pad(plain)) + encryptor.finalize()).decode()

    def open(self, encrypted: str) -> str:
        """Decrypt; raise `Unreadable` for bad base64, length, padding (16-byte padding too) or receiver."""
        decryptor = self._cipher().decryptor()
        plain = _unpad(decryptor.update(_whole_blocks(encrypted)) + decryptor.finalize())
        length = int.from_bytes(plain[16:HEAD], "big")
        if len(plain) < HEAD + length:
            raise Unreadable("the length field is beyond the end")
        if plain[HEAD + length :] != self.receiver.encode():
            raise Unreadable("the receiver id is another's")
        return _text(plain[HEAD : HEAD + length])

    def open_signed(self, *, signature: str, timestamp: str, nonce: str, encrypted: str) -> str:
        """Check the signature, then decrypt; raise `Unreadable` when either fails."""
        if not hmac.compare_digest(signature.encode(), self.sign(timestamp, nonce, encrypted).encode()):
            raise Unreadable("the signature does not match")
        return self.open(encrypted)

    def _cipher(self) -> Cipher[CBC]:
        # The 43rd character may carry spare bits that a strict decoder refuses.
        key = binascii.a2b_base64(self.aes_key + "=", strict_mode=False)
        return Cipher(AES(key), CBC(key[:16]))


def _whole_blocks(encrypted: str) -> bytes:
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("not base64") from error
    if not sealed or len(sealed) % BLOCK:
        raise Unreadable("not padded to blocks of 32 bytes")
    return sealed


def _pad(plain: bytes) -> bytes:
    missing = BLOCK - len(plain) % BLOCK
    return plain + bytes([missing]) * missing


def _unpad(padded: bytes) -> bytes:
    missing = padded[-1]
    if not 1 <= missing <= BLOCK or padded[-missing:] != bytes([missing]) * missing:
        raise Unreadable("the padding is broken")
    plain = padded[:-missing]
    if len(plain) < HEAD:
        raise Unreadable("too short")
    return plain


def _text(words: bytes) -> str:
    try:
        return words.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
