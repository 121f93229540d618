"""The last resort: an error nobody foresaw becomes a plain page that tells nothing, and one line in the log."""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.pages.answer import page, plain, trouble
from bot.pages.views import NothingView
from storage.errors import StorageError

log = structlog.get_logger()


def guard(company: str) -> Middleware:
    """Stands around every handler."""

    @web.middleware
    async def stand(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return page(NothingView(company=company))
        except web.HTTPException as answer:
            if answer.status < 400:
                raise
            return plain(answer.status, "这个地址不能这样打开。")
        except StorageError:
            log.warning("page.not_stored", path=_shape(request))
            return trouble(request, company, 503, "系统正忙，过一会儿就好。")
        except Exception:
            log.exception("page.failed", path=_shape(request))
            return trouble(request, company, 500, "我们这边出了点问题，已经记下来了。")

    return stand


def _shape(request: web.Request) -> str:
    """The route, never the address itself: that may hold a token."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "?"
