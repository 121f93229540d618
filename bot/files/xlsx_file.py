"""Reading XLSX with calamine, after a look at what the archive would unpack to."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from bot.files.rows import Problem, Sheet, header_of, unreadable

_CHUNK = 1 << 20
_MOST_UNPACKED = 1 << 30  # bytes of all parts together
_MOST_CELLS = 20_000_000  # of the rectangle from A1 to the last cell, which is laid out whole
_FAR = re.compile(rb'[ <]r="([A-Z]{1,3})(\d{1,7})"')

Cell = int | float | str | bool | time | date | datetime | timedelta


@contextmanager
def open_xlsx(path: Path) -> Iterator[Sheet]:
    """The first sheet of an XLSX file. Raises `BadInput` for what is broken, locked, or unpacks to too much."""
    _look(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            sheet = book.get_sheet_by_index(0)
            yield _sheet(path, sheet)
    except CalamineError as error:
        raise unreadable(path, "不是能读的 XLSX 文件") from error


def _sheet(path: Path, sheet: CalamineSheet) -> Sheet:
    if sheet.total_height == 0:
        raise unreadable(path, "第一张工作表是空的")
    first = sheet.start[0] if sheet.start else 0
    lines = enumerate(sheet.iter_rows(), 1)
    for _ in range(first):
        next(lines)
    _, names = next(lines)
    header = header_of(_without_end([_text(cell) for cell in names]))
    reading = _Reading()
    return Sheet(
        header=header,
        rows=reading.rows(lines, len(header)),
        size=sheet.total_height,
        done=lambda: reading.line,
    )


class _Reading:
    def __init__(self) -> None:
        self.line = 0

    def rows(self, lines: Iterator[tuple[int, list[Cell]]], width: int) -> Iterator[tuple[int, list[str]] | Problem]:
        for line, cells in lines:
            self.line = line
            texts = [_text(cell) for cell in cells]
            yield line, texts[:width] if not any(texts[width:]) else _without_end(texts)


def _without_end(texts: list[str]) -> list[str]:
    """Without the empty cells after the last that holds something."""
    while texts and not texts[-1].strip():
        texts.pop()
    return texts


def _text(cell: Cell) -> str:
    """A cell as a CSV would have it: whole numbers without a point, dates in ISO 8601."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    return cell.isoformat(" ") if isinstance(cell, datetime) else str(cell)


def _look(path: Path) -> None:
    """Unpack everything once without keeping it: how much it is, and how far out its cells lie."""
    left = _MOST_UNPACKED
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > left:
                raise unreadable(path, "解压后太大")
            for part in archive.infolist():
                with archive.open(part) as unpacked:
                    left -= _measure(path, unpacked, left)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise unreadable(path, "不是能读的 XLSX 文件，或者设有密码") from error


def _measure(path: Path, unpacked: IO[bytes], left: int) -> int:
    size, tail, right, down = 0, b"", 0, 0
    while chunk := unpacked.read(_CHUNK):
        size += len(chunk)
        if size > left:
            raise unreadable(path, "解压后太大")
        for column, row in _FAR.findall(tail + chunk):
            right, down = max(right, _number(column)), max(down, int(row))
        tail = chunk[-16:]
    if right * down > _MOST_CELLS:
        raise unreadable(path, "有一格离表头太远：请删掉表格下方和右侧多余的内容，再试一次")
    return size


def _number(column: bytes) -> int:
    """The number of a column called by letters: A is 1."""
    number = 0
    for letter in column:
        number = number * 26 + letter - 64
    return number
