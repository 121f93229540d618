"""Sealed callbacks as the platform makes them, by an implementation of our own: shares no code with either server."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

REPS = 2_000
TEXTS = (
    "有位客户问下周三能不能改到上午十点来，麻烦帮我看一下还有没有位置，谢谢",
    "刚才那位客户想知道春季新茶什么时候到店，我该怎么回她比较好",
    "客户说海报上的字有点小，老人看不清，能不能换一张大一点的",
    "我名下的客户今天下午会带朋友过来，请提前准备两份试喝",
)
_BLOCK = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the platform and an app share. `aes_key` has 43 characters."""

    corp: str
    token: str
    aes_key: str

    @classmethod
    def make(cls) -> Account:
        """Return one that was never used before."""
        key = base64.b64encode(os.urandom(32)).decode().rstrip("=")
        while not key.isalnum():
            key = base64.b64encode(os.urandom(32)).decode().rstrip("=")
        return cls(corp="ww0123456789abcdef", token=os.urandom(12).hex(), aes_key=key)


class Post:
    """Seals callbacks of one account and writes them as whole HTTP requests."""

    def __init__(self, account: Account, path: str) -> None:
        self._account = account
        self._path = path
        key = base64.b64decode(account.aes_key + "=")
        self._encrypt = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor().update

    def request(self, inner: str, *, timestamp: int, nonce: str) -> bytes:
        """Return the bytes of one POST that carries `inner`, kept alive."""
        encrypted = self._sealed(inner.encode())
        signature = sign(self._account.token, str(timestamp), nonce, encrypted)
        body = (
            f"<xml><ToUserName><![CDATA[{self._account.corp}]]></ToUserName>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt><AgentID><![CDATA[1000002]]></AgentID></xml>"
        )
        return (
            f"POST {self._path}?msg_signature={signature}&timestamp={timestamp}&nonce={nonce} HTTP/1.1\r\n"
            f"Host: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _sealed(self, plain: bytes) -> str:
        content = os.urandom(16) + len(plain).to_bytes(4, "big") + plain + self._account.corp.encode()
        size = _BLOCK - len(content) % _BLOCK
        return base64.b64encode(self._encrypt(content + bytes([size]) * size)).decode()


def sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Return the signature over a sealed text."""
    return hashlib.sha1("".join(sorted((token, timestamp, nonce, encrypted))).encode()).hexdigest()


def rep_texts(account: Account, first: int, *, at: int) -> Iterator[tuple[str, str, str]]:
    """Yield texts of reps without end: who, what, and the message; ids count up from `first`."""
    number = first
    while True:
        rep, text = f"rep{number % REPS:04d}", TEXTS[number % len(TEXTS)]
        yield rep, text, rep_text(account, rep, text, number, at)
        number += 1


def rep_text(account: Account, rep: str, text: str, number: int, at: int) -> str:
    """The message that carries a rep's text."""
    return (
        f"<xml><ToUserName><![CDATA[{account.corp}]]></ToUserName><FromUserName><![CDATA[{rep}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
        f"<MsgId>{number}</MsgId><AgentID>1000002</AgentID></xml>"
    )


def desk_rang(account: Account, desk: str, at: int) -> str:
    """The event that says: a desk has messages."""
    return (
        f"<xml><ToUserName><![CDATA[{account.corp}]]></ToUserName><CreateTime>{at}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>"
        f"<Token><![CDATA[{os.urandom(8).hex()}]]></Token><OpenKfId><![CDATA[{desk}]]></OpenKfId></xml>"
    )
