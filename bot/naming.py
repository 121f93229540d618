"""Reading `PERSON` as an operator writes it: `crm:ID`, `wecom:…`, `openid:APPID/OPENID`, `unionid:…`, `phone:…`, or our own id."""

from __future__ import annotations

from bot.hooks.reading import Naming
from bot.phone_hash import phone_hash
from referral.errors import BadInput
from referral.identities import Identity, IdentityKind
from referral.ids import is_id


def identity_of(name: str, naming: Naming) -> Identity | None:
    """The identity that `name` spells, None for our own id. Raises `BadInput` naming what may be written."""
    if is_id(name, "p"):
        return None
    kind, _, value = name.partition(":")
    if kind not in {k.value for k in IdentityKind} or not value.strip():
        raise BadInput("PERSON", "请写成 crm:ID、wecom:ID、openid:APPID/OPENID、unionid:ID、phone:号码，或我们自己的编号")
    value = value.strip()
    if kind == IdentityKind.PHONE:
        value = phone_hash(value, naming.phone_key)
    if kind == IdentityKind.OPENID and "/" not in value:
        if naming.app_id is None:
            raise BadInput("PERSON", "请写成 openid:APPID/OPENID")
        value = f"{naming.app_id}/{value}"
    return Identity(IdentityKind(kind), value)
