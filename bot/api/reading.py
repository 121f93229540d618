"""Reading what a caller sent: strict JSON and strict queries into the declared shapes, naming every problem at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from aiohttp import web
from msgspec import NODEFAULT, Struct, ValidationError
from msgspec.structs import FieldInfo, fields

from bot.api.problems import FieldProblem, Refused, invalid, wrong
from bot.hooks.envelope import whole_body
from bot.misfits import misfit

S = TypeVar("S", bound=Struct)

_LONGEST_FIELD = 64  # characters of a caller's own field name that are said back


class _Twice(ValueError):
    """A JSON object with one name twice."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


async def body_of(request: web.Request) -> bytes:
    """The body as it was sent. Raises `HookRefused`, or `Refused` with 415 for one that is not said to be JSON."""
    body = await whole_body(request)
    if body and request.content_type != "application/json":
        raise Refused(415, "请用 Content-Type: application/json 发送 JSON")
    return body


def shape(body: bytes, wanted: Any) -> Any:
    """A body in its declared shape; None where none is wanted, and then an empty object is none too.

    Raises `Refused` with 422 and every problem at once.
    """
    if wanted is None:
        return _nothing(body)
    value = _strict(body)
    if problems := list(_problems(value, wanted, "")):
        raise invalid(*problems)
    return msgspec.convert(value, wanted)


def _nothing(body: bytes) -> None:
    if body and _strict(body) != {}:
        raise wrong("body", "这个请求没有正文")


def query_of(request: web.Request, wanted: type[S]) -> S:
    """A query in its declared shape. Raises `Refused` with 422 and every problem at once."""
    values = dict(request.query)
    repeated = [name for name in values if len(request.query.getall(name)) > 1]
    if problems := [*(_twice(name) for name in repeated), *_problems(values, wanted, "", strict=False)]:
        raise invalid(*problems)
    return msgspec.convert(values, wanted, strict=False)


def _strict(body: bytes) -> Any:
    """The value of a JSON text: no NaN, no name twice, no broken sign."""
    try:
        value = msgspec.json.decode(body)
        json.loads(body, object_pairs_hook=_once)  # the library before keeps the last of several
    except _Twice as twice:
        raise invalid(_twice(twice.name)) from None
    except (ValueError, RecursionError):  # what either library says of a text that is none
        raise wrong("body", "不是可以读懂的 JSON") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def _twice(name: str) -> FieldProblem:
    return FieldProblem(name[:_LONGEST_FIELD], "写了不止一次")


def _problems(value: Any, wanted: Any, path: str, *, strict: bool = True) -> Iterator[FieldProblem]:
    """Every problem of a value, by its path; objects of a declared shape are looked at field by field."""
    chosen = _chosen(value, wanted)
    if chosen is None or not isinstance(value, Mapping):
        try:
            msgspec.convert(value, wanted, strict=strict)
        except ValidationError as error:
            yield _said(error, path)
        return
    known = {field.encode_name: field for field in fields(chosen)}
    tag = chosen.__struct_config__.tag_field
    for name in value:
        if name not in known and name != tag:
            yield FieldProblem(_join(path, name[:_LONGEST_FIELD]), "不认识这一项")
    for name, field in known.items():
        if name in value:
            yield from _problems(value[name], field.type, _join(path, name), strict=strict)
        elif _is_required(field):
            yield FieldProblem(_join(path, name), "缺少这一项")


def _chosen(value: Any, wanted: Any) -> type[Struct] | None:
    """The shape that an object has to have, by its tag where there are several; None for what is no object."""
    options = get_args(wanted) if get_origin(wanted) is Union or _is_union(wanted) else (wanted,)
    shapes = [each for each in options if isinstance(each, type) and issubclass(each, Struct)]
    if len(shapes) <= 1:
        return shapes[0] if shapes else None
    tag = value.get(shapes[0].__struct_config__.tag_field) if isinstance(value, Mapping) else None
    return next((each for each in shapes if each.__struct_config__.tag == tag), None)


def _is_union(wanted: Any) -> bool:
    return type(wanted).__name__ == "UnionType"


def _is_required(field: FieldInfo) -> bool:
    return field.default is NODEFAULT and field.default_factory is NODEFAULT


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _said(error: ValidationError, path: str) -> FieldProblem:
    """What the library says, in words for a reader."""
    where, words = misfit(error)
    inner = where if where.startswith("[") else f".{where}" if where else ""
    return FieldProblem(f"{path}{inner}".lstrip(".") or "body", words)
