"""The load: keep-alive connections that each send the next request as soon as the last was answered.

    python bench/load.py CORP TOKEN AES_KEY

Reads one JSON order a line (`port`, `seconds`, `most` requests, `connections`, `first` id, `expected` text or null for
an echo), prints one JSON result a line. Requests are sealed before the clock starts; every status is checked, and one
reply of each round is opened with wechatpy and compared.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import xmltodict
from envelopes import Account, Post, rep_texts
from loops import run
from wechatpy.work import parse_message
from wechatpy.work.crypto import WeChatCrypto

PATH = "/callback/wecom/main"
_OK = b"HTTP/1.1 200 "
_LENGTH = b"Content-Length: "


class Round:
    """Requests that are left, and what came of those that were sent."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests: Iterator[bytes] = iter(requests)
        self.latencies: list[float] = []
        self.errors = 0
        self.done = asyncio.Event()
        self.open = 0
        self.until = 0.0

    def next(self) -> bytes | None:
        """Return the next request, None when the round is over."""
        return next(self.requests, None) if time.perf_counter() < self.until else None

    def closed(self) -> None:
        """Count a connection that is through."""
        self.open -= 1
        if not self.open:
            self.done.set()


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, round_: Round) -> None:
        self._round = round_
        self._got = b""
        self._began = 0.0
        self._waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._round.open += 1

    def send(self) -> None:
        """Send the next request, or hang up."""
        request = self._round.next()
        self._waits = request is not None
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got = got = self._got + data if self._got else data
        if not complete(got):
            return
        self._round.latencies.append(time.perf_counter() - self._began)
        if not got.startswith(_OK):
            self._round.errors += 1
        self._got = b""
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._round.errors += self._waits
        self._round.closed()


def complete(got: bytes) -> bool:
    """Whether a whole answer is there; it must say its length."""
    head = got.find(b"\r\n\r\n")
    if head < 0:
        return False
    at = got.index(_LENGTH) + len(_LENGTH)
    return len(got) >= head + 4 + int(got[at : got.index(b"\r", at)])


async def play(order: dict[str, object], account: Account) -> dict[str, object]:
    """Carry out one order."""
    port, first, at = int(str(order["port"])), int(str(order["first"])), int(time.time())
    post = Post(account, PATH)
    texts = rep_texts(account, first, at=at)
    await check_one(port, account, post, next(texts), at, order["expected"])
    inners = (inner for _, _, inner in islice(texts, int(str(order["most"]))))
    sealed = [post.request(inner, timestamp=at, nonce=str(first + n)) for n, inner in enumerate(inners)]
    elapsed, round_ = await drive(port, sealed, int(str(order["connections"])), float(str(order["seconds"])))
    latencies = sorted(round_.latencies)
    return {
        "answered": len(latencies) + 1,
        "errors": round_.errors,
        "elapsed": elapsed,
        "requests_per_second": len(latencies) / elapsed,
        "p50_ms": latencies[len(latencies) // 2] * 1e3,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1e3,
    }


async def drive(port: int, sealed: list[bytes], connections: int, seconds: float) -> tuple[float, Round]:
    """Send until the time or the requests run out; how long it took, and what came of it."""
    round_ = Round(sealed)
    loop = asyncio.get_running_loop()
    lines = [(await loop.create_connection(lambda: Line(round_), "127.0.0.1", port))[1] for _ in range(connections)]
    gc.disable()
    began = time.perf_counter()
    round_.until = began + seconds
    for line in lines:
        line.send()
    await asyncio.wait_for(round_.done.wait(), seconds + 10)
    elapsed = time.perf_counter() - began
    gc.enable()
    return elapsed, round_


async def check_one(
    port: int, account: Account, post: Post, said: tuple[str, str, str], at: int, expected: object
) -> None:
    """Send one request and open its reply; raise AssertionError if it is not what it has to be."""
    rep, text, inner = said
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post.request(inner, timestamp=at, nonce="one"))
    got = b""
    while not (got and complete(got)):
        got += await asyncio.wait_for(reader.read(65536), 10) or b"cut off"
    writer.close()
    assert got.startswith(_OK), got
    reply = opened(got.partition(b"\r\n\r\n")[2].decode(), account)
    assert (reply.target, reply.content) == (rep, expected or text), reply


def opened(answer: str, account: Account) -> Any:
    """Return the message inside a sealed answer, as an independent library reads it."""
    envelope = xmltodict.parse(answer)["xml"]
    crypto = WeChatCrypto(account.token, account.aes_key, account.corp)
    stamp, nonce = envelope["TimeStamp"], envelope["Nonce"]
    return parse_message(crypto.decrypt_message(envelope, envelope["MsgSignature"], stamp, nonce))


async def obey(account: Account) -> None:
    """Carry out the orders of standard input until it ends."""
    loop = asyncio.get_running_loop()
    while order := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await play(json.loads(order), account)), flush=True)


if __name__ == "__main__":
    run(obey(Account(corp=sys.argv[1], token=sys.argv[2], aes_key=sys.argv[3])))
