"""The replies that the independent implementation was shown; `python -m tests.channels.sealing` prints them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import count

from bot.channels.wecom.crypto import Crypto

TOKEN = "tP5LdPkxVbB9eYqV2mZ3"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
RECEIVER = "ww1436e0e65a779aee"
TIMESTAMP = "1763690000"
NONCE = "1597212914"
PLAINS = [
    *("桃" * length for length in range(24)),
    *("z" * length for length in range(34)),
    "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL} \U0001f1e8\U0001f1f3 好的",
    "a\0b",
    "李姐您好，海报已备好。\n",
    "汉😀" * 3000,
]


def counting() -> Callable[[int], bytes]:
    """Return a source of bytes that counts, so that the same replies come out every time."""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def sealed_in_a_row() -> list[str]:
    """Return all replies sealed by one object, one after the other."""
    crypto = Crypto(TOKEN, AES_KEY, RECEIVER, random_bytes=counting())
    return [crypto.seal(plain.encode(), TIMESTAMP, NONCE).decode() for plain in PLAINS]


def main() -> None:
    replies = [
        {"plain": plain, "timestamp": TIMESTAMP, "nonce": NONCE, "sealed": sealed}
        for plain, sealed in zip(PLAINS, sealed_in_a_row(), strict=True)
    ]
    app = {"token": TOKEN, "aes_key": AES_KEY, "receiver": RECEIVER}
    json.dump({"app": app, "replies": replies}, sys.stdout)


if __name__ == "__main__":
    main()
