"""What the platform, or somebody who pretends to be it, posts to the bot. The sealing here is not the bot's own."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from hashlib import sha1
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.channels.wecom.crypto import Crypto

CORP = "ww1436e0e65a779aee"
TOKEN = "tP5LdPkxVbB9eYqV2mZ3"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One request: its query and its body."""

    query: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return "/callback/wecom/main?" + urlencode(self.query)


def our_crypto(token: str = TOKEN, key: str = AES_KEY, corp: str = CORP, previous: Crypto | None = None) -> Crypto:
    return Crypto(token, key, corp, random_bytes=os.urandom, previous=previous)


def content(plain: bytes, *, corp: str = CORP, size: int | None = None, pad: bytes | None = None) -> bytes:
    """Return what is encrypted; `size` and `pad` may lie."""
    inside = b"0123456789abcdef" + (len(plain) if size is None else size).to_bytes(4, "big") + plain + corp.encode()
    missing = 32 - len(inside) % 32
    return inside + (bytes([missing]) * missing if pad is None else pad)


def padded_to(plain: bytes, count: int, byte: int) -> bytes:
    """Return a content whose padding is `count` bytes of value `byte`, at the right total length."""
    spare = -(16 + 4 + len(plain) + len(CORP) + count) % 16
    return content(plain + b" " * spare, pad=bytes([byte]) * count)


def encrypted(inside: bytes, key: str = AES_KEY) -> str:
    raw = base64.b64decode(key + "=")
    cipher = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    return base64.b64encode(cipher.update(inside) + cipher.finalize()).decode()


def opened(sealed: str, key: str = AES_KEY) -> bytes:
    """Return the message inside `sealed`, opened with a fresh cipher."""
    raw = base64.b64decode(key + "=")
    cipher = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).decryptor()
    inside = cipher.update(base64.b64decode(sealed)) + cipher.finalize()
    return inside[20 : 20 + int.from_bytes(inside[16:20], "big")]


def signature(sealed: str, timestamp: str, nonce: str, token: str = TOKEN) -> str:
    return sha1("".join(sorted((token, timestamp, nonce, sealed))).encode()).hexdigest()


def posted(sealed: str, *, token: str = TOKEN, timestamp: str = "1763690000", nonce: str = "1597212914") -> Envelope:
    """Return the request that carries a sealed text, signed with `token`."""
    query = {"msg_signature": signature(sealed, timestamp, nonce, token), "timestamp": timestamp, "nonce": nonce}
    body = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID>"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )
    return Envelope(query=query, body=body.encode())


def a_callback(plain: str | bytes, **how: str) -> Envelope:
    """Return a genuine request that carries `plain`."""
    return posted(encrypted(content(plain.encode() if isinstance(plain, str) else plain)), **how)


def said(text: str = "进度", rep: str = "lin") -> str:
    """Return the XML of a rep's text."""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{rep}]]></FromUserName>"
        f"<CreateTime>1763690000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
        "<MsgId>4561255354251345929</MsgId><AgentID>1000002</AgentID></xml>"
    )


def happened(**fields: str) -> str:
    """Return the XML of an event with the fields every one of them has, and `fields`."""
    common = {"ToUserName": CORP, "FromUserName": "sys", "CreateTime": "1763690000", "MsgType": "event"}
    inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in (common | fields).items())
    return f"<xml>{inner}</xml>"
