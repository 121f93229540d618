"""Logs: one event a line on stderr, readable at a terminal, JSON elsewhere; secrets and persons are kept out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_HIDDEN = {"token", "secret", "phone", "text", "nickname", "name", "handle", "external_userid", "openid", "unionid", "url"}
_PATTERNS = (
    (re.compile(r"(access_token|corpsecret|secret|key)=[^&\s\"']+"), r"\1=…"),
    (re.compile(r"\b1[3-9]\d{9}\b"), "1…"),
    (re.compile(r"\b(wm|wo)[0-9A-Za-z_-]{20,}"), r"\1…"),
    (re.compile(r"/me/[0-9a-z]+"), "/me/…"),
)


def set_up(*, level: int = logging.INFO) -> None:
    """Send everything to stderr, redacted."""
    plain = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.dev.ConsoleRenderer(colors=plain) if plain else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take names, words, phones, tokens and full ids out of a log line."""
    return {key: "…" if key in _HIDDEN else _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for pattern, instead in _PATTERNS:
        value = pattern.sub(instead, value)
    return value
