"""Reading CSV: UTF-8 with or without its mark, or GB18030; comma, semicolon or tab; no row lost to another's quotes.

Python's reader is strict here: where a quote is not closed, or closed in the middle of a cell, the row that it opens on
is broken, and reading goes on with the very next line instead of taking the rest of the file for one cell.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

from bot.files.rows import ROW, Problem, Sheet, header_of, unreadable

_CHUNK = 1 << 20
_DELIMITERS = ",;\t"
_LONGEST_LINE = 256 * 1024  # characters
_LONGEST_CELL = 64 * 1024
_MOST_LINES = 64  # of one row
_CUT = "\0\n"
"""Stands for a line too long to be kept; no text holds it."""
_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Row = tuple[int, Sequence[str]]


@contextmanager
def open_csv(path: Path) -> Iterator[Sheet]:
    """A CSV file. Raises `BadInput` for what is no text, has no header, or is in another encoding."""
    encoding = _encoding(path)
    with path.open("rb") as binary, TextIOWrapper(binary, encoding=encoding, newline="") as text:
        lines = _Lines(text)
        rows = _rows(lines, _delimiter(lines))
        header = next(rows, None)
        if header is None:
            raise unreadable(path, "文件是空的")
        if isinstance(header, Problem):
            raise unreadable(path, f"表头读不了：{header.problem}")
        yield Sheet(header=header_of(header[1]), rows=rows, size=path.stat().st_size, done=binary.tell)


def _encoding(path: Path) -> str:
    """UTF-8 if all of it is, else GB18030 if all of it is."""
    with path.open("rb") as file:
        start = file.read(4)
        if not start:
            raise unreadable(path, "文件是空的")
        if start.startswith(_OTHER_MARKS):
            raise unreadable(path, "是 UTF-16 编码，请另存为 UTF-8 的 CSV，或 XLSX")
        for encoding in ("utf-8-sig", "gb18030"):
            file.seek(0)
            if _is_text(file, encoding):
                return encoding
    raise unreadable(path, "不是 UTF-8 或 GB18030 的文字，也不是 XLSX")


def _is_text(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            if "\0" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


class _Lines:
    """The lines of a text, which can be gone back to the first line of a row that turned out to be broken."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._before = 0  # lines of the rows before

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
            self._pass_over()
            line = _CUT
        self._taken.append(line)
        if line is _CUT:
            raise csv.Error("这一行太长")
        if len(self._taken) > _MOST_LINES:
            raise csv.Error("引号没有合上")
        return line

    def peek(self) -> str:
        """The first line, which is read again."""
        line = self._text.readline(_LONGEST_LINE)
        self._again.append(line)
        return line

    def row_ended(self) -> int:
        """Forget the lines of a row; the line it began on, counted from 1."""
        first = self._before + 1
        self._before += len(self._taken)
        self._taken.clear()
        return first

    def row_broke(self) -> int:
        """Go back to the second line of a row; the line it began on."""
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        return self.row_ended()

    def _pass_over(self) -> None:
        while (more := self._text.readline(_LONGEST_LINE)) and not more.endswith(("\n", "\r")):
            pass


def _rows(lines: _Lines, delimiter: str) -> Iterator[Row | Problem]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(line=lines.row_broke(), field=ROW, value="", problem=_said(error))
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        first = lines.row_ended()
        if cells:
            yield first, cells


def _said(error: csv.Error) -> str:
    said = str(error)
    if "field limit" in said:
        return f"有一格超过 {_LONGEST_CELL} 个字符"
    return "引号不成对" if said.isascii() else said


def _delimiter(lines: _Lines) -> str:
    """The sign that the header has most of, outside quotes."""
    outside = "".join(lines.peek().split('"')[::2])
    return max(_DELIMITERS, key=outside.count)
