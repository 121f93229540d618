"""The page and its parts as HTML, and the words around the phones in Chinese and English."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final

from jinja2 import Environment

import templates
from bot.pages.look import SECURITY_HEADERS, dated, environment_of

_FOLDER: Final = templates.ROOT / "playground"
_VENDOR: Final = templates.ROOT / "pages" / "vendor"
_FILES: Final = {
    "css": (_FOLDER / "playground.css", "text/css; charset=utf-8"),
    "script": (_FOLDER / "playground.js", "text/javascript; charset=utf-8"),
    "icon": (_FOLDER / "icon.svg", "image/svg+xml"),
    "htmx": (_VENDOR / "htmx.js", "text/javascript; charset=utf-8"),
    "sse": (_VENDOR / "htmx-sse.js", "text/javascript; charset=utf-8"),
}

HEADERS: Final = SECURITY_HEADERS | {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}

SNAPSHOT_HEADERS: Final = HEADERS | {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'self'"
    )
}
"""A page somebody has open, shown as it came: nothing in it runs or can be sent."""


@cache
def words(lang: str) -> Mapping[str, str]:
    """The words of a language, by their keys."""
    return tomllib.loads((_FOLDER / f"{lang}.toml").read_text(encoding="utf-8"))


def draw(template: str, lang: str, **values: Any) -> str:
    """Fill a template of `templates/playground`."""
    files = {f"{name}_file": path for name, (path, _, _) in static_files().items()}
    return _environment().get_template(f"{template}.html.j2").render(**values, t=words(lang), lang=lang, **files)


@cache
def static_files() -> Mapping[str, tuple[str, bytes, str]]:
    """Path, content and type of each file that the page needs; a path changes with its content."""
    return {name: (*dated(file), kind) for name, (file, kind) in _FILES.items()}


@cache
def _environment() -> Environment:
    environment = environment_of(_FOLDER)
    environment.filters["json"] = partial(json.dumps, ensure_ascii=False)  # Jinja's own is for scripts, not attributes
    return environment
