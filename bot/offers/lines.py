"""Where things stand in a TOML file: the line of every key, table and element, by its path.

`tomllib` reads the values but forgets their places; a writer of a pack wants the line.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Keys and places in lists, from the top: `("thanks", 0, "choices", 1, "says")`."""

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_PART = re.compile(r"""[ \t]*(?:"(?P<basic>(?:[^"\\\n]|\\.)*)"|'(?P<literal>[^'\n]*)'|(?P<bare>[\w-]+))[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'", re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of everything in a text that `tomllib` has read."""
    return _Walk(text).found


def spelled(path: Path) -> str:
    """A path as a person writes it: `thanks[0].choices[1].says`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


class _Walk:
    """One walk through a text that is known to be good TOML."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._lists: dict[Path, int] = {}
        table: Path = ()
        while self._next():
            if self._next() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _next(self) -> str:
        """The next sign that is neither blank nor comment; empty at the end."""
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._text[self._at : self._at + 1]

    def _header(self) -> Path:
        begin, listed = self._at, self._text.startswith("[[", self._at)
        self._at += 2 if listed else 1
        *outer, last = self._names()
        self._at += 2 if listed else 1
        path = (*self._inside(outer), last)
        if listed:
            number = self._lists.get(path, 0)
            self._lists[path] = number + 1
            path = (*path, number)
        self._note(path, begin)
        return path

    def _inside(self, names: list[str]) -> Path:
        """A table's path; a list of tables means its latest element."""
        path: Path = ()
        for name in names:
            path = (*path, name)
            if path in self._lists:
                path = (*path, self._lists[path] - 1)
        return path

    def _names(self) -> list[str]:
        """A key, dotted or not; the walk stands after it."""
        names: list[str] = []
        while part := _PART.match(self._text, self._at):
            names.append(part["basic"] or part["literal"] or part["bare"] or "")
            self._at = part.end()
            if self._text[self._at] != ".":
                break
            self._at += 1
        return names

    def _pair(self, table: Path) -> None:
        self._next()
        begin = self._at
        path = (*table, *self._names())
        self._at += 1  # the equals sign
        self._note(path, begin)
        self._value(path)

    def _value(self, path: Path) -> None:
        sign = self._next()
        if sign == "[":
            self._elements(path)
        elif sign == "{":
            self._inline(path)
        elif found := (_STRING if sign in "\"'" else _SCALAR).match(self._text, self._at):
            self._at = found.end()

    def _elements(self, path: Path) -> None:
        self._at += 1
        number = 0
        while self._next() != "]":
            self._note((*path, number), self._at)
            self._value((*path, number))
            number += 1
            self._comma()
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._next() != "}":
            self._pair(path)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        if self._next() == ",":
            self._at += 1

    def _note(self, path: Path, begin: int) -> None:
        self.found[path] = self._text.count("\n", 0, begin) + 1
