"""How exported rows become a file: JSON lines and CSV for programs, a workbook for people.

Rows go through one by one, so a million of them take no more memory than a hundred.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, TypeVar

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from referral.errors import BadInput, ReferralError
from storage.exports import is_time
from storage.guard import guarded

FORMATS = ("csv", "xlsx", "jsonl")
"""What can be asked for."""

Rows = Iterable[Mapping[str, object]]
T = TypeVar("T")

SHEET_ROWS = 1_048_575
"""How many rows a worksheet holds below its header (Excel's own limit)."""

CELL_UNITS = 32_767
"""How much text one cell holds, in UTF-16 units (Excel's own limit)."""

CUT = "…（太长，已截断）"
"""What ends a text that a cell cannot hold."""


class TooManyRows(ReferralError):
    """A worksheet cannot hold that many rows."""


def write_rows(found: Rows, columns: Sequence[str], fmt: str, file: BinaryIO, *, title: str = "export") -> None:
    """Write rows with these columns, in this order, as `csv`, `jsonl` or `xlsx`; a workbook's one sheet is `title`.

    Raises `BadInput` for a format that does not exist, `TooManyRows`.
    """
    match fmt:
        case "csv":
            _csv(found, columns, file)
        case "jsonl":
            _jsonl(found, columns, file)
        case "xlsx":
            _xlsx(found, columns, file, title)
        case _:
            raise BadInput("format", f"{fmt} 不是可用的格式；可以用 {' '.join(FORMATS)}")


def fits(rows: int) -> None:
    """Whether a workbook can hold that many rows. Raises `TooManyRows`."""
    if rows > SHEET_ROWS:
        raise TooManyRows(f"--format: xlsx 一张表最多放 {SHEET_ROWS:,} 行，这里有 {rows:,} 行：请改用 --format csv")


def _jsonl(found: Rows, columns: Sequence[str], file: BinaryIO) -> None:
    for row in found:
        line = json.dumps({column: row[column] for column in columns}, ensure_ascii=False)
        file.write((line.translate(_LINE_ENDS) + "\n").encode())


_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}  # what JSON leaves and some readers break at


def _csv(found: Rows, columns: Sequence[str], file: BinaryIO) -> None:
    """RFC 4180, with the mark by which Excel knows UTF-8 from GBK."""
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    try:
        lines = csv.writer(text)
        lines.writerow(columns)
        for row in found:
            lines.writerow([_cell(column, row[column]) for column in columns])
        text.flush()
    finally:
        text.detach()  # the file is not ours to close


def _cell(column: str, value: object) -> object:
    flat = _flat(column, value)
    return guarded(flat) if isinstance(flat, str) else flat


def _flat(column: str, value: object) -> object:
    """A value that one cell can take: tags as one would write them, other lists and objects as JSON."""
    if column == "tags" and isinstance(value, list) and not any(map(_TAG_SIGNS.search, value)):
        return "、".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


_TAG_SIGNS = re.compile(r"[,，;；、|\n]|^\[")  # where a people file is split into tags, or taken for JSON


def _xlsx(found: Rows, columns: Sequence[str], file: BinaryIO, title: str) -> None:
    """Texts stay texts, whatever they begin with; times are Excel's own, in Beijing."""
    with TemporaryDirectory(prefix="taoli-") as folder:
        made = Path(folder, "made.xlsx")
        try:
            with Workbook(str(made), _OPTIONS | {"tmpdir": folder}) as book:
                _sheet(book, found, columns, title)
        except FileCreateError as error:  # what the disk said, wrapped
            raise error.args[0] from error
        with made.open("rb") as whole:
            copyfileobj(whole, file)


_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "constant_memory": True,
    "use_zip64": True,
}


def _sheet(book: Any, found: Rows, columns: Sequence[str], title: str) -> None:
    sheet = book.add_worksheet(title)
    head = book.add_format({"bold": True})
    day, moment = (book.add_format({"num_format": look}) for look in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
    looks: dict[type, Any] = {date: day, datetime: moment}
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _width(column))
        sheet.write_string(0, place, column, head)
    sheet.freeze_panes(1, 0)
    number = 0
    for number, row in enumerate(_as_many_as_fit(found), start=1):
        for place, column in enumerate(columns):
            value = _for_sheet(column, row[column])
            if isinstance(value, str):
                sheet.write_string(number, place, value)
            elif value is not None:
                sheet.write(number, place, value, looks.get(type(value)))
    sheet.autofilter(0, 0, number, len(columns) - 1)


def _as_many_as_fit(found: Iterable[T]) -> Iterator[T]:
    for number, row in enumerate(found, start=1):
        fits(number)
        yield row


def _for_sheet(column: str, value: object) -> object:
    flat = _flat(column, value)
    if not isinstance(flat, str):
        return flat
    return _moment(column, flat) or _held(flat)


def _moment(column: str, text: str) -> datetime | date | None:
    """The time or day that a column of such holds, if Excel's calendar, which begins in 1900, has it."""
    if not (is_time(column) or column.endswith("_on")):
        return None
    moment = datetime.fromisoformat(text).replace(tzinfo=None)
    if moment.year <= 1900:
        return None
    return moment if is_time(column) else moment.date()


def _held(text: str) -> str:
    """A text as far as a cell holds it, without the two signs that XML does not know."""
    clean = text.translate(_NOT_IN_XML)
    if len(clean) * 2 <= CELL_UNITS or len(clean.encode("utf-16-le")) <= CELL_UNITS * 2:
        return clean
    kept = clean.encode("utf-16-le")[: (CELL_UNITS - len(CUT)) * 2]
    return kept.decode("utf-16-le", "ignore") + CUT  # half of a sign at the end is left out


_NOT_IN_XML = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}

_WIDTHS = {"evidence": 30, "reason": 24, "reasons": 40, "why": 24, "tags": 30, "rep": 14, "name": 14, "nickname": 18}


def _width(column: str) -> int:
    """How wide a column stands at first, in digits."""
    if is_time(column):
        return 20
    return _WIDTHS.get(column, 24 if column in _LONG else max(12, len(column) + 4))


_LONG = {
    *("id", "crm_id", "external_userid", "unionid", "openid", "person", "advocate", "friend", "campaign", "referral"),
    *("order", "debit", "credit", "ref"),
}
