"""Opening a file by what it is, not by what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.files.csv_file import open_csv
from bot.files.rows import Sheet, unreadable
from bot.files.xlsx_file import open_xlsx

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@contextmanager
def open_sheet(path: Path) -> Iterator[Sheet]:
    """A CSV or XLSX file. Raises `BadInput` naming what is wrong with it, `OSError` where it cannot be had."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLD_EXCEL:
        raise unreadable(path, "是旧的 XLS 或加了密码的表格，请另存为不加密的 XLSX")
    with open_xlsx(path) if start == _ZIP else open_csv(path) as sheet:
        yield sheet
