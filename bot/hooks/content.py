"""What every webhook's JSON has in common: an object with a `type` that is known here, and `data` (design 5.4)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from bot.hooks.fields import Fields
from bot.hooks.refusals import HookRefused, Problem, refused


def content(body: bytes, types: Collection[str]) -> tuple[str, Fields]:
    """The type and the fields of a webhook. Raises `HookRefused` with 422 and every problem at once."""
    values = _object(body)
    kind: Any = values.get("type")
    fields: Any = values.get("data")
    problems = [] if kind in types else [Problem("type", f"不认识这种事件，可以用 {'、'.join(types)}")]
    if not isinstance(fields, dict):
        problems.append(Problem("data", "缺少这一项，要是一个对象"))
    if problems:
        raise HookRefused(422, problems)
    return kind, Fields(path="data", values=fields)


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refused(422, "body", "不是可以读懂的 JSON") from None
    if not isinstance(values, dict):
        raise refused(422, "body", "要是一个 JSON 对象")
    return values
