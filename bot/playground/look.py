"""The page and its parts as HTML, and the words around the phones in Chinese and English."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import templates
from bot.pages.look import drop_unseen

_FOLDER: Final = templates.ROOT / "playground"
_VENDOR: Final = templates.ROOT / "pages" / "vendor"
_FILES: Final = {
    "css": (_FOLDER / "playground.css", "text/css; charset=utf-8"),
    "script": (_FOLDER / "playground.js", "text/javascript; charset=utf-8"),
    "icon": (_FOLDER / "icon.svg", "image/svg+xml"),
    "htmx": (_VENDOR / "htmx.js", "text/javascript; charset=utf-8"),
    "sse": (_VENDOR / "htmx-sse.js", "text/javascript; charset=utf-8"),
}

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
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
    return {name: (*_read(file), kind) for name, (file, kind) in _FILES.items()}


def _read(file: Path) -> tuple[str, bytes]:
    body = file.read_bytes()
    return f"/static/{file.stem}.{sha256(body).hexdigest()[:12]}{file.suffix}", body


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=drop_unseen,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["json"] = partial(json.dumps, ensure_ascii=False)  # Jinja's own is for scripts, not attributes
    return environment
