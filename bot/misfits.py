"""Values that do not fit a shape: where one is, and what it should be, in words for whoever wrote it."""

from __future__ import annotations

import re

from msgspec import ValidationError

_KINDS = {
    "str": "文字",
    "int": "整数",
    "float": "数字",
    "bool": "true 或 false",
    "array": "数组",
    "object": "对象",
    "null": "null",
}
_AT = re.compile(r" - at `\$([^`]*)`$")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`(?:, got `([a-z]+)`| (.+))")
_LIMITS = (
    (re.compile(r"of length >= 1$"), "不能为空"),
    (re.compile(r"of length >= (\d+)$"), "至少 {} 个"),
    (re.compile(r"of length <= (\d+)$"), "最多 {} 个"),
    (re.compile(r"of length (\d+)"), "要正好 {} 个"),
    (re.compile(r">= (\S+)$"), "不能小于 {}"),
    (re.compile(r"<= (\S+)$"), "不能超过 {}"),
    (re.compile(r"matching regex"), "写法不对"),
)


def misfit(error: ValidationError) -> tuple[str, str]:
    """The path of the value, as `rows[0].cid`, empty for the whole, and what is wrong with it."""
    message = str(error)
    inner = _AT.search(message)
    path, said = inner[1].removeprefix(".") if inner else "", _AT.sub("", message)
    if missing := _MISSING.fullmatch(said):
        return f"{path}.{missing[1]}".removeprefix("."), "缺少这一项"
    return path, _worded(said)


def _worded(message: str) -> str:
    expected = _EXPECTED.match(message)
    if expected is None:
        known = message.startswith(("Invalid enum", "Invalid value"))
        return "数字太大" if "out of range" in message else "不是认识的值" if known else "写法不对"
    if expected[2]:
        kinds = [_KINDS.get(kind, kind) for kind in expected[1].split(" | ")]
        return f"要是{'或'.join(kinds)}"
    for pattern, words in _LIMITS:
        if match := pattern.search(message):
            return words.format(*(each.removesuffix(".0") for each in match.groups()))
    return "写法不对"
