"""What stands in the platform's answers, read without trust: another type than expected is as good as nothing."""

from __future__ import annotations

from bot.channels.wecom.wire import clean


def text_of(part: object, name: str) -> str:
    """A text field, empty where there is none."""
    value = part.get(name) if isinstance(part, dict) else None
    return clean(value) if isinstance(value, str) else ""


def list_of(part: object, name: str) -> list[object]:
    """A list field, empty where there is none."""
    value = part.get(name) if isinstance(part, dict) else None
    return list(value) if isinstance(value, list) else []


def texts_of(part: object, name: str) -> tuple[str, ...]:
    """The texts of a list field."""
    return tuple(clean(item) for item in list_of(part, name) if isinstance(item, str))


def part_of(whole: object, name: str) -> dict[str, object]:
    """An object field, empty where there is none."""
    value = whole.get(name) if isinstance(whole, dict) else None
    return value if isinstance(value, dict) else {}
