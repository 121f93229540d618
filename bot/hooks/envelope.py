"""The envelope of a webhook: taken in whole and within limits, its sender checked, its content not yet looked at.

The server has to run with `auto_decompress=False`: aiohttp otherwise unpacks a body before anyone here is asked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.hooks.refusals import HookRefused, refused
from bot.hooks.signature import Verify
from referral.times import Clock

LIMIT = 256 * 1024  # bytes of a body
PATIENCE = 5.0  # seconds for a whole body to arrive
LONGEST_ID = 255  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A webhook that is truly from its sender. `id` is the sender's name for it, the same on every attempt."""

    id: str
    body: bytes

    @property
    def digest(self) -> str:
        """What tells one body from another, byte by byte."""
        return sha256(self.body).hexdigest()


async def take(request: web.Request, verify: Verify, machine_clock: Clock, *, patience: float = PATIENCE) -> Envelope:
    """Read and check a request. Raises `HookRefused`: 401, 408, 413, 415, or 422 for an id too long to keep."""
    body = await whole_body(request, patience=patience)
    told = verify(request.headers, body, machine_clock())
    if len(told) > LONGEST_ID:
        raise refused(422, "webhook-id", f"最多 {LONGEST_ID} 个字符")
    return Envelope(id=told, body=body)


async def whole_body(request: web.Request, *, patience: float = PATIENCE) -> bytes:
    """The body as it was sent. Raises `HookRefused`: 400 broken off, 408 slow, 413 large, 415 encoded."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise refused(415, "content-encoding", "正文不要压缩")
    if (request.content_length or 0) > LIMIT:
        raise _large()
    body = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > LIMIT:
                    raise _large()
    except TimeoutError:
        raise refused(408, "body", "正文迟迟没有发完") from None
    except (ClientError, HttpProcessingError, web.RequestPayloadError, OSError):
        raise refused(400, "body", "正文没有发完整") from None
    return bytes(body)


def _large() -> HookRefused:
    return refused(413, "body", f"最多 {LIMIT // 1024} KB")
