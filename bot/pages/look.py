"""From a view to the HTML that people see, with the headers it must be served under.

The pages need no script, and no font and no picture from anywhere but our own host, and say so in their content policy.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import templates
from bot.pages.views import (
    BusyView,
    EndedView,
    LandingView,
    MeView,
    MissingView,
    NothingView,
    PosterView,
    PrivacyView,
    RestingView,
    RewardView,
    RulesView,
    ShowCouponView,
    StoriesView,
    StoryGoneView,
    StoryMissingView,
    StoryView,
    TroubleView,
    View,
)

_FOLDER: Final = templates.ROOT / "pages"

_TEMPLATES: Final[dict[type[View], str]] = {
    LandingView: "landing.html.j2",
    EndedView: "ended.html.j2",
    RestingView: "resting.html.j2",
    MissingView: "missing.html.j2",
    NothingView: "nothing.html.j2",
    BusyView: "busy.html.j2",
    TroubleView: "trouble.html.j2",
    MeView: "me.html.j2",
    RewardView: "reward.html.j2",
    PosterView: "poster.html.j2",
    ShowCouponView: "coupon_show.html.j2",
    RulesView: "rules.html.j2",
    PrivacyView: "privacy.html.j2",
    StoriesView: "stories.html.j2",
    StoryView: "story.html.j2",
    StoryGoneView: "story_gone.html.j2",
    StoryMissingView: "story_missing.html.j2",
}

_STATUSES: Final[dict[type[View], HTTPStatus]] = {
    EndedView: HTTPStatus.GONE,
    MissingView: HTTPStatus.NOT_FOUND,
    NothingView: HTTPStatus.NOT_FOUND,
    BusyView: HTTPStatus.TOO_MANY_REQUESTS,
    StoryGoneView: HTTPStatus.GONE,
    StoryMissingView: HTTPStatus.NOT_FOUND,
}

# With `no-referrer` a browser posts a form with `Origin: null`, which an origin check must refuse; `same-origin` still
# keeps the token of a private page from every other host.
SECURITY_HEADERS: Final[dict[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

SCRIPTED_HEADERS: Final[dict[str, str]] = SECURITY_HEADERS | {
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"] + "; script-src 'self'"
}

STATIC_HEADERS: Final[dict[str, str]] = {
    "Content-Type": "text/css; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=31536000, immutable",
}

# Control characters, lone surrogates, and the marks that turn the direction of text. Joiners stay, since emoji need
# them, and the pair that keeps a name's direction to itself, which our own sentences put around some names.
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066\u2067\ufeff\ud800-\udfff]"
)


def render(view: View) -> str:
    """Return the whole HTML document of `view`."""
    return draw(_TEMPLATES[type(view)], view=view)


def draw(template: str, **values: Any) -> str:
    """Fill a template of `templates/pages`."""
    return _environment().get_template(template).render(**values)


def status_of(view: View) -> HTTPStatus:
    """Return the HTTP status under which `view` is served."""
    if isinstance(view, TroubleView):
        return HTTPStatus(view.status)
    return _STATUSES.get(type(view), HTTPStatus.OK)


def headers_of(view: View) -> dict[str, str]:
    """Return the headers under which `view` is served; only rules and privacy may be kept by a cache.

    Scripts are forbidden wherever a page has none, and are our host's where it has. A page with one is signed for one
    browser and one moment, so that nobody keeps it.

    A cache asks again for every story: one that was taken back is gone at once.
    """
    public = isinstance(view, RulesView | PrivacyView)
    stories = isinstance(view, StoriesView | StoryView)
    later = {"Retry-After": "600"} if isinstance(view, BusyView) else {}
    scripted = getattr(view, "script", None) is not None
    kept = "no-store" if scripted else "public, max-age=300" if public else "no-cache" if stories else "no-store"
    varied = {"Vary": "Accept-Encoding, User-Agent"} if public or stories else {}
    return {
        **(SCRIPTED_HEADERS if scripted else SECURITY_HEADERS),
        **later,
        **varied,
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": kept,
    }


def is_private(view: View) -> bool:
    """Return whether `view` is one person's own, under an address that nobody else knows."""
    return isinstance(view, MeView | RewardView | ShowCouponView)


@cache
def static_file(name: str) -> tuple[str, bytes]:
    """Return the path of a file of `templates/pages`, which changes with its content, and its bytes."""
    return dated(_FOLDER / name)


def dated(file: Path) -> tuple[str, bytes]:
    """Return the path under which a file is served, which changes with its content, and its bytes."""
    body = file.read_bytes()
    return f"/static/{file.stem}.{sha256(body).hexdigest()[:12]}{file.suffix}", body


def static_css() -> tuple[str, bytes]:
    """Return the style sheet's path and its bytes."""
    return static_file("pages.css")


@cache
def _environment() -> Environment:
    environment = environment_of(_FOLDER)
    environment.globals["css_path"] = static_css()[0]
    environment.globals["stories_css"] = static_file("stories.css")[0]
    return environment


def environment_of(folder: Path) -> Environment:
    """Templates of pages in a folder: escaped, strict, and without what a reader cannot see."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=drop_unseen,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def drop_unseen(value: Any) -> Any:
    """Drop what a reader cannot see but a browser would act on; our own markup passes as it is."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _UNSEEN.sub("", value)
