"""The rep's pages as HTML, with their style sheet and scripts: all of it from our own host, nothing inline."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bot.pages.answer import static
from bot.pages.look import SCRIPTED_HEADERS, draw, static_file
from bot.pages.rep_care_views import RepCareView
from bot.pages.rep_coupon_views import RepCouponFindView, RepCouponView
from bot.pages.rep_friends_views import RepFriendsView
from bot.pages.rep_people_views import RepClaimView, RepFindView, RepPersonView
from bot.pages.rep_posters_views import RepDesignView, RepPostersView
from bot.pages.rep_views import (
    RepBroadcastView,
    RepCardView,
    RepDoorView,
    RepListView,
    RepManyView,
    RepPosterView,
    RepView,
)

_TEMPLATES: Final[dict[type[RepView], str]] = {
    RepListView: "rep.html.j2",
    RepCardView: "rep_card.html.j2",
    RepPosterView: "rep_poster.html.j2",
    RepManyView: "rep_many.html.j2",
    RepBroadcastView: "rep_broadcast.html.j2",
    RepDoorView: "rep_door.html.j2",
    RepFindView: "rep_find.html.j2",
    RepPersonView: "rep_person.html.j2",
    RepCareView: "rep_care.html.j2",
    RepFriendsView: "rep_friends.html.j2",
    RepClaimView: "rep_claim.html.j2",
    RepCouponView: "rep_coupon.html.j2",
    RepCouponFindView: "rep_coupon_find.html.j2",
    RepPostersView: "rep_posters.html.j2",
    RepDesignView: "rep_design.html.j2",
}

_FILES: Final = {
    "css": ("rep.css", "text/css; charset=utf-8"),
    "script": ("rep.js", "text/javascript; charset=utf-8"),
    "design": ("design.js", "text/javascript; charset=utf-8"),
    "sdk": ("vendor/wecom-jssdk.js", "text/javascript; charset=utf-8"),
}

HEADERS: Final[dict[str, str]] = {
    **SCRIPTED_HEADERS,
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}

LIVE_HEADERS: Final[dict[str, str]] = HEADERS | {
    "Content-Security-Policy": HEADERS["Content-Security-Policy"] + "; connect-src 'self'"
}
"""For the page whose script asks for it anew while somebody types."""


def page(view: RepView) -> web.Response:
    """Render a view with its status and headers."""
    html = draw(_TEMPLATES[type(view)], view=view, **{f"{name}_file": at for name, (at, _, _) in _static().items()})
    status = view.status if isinstance(view, RepDoorView) else 200
    headers = LIVE_HEADERS if isinstance(view, RepDesignView) else HEADERS
    return web.Response(text=html, status=status, content_type="text/html", headers=headers)


def static_routes() -> list[web.RouteDef]:
    """The style sheet and the scripts, each under a name that changes with it."""
    return [web.get(at, static(body, kind)) for at, body, kind in static_files()]


def static_files() -> list[tuple[str, bytes, str]]:
    """The path, content and type of each file that the pages need besides the shared style sheet."""
    return list(_static().values())


def _static() -> dict[str, tuple[str, bytes, str]]:
    """Each file's path, content and type."""
    return {name: (*static_file(file), kind) for name, (file, kind) in _FILES.items()}
