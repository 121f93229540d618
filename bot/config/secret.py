"""The kinds of secret a configuration names: how each looks, and how one is made for the sandbox."""

from __future__ import annotations

import base64
import binascii
import re
import string
from collections.abc import Callable
from typing import ClassVar, Self

Rng = Callable[[int], bytes]

_LETTERS = string.ascii_letters + string.digits


class Secret(str):
    """A value that must not be shown: it is a plain string in use, but its repr is blank.

    Empty means that it is not set yet, which only a sandbox may leave so until `with_sandbox_secrets`.
    """

    __slots__ = ()

    looks: ClassVar[str] = "some text"
    length: ClassVar[int] = 43
    made: ClassVar[bool] = True

    @classmethod
    def fits(cls, text: str) -> bool:
        """Say whether `text` can be such a secret."""
        return bool(text.strip())

    @classmethod
    def make(cls, rng: Rng) -> Self:
        """Make a new one: `length` letters and digits."""
        return cls(_letters(cls.length, rng))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'unset' if not self else '…'})"


class Token(Secret):
    """The token that a platform signs its callbacks with."""

    __slots__ = ()
    looks = "1 to 32 letters and digits"
    length = 32

    @classmethod
    def fits(cls, text: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9]{1,32}", text) is not None


class AesKey(Secret):
    """The EncodingAESKey of a callback: base64 without its last `=`, 32 bytes when decoded."""

    __slots__ = ()
    looks = "43 letters and digits"

    @classmethod
    def fits(cls, text: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9]{43}", text) is not None


class ApiKey(Secret):
    """A key that somebody else gave us for their interface; never made for anyone."""

    __slots__ = ()
    looks = "up to 512 letters, digits and signs without blanks"
    made = False

    @classmethod
    def fits(cls, text: str) -> bool:
        return re.fullmatch(r"[\x21-\x7e]{1,512}", text) is not None


class WebhookSecret(Secret):
    """A Standard Webhooks key: `whsec_` and the base64 of 24 to 64 bytes."""

    __slots__ = ()
    looks = "whsec_ and the base64 of 24 to 64 bytes"

    @classmethod
    def fits(cls, text: str) -> bool:
        try:
            key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            return False
        return text.startswith("whsec_") and 24 <= len(key) <= 64

    @classmethod
    def make(cls, rng: Rng) -> Self:
        return cls("whsec_" + base64.b64encode(rng(32)).decode())


class SessionSecret(Secret):
    """What the console signs its sessions with."""

    __slots__ = ()
    looks = "at least 32 characters"

    @classmethod
    def fits(cls, text: str) -> bool:
        return len(text) >= 32


class PasswordHash(Secret):
    """An Argon2 hash of a password; never made for anyone."""

    __slots__ = ()
    looks = "an Argon2 hash, starting with $argon2id$"
    made = False

    @classmethod
    def fits(cls, text: str) -> bool:
        return text.startswith("$argon2id$")


class PrivateKey(Secret):
    """The private key of a merchant's certificate, as PEM, which may stand on one line."""

    __slots__ = ()
    looks = "an RSA private key in PEM form, without a password"

    @classmethod
    def fits(cls, text: str) -> bool:
        return _is_key("load_pem_private_key", text, None)

    @classmethod
    def make(cls, rng: Rng) -> Self:  # noqa: ARG003  # the library has a source of chance of its own
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # 60 ms that most commands spare
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return cls(key.private_bytes(encoding, form, serialization.NoEncryption()).decode().replace("\n", ""))


class PublicKey(Secret):
    """A public key as PEM, which may stand on one line. It is no secret, but comes from where they come from."""

    __slots__ = ()
    looks = "an RSA public key in PEM form"
    made = False

    @classmethod
    def fits(cls, text: str) -> bool:
        return _is_key("load_pem_public_key", text)


def pem_lines(text: str) -> bytes:
    """A PEM as libraries want it, from one that may stand on one line, as in an environment variable."""
    return re.sub(r"\s*(-----[A-Z ]+-----)\s*", r"\n\1\n", text.replace("\\n", "\n")).strip().encode()


def _is_key(load: str, text: str, *args: None) -> bool:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # as above

    try:
        return hasattr(getattr(serialization, load)(pem_lines(text), *args), "key_size")
    except (ValueError, TypeError):
        return False


def _letters(count: int, rng: Rng) -> str:
    """Draw `count` letters and digits, each equally likely: bytes past the last multiple of 62 are thrown away."""
    drawn = ""
    while len(drawn) < count:
        drawn += "".join(_LETTERS[byte % 62] for byte in rng(count) if byte < 248)
    return drawn[:count]
