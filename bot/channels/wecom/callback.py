"""The door for the platform's callbacks: reads a request into one typed event, or refuses it with a bare status.

Nothing is decrypted before the signature over the sealed text has been checked, and no more of a body is read than
may be accepted. The server has to run with `auto_decompress=False`: aiohttp otherwise unpacks a body, or fails at it,
before this file is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.channels.wecom.crypto import Crypto, EnvelopeError
from bot.channels.wecom.wire import event_key, read_event, sealed_part
from referral.events import Event

LIMIT = 256 * 1024  # bytes of a body
PATIENCE = 5.0  # seconds for a whole body to arrive


class CallbackRefused(Exception):
    """A request that will not be taken: 400 malformed, 403 not for us, 408 slow, 413 large, 415 encoded."""

    def __init__(self, status: int) -> None:
        super().__init__(f"callback refused with {status}")
        self.status = status

    def answer(self) -> web.Response:
        """Return the answer: the status, and the one empty body that all refusals share."""
        response = web.Response(status=self.status)
        response.force_close()
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A genuine callback.

    `key` is its name in the inbox. `reply` seals an answer's inner XML with the pair that opened this message.
    """

    plain: bytes
    event: Event
    key: str
    reply: Callable[[bytes], bytes]


async def read(
    request: web.Request, crypto: Crypto, *, app: str, limit: int = LIMIT, patience: float = PATIENCE
) -> Opened:
    """Return the event that a POST carries. `app` is our name of the app, part of the key. Raises `CallbackRefused`."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise CallbackRefused(415)
    body = await _body(request, limit, patience)
    signature, timestamp, nonce = _signed_with(_query(request))
    try:
        plain, pair = crypto.open_with(signature, timestamp, nonce, sealed_part(body))
        event = read_event(plain)
    except EnvelopeError as problem:
        raise CallbackRefused(problem.status) from problem
    return Opened(
        plain=plain,
        event=event,
        key=event_key(crypto.receiver, app, plain),
        reply=lambda inner: pair.seal(inner, timestamp, nonce),
    )


def verify(request: web.Request, crypto: Crypto) -> web.Response:
    """Return the answer to the platform's check of this address: the echo's text and nothing else.

    Raises `CallbackRefused`.
    """
    query = _query(request)
    signature, timestamp, nonce = _signed_with(query)
    echo = query.get("echostr", "").replace(" ", "+")
    if not echo:
        raise CallbackRefused(400)
    try:
        plain = crypto.verify_url(signature, timestamp, nonce, echo)
    except EnvelopeError as problem:
        raise CallbackRefused(problem.status) from problem
    return web.Response(body=plain, content_type="text/plain")


def _query(request: web.Request) -> dict[str, str]:
    """Return the parameters with a literal `+` kept: the platform's base64 is not always escaped."""
    pairs = (part.partition("=") for part in request.rel_url.raw_query_string.split("&"))
    return {name: unquote(value, errors="replace") if "%" in value else value for name, _, value in pairs}


def _signed_with(query: dict[str, str]) -> tuple[str, str, str]:
    signature, timestamp, nonce = (query.get(name, "") for name in ("msg_signature", "timestamp", "nonce"))
    if not (signature and timestamp and nonce):
        raise CallbackRefused(400)
    return signature, timestamp, nonce


async def _body(request: web.Request, limit: int, patience: float) -> bytes:
    if (request.content_length or 0) > limit:
        raise CallbackRefused(413)
    try:
        if request.content.is_eof():  # it came whole with the headers, as nearly all do
            return _within(limit, request.content.read_nowait())
        async with asyncio.timeout(patience):
            return await _stream(request, limit)
    except TimeoutError:
        raise CallbackRefused(408) from None
    except (ClientError, HttpProcessingError, web.RequestPayloadError, OSError) as problem:
        raise CallbackRefused(400) from problem


async def _stream(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        _within(limit, body)
    return bytes(body)


def _within(limit: int, body: bytes | bytearray) -> bytes:
    if len(body) > limit:
        raise CallbackRefused(413)
    return bytes(body)
