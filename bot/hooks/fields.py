"""Reading the fields of a webhook's JSON: each returns its value, or notes what is wrong and goes on.

So one answer names every problem. A field that is null counts as absent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from bot.hooks.refusals import Problem
from bot.phone_hash import phone_hash
from referral.errors import BadInput
from referral.identities import Identity, IdentityKind

MOST_FEN = 10**12
MOST = 1e12  # of any other number
LONGEST = 64  # characters of a number, a source, a code
LONGEST_ID = 128  # characters of an identity

IDENTITIES = {
    "crm_id": IdentityKind.CRM,
    "external_userid": IdentityKind.WECOM,
    "unionid": IdentityKind.UNIONID,
    "openid": IdentityKind.OPENID,
    "phone": IdentityKind.PHONE,
}
"""How a webhook names a person."""


class Named(Protocol):
    """How people are named here (`bot.hooks.reading.Naming`)."""

    @property
    def phone_key(self) -> bytes: ...
    @property
    def app_id(self) -> str | None: ...
    def objection(self, identity: Identity) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """One JSON object at `path`, whose problems are collected in a list shared with the objects inside it."""

    path: str
    values: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str, *, longest: int = LONGEST) -> str:
        """A required text on one line, without spaces around it."""
        value = self._required(name)
        return "" if value is None else self._line(name, value, longest)

    def optional_text(self, name: str) -> str | None:
        """A text that may be missing or empty."""
        value = self.values.get(name)
        return None if value in (None, "") else self._line(name, value, LONGEST) or None

    def fen(self, name: str) -> int:
        """A required amount, in fen, 0 to 10^12."""
        value = self._required(name)
        return 0 if value is None else self._amount(name, value)

    def optional_fen(self, name: str) -> int:
        """An amount that may be missing, which is 0."""
        value = self.values.get(name)
        return 0 if value is None else self._amount(name, value)

    def number(self, name: str, *, most: float = MOST) -> float:
        """A required number, 0 to `most`."""
        value = self._required(name)
        if value is None:
            return 0
        if type(value) not in (int, float):
            self.wrong(name, "要是数字")
        elif not 0 <= value <= most:
            self.wrong(name, f"要在 0 到 {most:g} 之间")
        else:
            return float(value)
        return 0

    def yuan_only(self, name: str) -> None:
        """A currency: CNY, or not said."""
        if self.values.get(name) not in (None, "CNY"):
            self.wrong(name, "只支持 CNY，金额以分为单位")

    def time(self, name: str) -> datetime:
        """A required time in ISO 8601 with its offset, in UTC."""
        value = self._required(name)
        return _NEVER if value is None else self._moment(name, value)

    def person(self, name: str, naming: Named) -> tuple[Identity, ...]:
        """A required person, by one or more identities, always in the order of `IDENTITIES`."""
        value = self._required(name)
        if value is None:
            return ()
        if not isinstance(value, dict):
            self.wrong(name, f"要是一个对象，写明 {_known()} 中的一项或几项")
            return ()
        names = Fields(path=f"{self.path}.{name}", values=value, problems=self.problems)
        for unknown in sorted(value.keys() - IDENTITIES.keys()):
            names.wrong(unknown[:LONGEST], f"不认识这种身份，可以用 {_known()}")
        given = [key for key in IDENTITIES if value.get(key) is not None]
        if not given and value.keys() <= IDENTITIES.keys():
            self.wrong(name, f"要写明 {_known()} 中的一项或几项")
        return tuple(names._identity(key, naming) for key in given)

    def wrong(self, name: str, problem: str) -> None:
        """Note a problem of one field."""
        self.problems.append(Problem(f"{self.path}.{name}", problem))

    def _required(self, name: str) -> Any:
        value = self.values.get(name)
        if value is None:
            self.wrong(name, "缺少这一项")
        return value

    def _line(self, name: str, value: object, longest: int) -> str:
        if not isinstance(value, str):
            self.wrong(name, "要是文字，写在引号里")
            return ""
        line = value.strip()
        if not line:
            self.wrong(name, "不能为空")
        elif len(line) > longest:
            self.wrong(name, f"最多 {longest} 个字符")
        elif any(unicodedata.category(symbol) == "Cc" for symbol in line):
            self.wrong(name, "不能含有控制字符")
        return line

    def _amount(self, name: str, value: object) -> int:
        if type(value) is not int:
            self.wrong(name, "要是整数，以分为单位")
        elif value < 0:
            self.wrong(name, "不能是负数")
        elif value > MOST_FEN:
            self.wrong(name, f"不能超过 {MOST_FEN} 分")
        else:
            return value
        return 0

    def _moment(self, name: str, value: object) -> datetime:
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None:
            self.wrong(name, "要是 ISO 8601 时间，例如 2026-11-21T10:00:00+08:00")
        elif moment.tzinfo is None:
            self.wrong(name, "要带时区，例如 2026-11-21T10:00:00+08:00")
        elif not 2000 <= moment.year < 2100:
            self.wrong(name, "年份要在 2000 到 2099 之间")
        else:
            return moment.astimezone(UTC)
        return _NEVER

    def _identity(self, name: str, naming: Named) -> Identity:
        text = self._line(name, self.values[name], LONGEST_ID)
        kind = IDENTITIES[name]
        if text and kind is IdentityKind.PHONE:
            text = self._phone(name, text, naming.phone_key)
        elif text and (why := naming.objection(Identity(kind, text))):
            self.wrong(name, why)
        elif text and kind is IdentityKind.OPENID and "/" not in text:
            text = self._with_app(name, text, naming.app_id)
        return Identity(kind, text)

    def _phone(self, name: str, number: str, key: bytes) -> str:
        try:
            return phone_hash(number, key)
        except BadInput as bad:
            self.wrong(name, bad.problem)
            return ""

    def _with_app(self, name: str, openid: str, app_id: str | None) -> str:
        if app_id is None:
            self.wrong(name, "要写成 APPID/OPENID，说明是哪个公众号的")
        return f"{app_id}/{openid}"


_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def _known() -> str:
    return "、".join(IDENTITIES)
