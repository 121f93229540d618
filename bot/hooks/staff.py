"""A colleague is no customer: their userid, given for a person, is refused."""

from __future__ import annotations

from collections.abc import Sequence

from bot.hooks.fields import IDENTITIES
from bot.hooks.refusals import refused
from bot.naming import is_staff
from referral import namespaces
from referral.facts import Facts
from referral.identities import Identity
from storage.transaction import Transaction


def refuse_staff(tx: Transaction, facts: Facts, named: Sequence[Identity], path: str) -> None:
    """Raise `HookRefused` with 422 on the field of `path` that holds the userid of a member of staff."""
    for identity in named:
        if is_staff(tx, facts, identity):
            field = next(name for name, kind in IDENTITIES.items() if kind is identity.kind)
            raise refused(422, f"{path}.{field}", namespaces.OF_STAFF)
