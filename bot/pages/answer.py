"""A view as an HTTP answer."""

from __future__ import annotations

import gzip
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache

from aiohttp import hdrs, web

from bot.pages.look import SECURITY_HEADERS, STATIC_HEADERS, headers_of, is_private, render, status_of
from bot.pages.views import TroubleView, View

NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
"""For what is no page: a browser takes it for what we say it is, and for nothing else."""

_IS_GZIP = re.compile(r"\s*(?:x-)?gzip\s*(?:;\s*q\s*=\s*(?!0(?:\.0*)?\s*$)[0-9.]+\s*)?")


def page(view: View) -> web.Response:
    """Render a view with its status and headers.

    It travels compressed where the browser takes that; somebody's own page does not: its length would tell of the token
    in it (CVE-2013-3587).
    """
    answer = web.Response(body=render(view).encode(), status=status_of(view), headers=headers_of(view))
    if not is_private(view):
        answer.enable_compression()
    return answer


def popular(request: web.Request, view: View) -> web.Response:
    """`page`, for a view that many strangers see alike: filled and compressed once for all of them."""
    body, packed = _filled(view)
    if _takes_gzip(request):
        headers = headers_of(view) | {hdrs.CONTENT_ENCODING: "gzip"}
        return web.Response(body=packed, status=status_of(view), headers=headers)
    return web.Response(body=body, status=status_of(view), headers=headers_of(view))


@lru_cache(maxsize=512)
def _filled(view: View) -> tuple[bytes, bytes]:
    body = render(view).encode()
    return body, gzip.compress(body, mtime=0)


def _takes_gzip(request: web.Request) -> bool:
    """Whether it is named among what the browser takes; with a weight of nothing it is refused (RFC 9110, 12.5.3)."""
    return any(map(_IS_GZIP.fullmatch, request.headers.get(hdrs.ACCEPT_ENCODING, "").lower().split(",")))


def static(body: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What serves a file that never changes under its name: compressed once, for the browsers that take it so."""
    packed = gzip.compress(body, mtime=0)
    headers = STATIC_HEADERS | {"Content-Type": kind, hdrs.VARY: hdrs.ACCEPT_ENCODING}

    async def answer(request: web.Request) -> web.Response:
        if _takes_gzip(request):
            return web.Response(body=packed, headers=headers | {hdrs.CONTENT_ENCODING: "gzip"})
        return web.Response(body=body, headers=headers)

    return answer


def trouble(request: web.Request, company: str, status: int, words: str) -> web.Response:
    """What did not go well: a page for whoever asks for pages, a sentence for a machine."""
    if "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        return page(TroubleView(company=company, words=words, status=status))
    return plain(status, words)


def plain(status: int, text: str) -> web.Response:
    """A short sentence, where no page is due."""
    return web.Response(text=text, status=status, headers=SECURITY_HEADERS)
