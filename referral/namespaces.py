"""Whose id is it: ids of another namespace, recognised by their shape and refused with the reason. Pure.

The same human being has one id in a company's WeCom, another in each Official Account, and a third across accounts;
none of them says so. Kept under the wrong kind, an id joins nobody, or the wrong ones. Refused is only what is certain:
an external_userid begins with `wm` or `wo`, an openid or unionid is `o` and 27 more symbols, which of the two cannot be
told. A number of the company's own (`crm_id`) may look like anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from referral.identities import Identity, IdentityKind

_SYMBOL = "[A-Za-z0-9_-]"
_EXTERNAL = re.compile(rf"w[mo]{_SYMBOL}{{30}}")
_WECHAT = re.compile(rf"o{_SYMBOL}{{27}}")
_PHONE = re.compile(r"(?:\+?86[ -]?)?1[3-9]\d{9}", re.ASCII)
_OF_ACCOUNT = re.compile(rf"w[xw][0-9a-zA-Z]{{8,}}/{_SYMBOL}+")
_OTHERS = (
    (re.compile(rf"wk{_SYMBOL}{{4,}}"), "这是客服账号的 id（open_kfid），不是客户的"),
    (re.compile(rf"wr{_SYMBOL}{{30}}"), "这是客户群的 id，不是客户的"),
    (re.compile(rf"wp{_SYMBOL}{{30}}"), "这是服务商看到的企业 id，不是客户的"),
    (re.compile(rf"open_{_SYMBOL}+"), "这是应用或同事的 open_ 开头的 id，不是客户的"),
)
OF_STAFF = "这是同事的 userid，不是客户的"
_CHECKED = (IdentityKind.WECOM, IdentityKind.UNIONID, IdentityKind.OPENID)


def objection(identity: Identity, accounts: Collection[str] = ()) -> str | None:
    """Why this id cannot name a person of ours under its kind, None if nothing speaks against it.

    `accounts` are the apps whose openids are known here; where none is configured, any may be meant.
    """
    if identity.kind not in _CHECKED:
        return None
    app, slash, bare = identity.value.rpartition("/")
    if identity.kind is IdentityKind.OPENID and slash:
        return _of_another_app(app, accounts) or _misplaced(identity.kind, bare)
    return _misplaced(identity.kind, identity.value)


def may_be_staff(identity: Identity) -> bool:
    """Whether this could be the userid of a colleague: an id of a platform's kind without a platform's shape."""
    return identity.kind in _CHECKED and not _is_usual(identity.kind, identity.value)


def _is_usual(kind: IdentityKind, value: str) -> bool:
    """Whether it begins as ids of its kind do, and is as long; nothing more has to be looked at."""
    if kind is IdentityKind.WECOM:
        return len(value) == 32 and value.startswith(("wm", "wo"))
    return len(value) == 28 and value.startswith("o")


def _misplaced(kind: IdentityKind, value: str) -> str | None:
    if _is_usual(kind, value):
        return None
    if _PHONE.fullmatch(value):
        return "这是手机号，请放在 phone 里"
    if kind is IdentityKind.WECOM and _WECHAT.fullmatch(value):
        return "这是公众号一侧的 openid 或 unionid；external_userid 以 wm 或 wo 开头"
    if kind is not IdentityKind.WECOM and _EXTERNAL.fullmatch(value):
        return "这是企业微信的 external_userid，请放在 external_userid 里"
    if kind is not IdentityKind.OPENID and _OF_ACCOUNT.fullmatch(value):
        return "这是 APPID/OPENID，请放在 openid 里"
    return next((why for shape, why in _OTHERS if shape.fullmatch(value)), None)


def _of_another_app(app: str, accounts: Collection[str]) -> str | None:
    """An openid means nothing outside its own app."""
    if not accounts or app in accounts:
        return None
    return f"{app} 不是这里配置的公众号，它的 openid 在这里认不出是谁；可以用 {'、'.join(sorted(accounts))}"
