"""A view as an HTTP answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.pages.look import SECURITY_HEADERS, STATIC_HEADERS, headers_of, render, status_of
from bot.pages.views import View

NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
"""For what is no page: a browser takes it for what we say it is, and for nothing else."""


def page(view: View) -> web.Response:
    """Render a view with its status and headers."""
    return web.Response(body=render(view).encode(), status=status_of(view), headers=headers_of(view))


def static(body: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What serves a file that never changes under its name."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers=STATIC_HEADERS | {"Content-Type": kind})

    return answer


def plain(status: int, text: str) -> web.Response:
    """A short sentence, where no page is due."""
    return web.Response(text=text, status=status, headers=SECURITY_HEADERS)
