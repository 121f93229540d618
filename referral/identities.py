"""How a person is named by the outside world."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IdentityKind(StrEnum):
    """Where a name of a person comes from; the values are the prefixes of `PERSON` on the command line."""

    CRM = "crm"
    WECOM = "wecom"
    UNIONID = "unionid"
    OPENID = "openid"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Identity:
    """One name of one person.

    `value` is the platform's or the company's own id; for `OPENID` it is `APPID/OPENID`; a phone is kept only as a
    keyed hash in hex, never in clear.
    """

    kind: IdentityKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"
