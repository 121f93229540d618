"""Reading a file of codes: one a line, or a table with a column of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.files.opening import open_sheet
from bot.files.rows import Problem, shown

HEADINGS = ("code", "coupon", "券码", "优惠码", "优惠券码", "兑换码", "核销码")
"""What a column of codes may be called; without any the first column holds them, from the first line on."""

FIELD = "code"
LONGEST = 64  # characters of a code


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The codes by the line they stand on, and what is wrong with the other lines."""

    codes: dict[str, int]
    problems: list[Problem]


def read_codes(path: Path) -> Codes:
    """All codes of a file, each once. Raises `BadInput` for what is no table and no text."""
    found = Codes(codes={}, problems=[])
    with open_sheet(path) as sheet:
        names = [name.lower() for name in sheet.header]
        place = next((names.index(name) for name in HEADINGS if name in names), None)
        if place is None:
            _take(found, 1, sheet.header[0])
        last = 1
        for row in sheet.rows:
            if isinstance(row, Problem):
                found.problems.append(row)
                last = row.line
                continue
            line, cells = row
            found.problems.extend(_blank(each) for each in range(last + 1, line))
            _take(found, line, cells[place or 0] if len(cells) > (place or 0) else "")
            last = line
    return found


def _take(found: Codes, line: int, cell: str) -> None:
    code = cell.strip()
    if not code:
        found.problems.append(_blank(line))
    elif len(code) > LONGEST or not code.isprintable() or " " in code:
        problem = f"券码最多 {LONGEST} 个字符，不能有空格"
        found.problems.append(Problem(line=line, field=FIELD, value=shown(code), problem=problem))
    elif code in found.codes:
        problem = f"和第 {found.codes[code]} 行重复"
        found.problems.append(Problem(line=line, field=FIELD, value=shown(code), problem=problem))
    else:
        found.codes[code] = line


def _blank(line: int) -> Problem:
    return Problem(line=line, field=FIELD, value="", problem="这一行是空的")
