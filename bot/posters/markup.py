"""The pages of a template, which strangers write: Jinja without reach into the program, and with an end.

A page may branch, loop over what it is given and put it into HTML. It may not load other files, call anything but a
few methods of words, or go on for long: every turn of a loop is counted, and so is every character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import count
from traceback import extract_tb
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.posters.errors import TemplateBroken

MOST_TURNS = 10_000
"""Of all loops of a page together; a poster has some dozens."""

MOST_SIGNS = 64 * 1024
"""Of a page when it is written, and of its file."""

_FILTERS = frozenset(
    {"abs", "capitalize", "d", "default", "e", "escape", "first", "float", "int", "last", "length", "list", "lower"}
    | {"max", "min", "reverse", "round", "sort", "string", "title", "trim", "unique", "upper"}
)
_METHODS = frozenset(
    {"split", "strip", "lstrip", "rstrip", "upper", "lower", "startswith", "endswith", "title"}
    | {"get", "items", "keys", "values"}
)
_WIDE = re.compile(r"%[^a-zA-Z%]*(\d{3}|\*)")  # a room of hundreds of signs is on no poster
_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.Pow: "**",  # these four grow without a loop: each line can double what the last one made
    nodes.Concat: "~",
    nodes.AssignBlock: "set … endset",
    nodes.FilterBlock: "filter",
}


class Endless(Exception):
    """A page goes on longer than any poster needs."""


class Page:
    """One page of a template; `file` is what its author calls it."""

    def __init__(self, source: str, file: str) -> None:
        """Read a page. Raises `TemplateBroken` with the file, the line and what is wrong in it."""
        self._file = file
        self._lines = source.splitlines()
        if len(source) > MOST_SIGNS:
            raise TemplateBroken(f"{file} 太大：最多 {MOST_SIGNS // 1024} KB")
        try:
            self._template = _compiled(source, partial(self._broken, what=""))
        except TemplateSyntaxError as problem:
            raise self._broken(problem.lineno, what=f"写法不对（{problem.message}）") from problem

    def render(self, **values: object) -> str:
        """Return the HTML. Raises `TemplateBroken` with the file, the line and what is wrong in it."""
        try:
            return "".join(_no_longer(self._template.generate(**values, _turns=count(1))))
        except Exception as problem:  # whatever a page that strangers write can raise
            raise self._broken(_line(problem), what=_said(problem)) from problem

    def _broken(self, line: int, *, what: str) -> TemplateBroken:
        here = self._lines[line - 1].strip()[:80] if 0 < line <= len(self._lines) else ""
        where = f" 第 {line} 行" if line else " "
        return TemplateBroken(f"{self._file}{where}{what}" + (f"：{here}" if here else ""))


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "%"})

    def is_safe_callable(self, obj: Any) -> bool:
        if obj is _range:
            return True
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        return isinstance(owner, (str, dict, LoopContext)) and (isinstance(owner, LoopContext) or name in _METHODS)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, (int, float)) for side in (left, right)):
            raise SecurityError(operator)
        return super().call_binop(context, operator, left, right)


def _compiled(source: str, broken: Any) -> Template:
    tree = _SANDBOX.parse(source)
    for node in tree.find_all(tuple(_REFUSED)):
        raise broken(node.lineno, what=f"用了 {_REFUSED[type(node)]}，图样里不能用")
    for loop in tree.find_all(nodes.For):
        if loop.recursive:
            raise broken(loop.lineno, what="用了 recursive，图样里不能用")
        loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
    tree.set_environment(_SANDBOX)
    return Template.from_code(_SANDBOX, _SANDBOX.compile(tree, filename=_NAME), dict(_SANDBOX.globals))


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > MOST_TURNS:
        raise Endless
    return found


@pass_context
def _counted(context: Context, turned: Iterable[object]) -> Iterator[object]:
    turns = context.resolve("_turns")
    for each in turned:
        if next(turns) > MOST_TURNS:
            raise Endless
        yield each


def _formatted(pattern: str, *values: object) -> str:
    if _WIDE.search(pattern):
        raise SecurityError("format")
    if sum(len(str(each)) for each in values) > MOST_SIGNS:
        raise Endless
    return str(pattern) % values


def _no_longer(parts: Iterable[str]) -> Iterator[str]:
    signs = 0
    for part in parts:
        signs += len(part)
        if signs > MOST_SIGNS:
            raise Endless
        yield part


def _line(problem: BaseException) -> int:
    lines = [frame.lineno or 0 for frame in extract_tb(problem.__traceback__) if frame.filename == _NAME]
    return lines[-1] if lines else 0


def _said(problem: Exception) -> str:
    if isinstance(problem, (Endless, OverflowError, MemoryError, RecursionError)):
        return f"重复得太多（所有循环加起来最多 {MOST_TURNS} 次，写出的页面最多 {MOST_SIGNS // 1024} KB）"
    if isinstance(problem, SecurityError):
        return "用了图样里不允许的写法（访问程序内部，或者用了没有放行的函数）"
    if isinstance(problem, UndefinedError):
        return f"用了没有的名字（{problem.message}）"
    said = problem.message if isinstance(problem, TemplateError) else f"{type(problem).__name__}: {problem}"
    return f"出错（{said}）"


_NAME = "<page>"
_SANDBOX = _Sandbox(autoescape=True, undefined=StrictUndefined)
_SANDBOX.globals = {"range": _range}
_SANDBOX.filters = {name: _SANDBOX.filters[name] for name in _FILTERS} | {"_counted": _counted, "format": _formatted}
