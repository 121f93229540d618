"""Reading `PERSON` as an operator writes it (design 5.1)."""

from __future__ import annotations

import unicodedata

from bot.hooks.reading import Naming
from bot.phone_hash import phone_hash
from referral import drafts, namespaces
from referral.errors import BadInput, NotFound, RuleViolation
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.ids import is_id
from referral.people import Person
from storage.transaction import Transaction

LONGEST_NAME = 40
"""Characters of a colleague's name."""

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
    identity = Identity(IdentityKind(kind), _value(IdentityKind(kind), value, naming))
    if why := naming.objection(identity):
        raise BadInput("PERSON", why)
    return identity


def person_named(tx: Transaction, name: str, naming: Naming, field: str = "PERSON") -> Person:
    """Whom `name` names. Raises `BadInput` on `field`, `NotFound`, or `RuleViolation` for somebody who was erased."""
    try:
        identity = identity_of(name, naming)
    except BadInput as bad:
        raise BadInput(field, bad.problem) from None
    person = tx.people.find(identity) if identity else tx.people.get(name)
    if person is None:
        raise NotFound(f"没有找到这个人：{name}")
    refuse_erased(tx, person)
    return person


def refuse_erased(tx: Transaction, person: Person) -> None:
    """Raises `RuleViolation` for somebody of whom only an opaque id is left: nothing new begins under it."""
    if tx.erasures.find(person.id):
        raise RuleViolation("person.erased", f"{person.id} 的资料已经删除，这个编号只留在账本里。")


def colleague(name: str, field: str = "--by") -> str:
    """The name of a member of staff who decides something, on one line. Raises `BadInput`."""
    line = " ".join(unicodedata.normalize("NFKC", name).split())
    if not line or len(line) > LONGEST_NAME or not line.isprintable():
        raise BadInput(field, f"请写明是哪位同事，1 到 {LONGEST_NAME} 个字")
    return line


def is_staff(tx: Transaction, facts: Facts, identity: Identity) -> bool:
    """Whether an id that is given for a customer is a colleague's userid."""
    if not namespaces.may_be_staff(identity):
        return False
    return drafts.is_manager(facts, identity.value) or tx.reps.get(identity.value) is not None


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
