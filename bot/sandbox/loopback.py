"""The sandbox's only way out: HTTP to the bot's own loopback address, whatever host a link names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

LARGEST = 5 * 1024 * 1024  # bytes of an answer


class Unreachable(Exception):
    """The bot did not answer: refused, cut off, too slow or too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer. `cookies` maps names to values, to None when the answer deletes one."""

    status: int
    content: bytes
    location: str
    cookies: Mapping[str, str | None]


class Loopback:
    """One client session, bound to `base`."""

    def __init__(self) -> None:
        self.base = ""
        self._session: aiohttp.ClientSession | None = None

    def open(self, base: str) -> None:
        """Start talking to `base` (scheme, host, port)."""
        self.base = base.rstrip("/")
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Let the session go."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, *, headers: Mapping[str, str], seconds: float) -> Reply:
        """GET a path (with its query), following nothing; raise `Unreachable`."""
        return await self._ask("GET", path, headers=headers, content=None, seconds=seconds)

    async def post(self, path: str, content: bytes, *, headers: Mapping[str, str], seconds: float) -> Reply:
        """POST `content` to a path (with its query); raise `Unreachable`."""
        return await self._ask("POST", path, headers=headers, content=content, seconds=seconds)

    async def _ask(
        self, method: str, path: str, *, headers: Mapping[str, str], content: bytes | None, seconds: float
    ) -> Reply:
        if self._session is None:
            raise Unreachable("the sandbox is not started")
        url = URL(self.base + path, encoded=True)
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.request(method, url, data=content, headers=headers, allow_redirects=False) as response,
            ):
                return await _read(response)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unreachable(f"{method} {path}: {type(error).__name__}") from error


def path_of(link: str) -> str:
    """Return the path and query of `link`: the rest of its address is never asked."""
    parts = urlsplit(link.strip())
    path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    return quote(f"{path}?{parts.query}" if parts.query else path, safe="/%?=&:@!$'()*+,;~")


async def _read(response: aiohttp.ClientResponse) -> Reply:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LARGEST:
            raise Unreachable("the answer is longer than 5 MB")
    return Reply(
        status=response.status,
        content=bytes(content),
        location=response.headers.get("Location", ""),
        cookies={name: None if morsel["max-age"] == "0" else morsel.value for name, morsel in response.cookies.items()},
    )
