"""Reading `PERSON` as an operator writes it (design 5.1)."""

from __future__ import annotations

import unicodedata

from bot.hooks.reading import Naming
from bot.phone_hash import phone_hash
from referral.errors import BadInput
from referral.identities import Identity, IdentityKind
from referral.ids import is_id

_LONGEST = 128  # characters
_FORMS = "crm:编号、wecom:EXTERNAL_USERID、openid:APPID/OPENID、unionid:…、phone:号码，或我们自己的编号"


def identity_of(name: str, naming: Naming) -> Identity | None:
    """The identity that `name` spells, None for our own id. Raises `BadInput` naming what may be written."""
    if is_id(name, "p"):
        return None
    kind, _, value = (part.strip() for part in name.partition(":"))
    if kind not in set(IdentityKind) or not value:
        raise BadInput("PERSON", f"请写成 {_FORMS}")
    if len(value) > _LONGEST or any(unicodedata.category(symbol) == "Cc" for symbol in value):
        raise BadInput("PERSON", f"最多 {_LONGEST} 个字符，不能含有控制字符")
    return Identity(IdentityKind(kind), _value(IdentityKind(kind), value, naming))


def _value(kind: IdentityKind, value: str, naming: Naming) -> str:
    if kind is IdentityKind.PHONE:
        return phone_hash(value, naming.phone_key)
    return _with_account(value, naming.app_id) if kind is IdentityKind.OPENID else value


def _with_account(value: str, app_id: str | None) -> str:
    """`APPID/OPENID`; the account may be left out where there is only one."""
    account, slash, openid = value.rpartition("/")
    account = account if slash else app_id or ""
    if not account or not openid:
        raise BadInput("PERSON", "请写成 openid:APPID/OPENID，说明是哪个公众号的")
    return f"{account}/{openid}"
