"""From the text of a cell to its value, in the forms that shops, CRMs and spreadsheets write. Pure.

Each function takes a cell without spaces around it, in half width, and raises `Unclear` with what is wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from math import isfinite

from referral.times import SHANGHAI

MOST_FEN = 10**12
_MOST_COUNT = 10**9
_MOST_TAGS, _LONGEST_TAG = 50, 32
OF_AGE = 18
"""Years (Civil Code 17)."""

_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s]+(\d{1,2})[:时](\d{1,2})(?:分|:(\d{1,2})(?:\.(\d{1,9}))?秒?|分(\d{1,2})秒)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
_MONTH_DAY = re.compile(r"(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_PACKED = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T\s]?(\d\d):?(\d\d):?(\d\d)?)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  # Excel's days know no zone; it is given afterwards
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_TAG_SIGNS = re.compile(r"[,，;；、|\n]")
_YES = frozenset(("1", "是", "true", "y", "yes", "同意", "已同意", "t"))
_NO = frozenset(("0", "否", "false", "n", "no", "拒绝", "已拒绝", "不同意", "f"))


class Unclear(ValueError):
    """A cell that cannot be used; the message says why, in words for the operator."""


def half_width(cell: str) -> str:
    """A cell without spaces around it, full-width signs as half-width ones; a `'` that keeps it text is left out."""
    plain = cell.strip() if cell.isascii() else unicodedata.normalize("NFKC", cell).strip()
    return plain.removeprefix("'")


def name(cell: str, longest: int = 64) -> str:
    """Words on one line, in any script, without control characters."""
    if not cell.isprintable():
        cell = "".join(" " if c in "\t\n\r" else c for c in cell if c in "\t\n\r" or unicodedata.category(c) != "Cc")
        cell = " ".join(cell.split())
    if len(cell) > longest:
        raise Unclear(f"最多 {longest} 个字")
    return cell


def identifier(cell: str, longest: int = 128) -> str:
    """The company's or the platform's own number of something."""
    if len(cell) > longest:
        raise Unclear(f"最多 {longest} 个字符")
    if not cell.isprintable():
        raise Unclear("不能含有控制字符")
    if _SCIENTIFIC.fullmatch(cell):
        raise Unclear("已被表格软件改成科学计数法，认不出原来的编号；请把这一列设为文本后重新导出")
    return cell


def number(cell: str) -> float:
    """Any finite number."""
    try:
        found = float(cell.replace(",", ""))
    except ValueError:
        raise Unclear("要是数字") from None
    if not isfinite(found) or "_" in cell:
        raise Unclear("要是数字")
    return found


def satisfaction(cell: str, scale: int) -> float:
    """An answer on a scale of 0 to `scale`, as 0-10."""
    found = number(cell)
    if not 0 <= found <= scale:
        raise Unclear(f"要在 0 到 {scale} 之间")
    return found * 10 / scale


def count(cell: str) -> int:
    """A whole number of things, 0 or more."""
    found = number(cell)
    if found < 0 or not found.is_integer():
        raise Unclear("要是 0 或正整数")
    if found > _MOST_COUNT:
        raise Unclear(f"不能超过 {_MOST_COUNT}")
    return int(found)


def fen(cell: str) -> int:
    """An amount in fen, 0 to 10^12."""
    return _amount(_decimal(cell), "要是整数，以分为单位")


def yuan(cell: str) -> int:
    """An amount in yuan with at most two decimals, in fen and exact."""
    plain = cell.replace(",", "").lstrip("¥").removesuffix("元")
    return _amount(_decimal(plain.strip()) * 100, "最多两位小数，以元为单位")


def moment(cell: str) -> tuple[datetime, bool]:
    """A time in UTC, and whether its hour was said; a day begins at midnight. Without an offset it is Beijing's."""
    if found := _DAY.fullmatch(cell):
        year, month, day, hour, minute, second, part, other_second, zone = found.groups()
        at = _at(year, month, day, hour, minute, second or other_second, part)
        return _zoned(at, zone), hour is not None
    if found := _PACKED.fullmatch(cell):
        year, month, day, hour, minute, second = found.groups()
        return _zoned(_at(year, month, day, hour, minute, second, None), None), hour is not None
    if _SERIAL.fullmatch(cell):
        seconds = round(float(cell) * 86_400)
        return _zoned(_SERIAL_ZERO + timedelta(seconds=seconds), None), seconds % 86_400 != 0
    raise Unclear("看不出是哪一天，请写成 2026-11-22")


