"""The platform's envelope: signed with SHA-1, sealed with AES-256-CBC.

    sealed = base64(AES(16 random bytes + length, 4 bytes big-endian + text + receiver + padding to 32))
    signature = hex(SHA-1(the sorted token, timestamp, nonce and sealed text, joined))

Times are not checked: a genuine retry may be late, and the event's key makes a replay harmless.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from hashlib import sha1
from hmac import compare_digest
from typing import ClassVar

from wechatpy.crypto import WeChatCipher

from bot.channels.wecom.markup import cdata

_KEY = re.compile(r"[0-9A-Za-z+/]{43}")
_FILLER = 16  # random bytes at the front
_HEADER = 20  # filler and length
_BLOCK = 32  # padding goes to this, though AES works in 16
_PADDING = tuple(bytes([size]) * size for size in range(_BLOCK + 1))


class EnvelopeError(Exception):
    """An envelope that will not be opened. `status` is the HTTP answer; no detail is given, so none can leak.

    `depth` is how far the opening came: of two pairs that failed, the one that came further knows the reason.
    """

    status: ClassVar[int] = 400
    depth: ClassVar[int] = 2


class Malformed(EnvelopeError):
    """Not an envelope, or not what an envelope of ours holds."""


class BadSignature(EnvelopeError):
    """Not signed with our token."""

    status = 403
    depth = 0


class WrongReceiver(EnvelopeError):
    """Signed with our token, yet sealed for another receiver or with another app's key."""

    status = 403
    depth = 1


class Crypto:
    """Opens and seals the envelopes of one app; used from one thread only.

    One cipher context each way serves every message: CBC carries only the last block over into the next message,
    where it falls on the random filler that every receiver throws away (4-7 times cheaper than a context each).
    """

    def __init__(
        self,
        token: str,
        aes_key: str,
        receiver: str,
        *,
        random_bytes: Callable[[int], bytes],
        previous: Crypto | None = None,
    ) -> None:
        """Take the app's token and its 43-character key; raises `ValueError` for another shape of key.

        `receiver` is the corp id for a self-built app. `previous` is the pair used before the last rotation, which
        goes on opening messages.
        """
        if not _KEY.fullmatch(aes_key):
            raise ValueError("an EncodingAESKey has 43 letters and digits")
        cipher = WeChatCipher(a2b_base64(aes_key + "=")).cipher
        self.receiver = receiver
        self._token = token
        self._receiver = receiver.encode()
        self._random_bytes = random_bytes
        self._decrypt = cipher.decryptor().update
        self._encrypt = cipher.encryptor().update
        self._previous = previous

    def verify_url(self, signature: str, timestamp: str, nonce: str, echo: str) -> bytes:
        """Return the text sealed in `echo`, which proves to the platform that this address is ours."""
        return self.open(signature, timestamp, nonce, echo)

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        """Return the text inside. Raises `BadSignature`, `WrongReceiver` or `Malformed`."""
        return self.open_with(signature, timestamp, nonce, encrypted)[0]

    def open_with(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> tuple[bytes, Crypto]:
        """Return the text inside and the pair that opened it, which also has to seal the answer."""
        try:
            return self._open(signature, timestamp, nonce, encrypted), self
        except EnvelopeError as problem:
            if self._previous is None:
                raise
            try:
                return self._previous.open_with(signature, timestamp, nonce, encrypted)
            except EnvelopeError as second:
                raise max(problem, second, key=lambda each: each.depth) from None

    def seal(self, plain: bytes, timestamp: str, nonce: str) -> bytes:
        """Return the reply that carries `plain`, as the body of an HTTP answer."""
        encrypted = self.encrypt(plain)
        signature = self.sign(timestamp, nonce, encrypted)
        stamp = timestamp if timestamp.isdigit() else cdata(timestamp)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{stamp}</TimeStamp><Nonce>{cdata(nonce)}</Nonce></xml>"
        ).encode("utf-8", "replace")

    def encrypt(self, plain: bytes) -> str:
        """Return `plain` sealed for our receiver, in base64."""
        content = self._random_bytes(_FILLER) + len(plain).to_bytes(4, "big") + plain + self._receiver
        padding = _PADDING[_BLOCK - len(content) % _BLOCK]
        return b2a_base64(self._encrypt(content + padding), newline=False).decode()

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the signature that belongs to a sealed text."""
        parts = "".join(sorted((self._token, timestamp, nonce, encrypted)))
        return sha1(parts.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()

    def _open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        expected = self.sign(timestamp, nonce, encrypted)
        if not compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise BadSignature
        return self._content(self._decrypted(encrypted))

    def _decrypted(self, encrypted: str) -> bytes:
        try:
            sealed = a2b_base64(encrypted, strict_mode=True)
        except ValueError:
            raise Malformed from None
        # Every message is padded to whole blocks; a partial one would stay in the context and spoil all later ones.
        if not sealed or len(sealed) % _BLOCK:
            raise Malformed
        opened: bytes = self._decrypt(sealed)
        return opened

    def _content(self, opened: bytes) -> bytes:
        size = opened[-1]
        end = len(opened) - size
        start = _HEADER + int.from_bytes(opened[_FILLER:_HEADER], "big")
        if not 1 <= size <= _BLOCK or opened[end:] != _PADDING[size] or not _HEADER <= start <= end:
            raise self._stranger(opened)
        if not compare_digest(opened[start:end], self._receiver):
            raise WrongReceiver
        return opened[_HEADER:start]

    def _stranger(self, opened: bytes) -> EnvelopeError:
        """Tell a broken message of ours, which still names us, from noise: the key was another app's."""
        return Malformed() if self._receiver in opened[_FILLER:] else WrongReceiver()
