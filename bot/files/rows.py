"""A file as rows of cells, whatever its kind: each with the line it starts on, or the reason why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from referral.errors import BadInput

FILE = "FILE"
ROW = "row"
"""What an error names that is not about one field."""
_SHOWN = 40  # characters of a value in an error
_COLUMNS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The first thing wrong in a row; `value` is fit to be shown."""

    line: int
    field: str
    value: str
    problem: str


Rows = Iterator[tuple[int, Sequence[str]] | Problem]
"""The line that a row begins on, and its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file's header and the rows below it, read once and in order; `size` and `done` are in the same unit."""

    header: tuple[str, ...]
    rows: Rows
    size: int
    done: Callable[[], int]


def whole_rows(rows: Rows, width: int) -> Iterator[tuple[Any, ...] | Problem]:
    """Each row as its line followed by its cells; one that is not as wide as the header is broken."""
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        line, cells = row
        if len(cells) == width:
            yield line, *cells
        elif any(cell.strip() for cell in cells):
            problem = f"这一行有 {len(cells)} 格，表头有 {width} 格"
            yield Problem(line=line, field=ROW, value="", problem=problem)


def shown(value: str) -> str:
    """A value as an error shows it: on one line, and not all of a long one."""
    line = " ".join("".join(symbol if symbol.isprintable() else " " for symbol in value[: 2 * _SHOWN]).split())
    return line if len(value) <= _SHOWN and len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def header_of(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns. Raises `BadInput` where there are none, or more than anybody means."""
    header = tuple(cell.strip() for cell in cells)
    if not any(header):
        raise BadInput(FILE, "第一行要是表头，但它是空的")
    if len(header) > _COLUMNS:
        raise BadInput(FILE, f"最多 {_COLUMNS} 列，这个文件有 {len(header)} 列")
    return header


def unreadable(path: Path, why: str) -> BadInput:
    """That a file is none of ours."""
    return BadInput(FILE, f"{path.name}：{why}")