def consent(cell: str) -> bool | None:
    """Whether somebody agreed; None where nothing is said."""
    if not cell:
        return None
    said = cell.casefold().removesuffix(".0")
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise Unclear("请写 1 或 0（是 或 否）；不知道就留空")


def minor(cell: str) -> bool | None:
    """Whether somebody is a minor; None where nothing is said."""
    if not cell:
        return None
    said = cell.casefold().removesuffix(".0")
    if said in ("1", "是", "true", "y", "yes", "t", "未成年", "未成年人"):
        return True
    if said in ("0", "否", "false", "n", "no", "f", "成年", "成年人", "已成年"):
        return False
    raise Unclear("请写 1 或 0（是 或 否，1 表示未成年）；不知道就留空")


@dataclass(frozen=True, slots=True, kw_only=True)
class Born:
    """When somebody was born: the `day`, `MM-DD`, and when they come of age, `YYYY-MM-DD`, None without a year."""

    day: str
    adult_on: str | None


def born(cell: str) -> Born:
    """The day on which somebody was born; of a whole date, also when they come of age."""
    plain = cell.strip()
    if found := _MONTH_DAY.fullmatch(plain):
        month, day = found.groups()
        at = _at("2000", month, day, None, None, None, None)  # a leap year, so that 29 February is a day
        return Born(day=f"{at:%m-%d}", adult_on=None)
    on = moment(plain)[0].astimezone(SHANGHAI).date()
    leap_day = (on.month, on.day) == (2, 29)
    adult = date(on.year + OF_AGE, 3, 1) if leap_day else on.replace(year=on.year + OF_AGE)
    return Born(day=f"{on:%m-%d}", adult_on=adult.isoformat())


def tags(cell: str) -> tuple[str, ...]:
    """The tags of one cell, each once."""
    found = tuple(dict.fromkeys(filter(None, (name(part.strip(), 10**6) for part in _TAG_SIGNS.split(cell)))))
    if len(found) > _MOST_TAGS:
        raise Unclear(f"最多 {_MOST_TAGS} 个标签")
    if any(len(tag) > _LONGEST_TAG for tag in found):
        raise Unclear(f"每个标签最多 {_LONGEST_TAG} 个字")
    return found


def one_of(cell: str, known: Mapping[str, str]) -> str:
    """What a word stands for."""
    found = known.get(cell) or known.get(cell.casefold())
    if found is None:
        raise Unclear(f"不认识，可以用 {'、'.join(known)}")
    return found


def _decimal(cell: str) -> Decimal:
    try:
        found = Decimal(cell)
    except InvalidOperation:
        raise Unclear("要是金额") from None
    if not found.is_finite() or "_" in cell:
        raise Unclear("要是金额")
    return found


def _amount(fen: Decimal, otherwise: str) -> int:
    if fen < 0:
        raise Unclear("不能是负数")
    if fen > MOST_FEN:
        raise Unclear(f"不能超过 {MOST_FEN} 分")
    if fen != int(fen):
        raise Unclear(otherwise)
    return int(fen)


def _at(
    year: str, month: str, day: str, hour: str | None, minute: str | None, second: str | None, part: str | None
) -> datetime:
    micro = int((part or "0").ljust(3, "0")[:3]) * 1000  # milliseconds are what is kept
    try:
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro)  # noqa: DTZ001
    except ValueError:
        raise Unclear("没有这一天或这个时刻") from None
    if not 1900 <= at.year < 2100:
        raise Unclear("年份要在 1900 到 2099 之间")
    return at


def _zoned(at: datetime, zone: str | None) -> datetime:
    if zone is None:
        return at.replace(tzinfo=SHANGHAI).astimezone(UTC)
    if zone == "Z":
        return at.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{at.isoformat()}{zone}").astimezone(UTC)


def today(now: datetime) -> date:
    """The day it is in Beijing."""
    return now.astimezone(SHANGHAI).date()
