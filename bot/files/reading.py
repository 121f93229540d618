"""Reading rows: each cell by its field's own reader, the first problem of a row ending it; and who a row is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from bot.files import cells
from bot.files.cells import Unclear
from bot.files.headers import PERSON
from bot.files.rows import Problem, shown
from bot.hooks.fields import IDENTITIES
from bot.hooks.reading import Naming
from bot.phone_hash import phone_hash
from referral.errors import BadInput
from referral.identities import Identity, IdentityKind

Reader = Callable[[str], Any]
Row = Sequence[Any]

_HOME_PREFIX = re.compile(r"(?:\+|00)?86(?=1\d{10}$)")
_LONG_NUMBER = re.compile(r"(?<!\d)(\d{3})\d{4,}(\d{2})(?!\d)")
_AHEAD = timedelta(days=1)
"""How far other clocks may be ahead of ours."""

_moment = lru_cache(maxsize=65_536)(cells.moment)
"""Many rows name the same days."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What the cells of one row hold, by field; empty ones are missing."""

    line: int
    values: Mapping[str, Any]

    def identities(self) -> tuple[Identity, ...]:
        """Who the row is about. Raises `Unclear` if it does not say."""
        named = tuple(self.values[field] for field in IDENTITIES if field in self.values)
        if not named:
            raise Unclear(f"没有写明是谁：{'、'.join(PERSON)} 至少要有一项")
        return named


def read_cells(row: Row, fields: Sequence[str], readers: Sequence[Reader]) -> Cells | Problem:
    """One row of the scratch table `cells`, or its first problem."""
    values = {}
    for field, reader, cell in zip(fields, readers, row[1:], strict=True):
        if cell:
            try:
                values[field] = reader(cell)
            except Unclear as unclear:
                return problem(row[0], field, cell, str(unclear))
    return Cells(row[0], values)


def problem(line: int, field: str, cell: str, said: str) -> Problem:
    """What is wrong with a cell; of a long number, which may be somebody's phone, only the ends are shown."""
    return Problem(line=line, field=field, value=_LONG_NUMBER.sub(r"\1****\2", shown(cell)), problem=said)


def person_readers(naming: Naming) -> dict[str, Reader]:
    """How each way of naming a person is read."""
    return {
        "crm_id": partial(_identity, naming, IdentityKind.CRM),
        "external_userid": partial(_identity, naming, IdentityKind.WECOM),
        "unionid": partial(_identity, naming, IdentityKind.UNIONID),
        "openid": partial(_openid, naming),
        "phone": partial(_phone, naming.phone_key),
    }


def past_day(now: datetime) -> Reader:
    """Reads a day or time that lies not in the future, as a time in UTC."""
    today = cells.today(now)

    def read(cell: str) -> datetime:
        at = _moment(cell)[0]
        if cells.today(at) > today:
            raise Unclear("还没有到这一天")
        return at

    return read


def past_moment(now: datetime) -> Callable[[str], tuple[datetime, bool]]:
    """Reads a time that lies not in the future, and whether its hour was said."""

    def read(cell: str) -> tuple[datetime, bool]:
        at, with_hour = _moment(cell)
        if at > now + _AHEAD:
            raise Unclear("还没有到这个时候")
        return at, with_hour

    return read


def _identity(naming: Naming, kind: IdentityKind, cell: str) -> Identity:
    identity = Identity(kind, cells.identifier(cell))
    if why := naming.objection(identity):
        raise Unclear(why)
    return identity


def _openid(naming: Naming, cell: str) -> Identity:
    identity = _identity(naming, IdentityKind.OPENID, cell)
    if "/" in identity.value:
        return identity
    if naming.app_id is None:
        raise Unclear("要写成 APPID/OPENID，说明是哪个公众号的")
    return Identity(IdentityKind.OPENID, f"{naming.app_id}/{identity.value}")


def _phone(key: bytes, cell: str) -> Identity:
    """A phone by its hash; one without a country is a mainland mobile, or a landline with its area."""
    number = cells.identifier(cell).removesuffix(".0")
    digits = _HOME_PREFIX.sub("", "".join(symbol for symbol in number if symbol not in " -()\u00a0\u2011"))
    if not digits.startswith(("+", "0")) and not (len(digits) == 11 and digits[0] == "1"):
        raise Unclear("不是完整的手机号")
    try:
        return Identity(IdentityKind.PHONE, phone_hash(digits, key))
    except BadInput as bad:
        raise Unclear(bad.problem) from None
