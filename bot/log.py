"""Logs: one event a line on stderr, readable at a terminal, JSON elsewhere; secrets and persons are kept out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

_HIDDEN = {
    "token", "secret", "phone", "text", "nickname", "name", "handle", "external_userid", "openid", "unionid", "url",
}  # fmt: skip
_PATTERNS = (
    (re.compile(r"(access_token|corpsecret|secret|key)=[^&\s\"']+"), r"\1=…"),
    (re.compile(r"\b1[3-9]\d{9}\b"), "1…"),
    (re.compile(r"\b(w[mok])[0-9A-Za-z_-]{20,}"), r"\1…"),
    (re.compile(r"/me/[0-9a-z]+"), "/me/…"),
)
_DEEPEST = 4


class _Stderr:
    """Whatever `sys.stderr` is at the time of writing."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


_STDERR = cast("TextIO", _Stderr())


def set_up(out: TextIO | None = None) -> None:
    """Send everything, what libraries log and warn too, to `out` (default: stderr), redacted."""
    readable = out is None and sys.stderr.isatty()
    out = out or _STDERR
    shared = _shared()
    last = _rendered(readable=readable)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _take_in_libraries(out, shared, last)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take names, words, phones, tokens and full ids out of a log line."""
    return {key: "…" if key in _HIDDEN else _clean(value) for key, value in event.items()}


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _rendered(*, readable: bool) -> list[Processor]:
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if readable:
        last = structlog.dev.ConsoleRenderer()
    return [structlog.processors.format_exc_info, redact, last]


def _take_in_libraries(out: TextIO, shared: Sequence[Processor], last: Sequence[Processor]) -> None:
    """Warnings of libraries, and of Python itself, in the same form."""
    handler = logging.StreamHandler(out)
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    name = structlog.stdlib.add_logger_name
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared, name], processors=[strip, *last])
    )
    root = logging.getLogger()
    if not root.handlers or any(isinstance(h.formatter, structlog.stdlib.ProcessorFormatter) for h in root.handlers):
        root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _clean(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        for pattern, instead in _PATTERNS:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, dict) and depth < _DEEPEST:
        return {k: "…" if k in _HIDDEN else _clean(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple) and depth < _DEEPEST:
        return [_clean(item, depth + 1) for item in value]
    return value
