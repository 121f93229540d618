"""What a customer file tells of one person, and what that changes of what is known (design 5.5). Pure.

An empty cell says nothing. What people told us themselves stands above any file: an answer to a survey, the name they
bear on the platform, a withdrawal, their own no. So the same file may be brought again at any time and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct, structs

from referral import minors
from referral.consent import Answer
from referral.identities import Identity
from referral.moments import Moment, Permission, Thresholds

CHANNEL = "file"
"""The channel of a consent that a file told of."""

STAFF_TAGS = ("员工", "内部员工", "staff")
"""Tags by which a customer file marks colleagues."""


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row: who, and what is said of them. `line` is the row's own; `satisfaction` is 0-10, `birthday` `MM-DD`.

    `adult_on`, `YYYY-MM-DD`, is when somebody comes of age who has not yet.
    """

    line: int
    identities: tuple[Identity, ...]
    name: str | None = None
    nickname: str | None = None
    rep: str | None = None
    tier: str | None = None
    tags: tuple[str, ...] | None = None
    joined_at: datetime | None = None
    satisfaction: float | None = None
    activity: float | None = None
    last_order_at: datetime | None = None
    orders: int | None = None
    past_referrals: int | None = None
    consent: bool | None = None
    birthday: str | None = None
    adult_on: str | None = None
    minor: bool | None = None


class Profile(Struct, frozen=True, kw_only=True):
    """What is known of a person beside the moment: `staff` is a colleague, an `own` nickname is the platform's."""

    name: str = ""
    nickname: str = ""
    rep: str | None = None
    tier: str = ""
    tags: tuple[str, ...] = ()
    joined_at: datetime | None = None
    staff: bool = False
    own: bool = False
    birthday: str | None = None
    adult_on: str | None = None


_SAYS = tuple(name for name in Told.__struct_fields__ if name not in ("line", "identities"))
_OF_PROFILE = ("name", "nickname", "rep", "tier", "tags", "joined_at", "birthday", "adult_on")
_OF_MOMENT = ("activity", "orders", "past_referrals")


def together(rows: Sequence[Told]) -> Told:
    """Several rows about one person as one: the later row wins for what it says."""
    said: dict[str, Any] = {}
    named: dict[Identity, None] = {}
    for row in rows:
        named |= dict.fromkeys(row.identities)
        said |= {name: value for name in _SAYS if (value := getattr(row, name)) is not None}
    return structs.replace(rows[-1], identities=tuple(named), **said)


def adds(earlier: Told, later: Told) -> bool:
    """Whether a later row about the same person says anything that the earlier ones did not."""
    both = together((earlier, later))
    return structs.replace(both, line=earlier.line) != earlier


def news(known: Profile, told: Told) -> dict[str, Any]:
    """What a row changes of a profile, by the names of `Profile`; empty if nothing."""
    said = ((name, getattr(told, name)) for name in _OF_PROFILE)
    changed = {name: value for name, value in said if value is not None and value != getattr(known, name)}
    if known.own and known.nickname:
        changed.pop("nickname", None)
    if not known.staff and is_staff(told.tags or ()):
        changed["staff"] = True
    return changed


def is_staff(tags: Sequence[str]) -> bool:
    """Whether tags say that a customer is a colleague: those neither invite nor are invited."""
    return any(tag.strip().casefold() in STAFF_TAGS for tag in tags)


def moment_news(
    known: Moment, told: Told, scale: Thresholds, *, again: bool = False, adult_on: str | None = None
) -> dict[str, Any]:
    """What a row changes of a moment but for consent, by the names of `Moment`; empty if nothing.

    A file that comes `again` tells no counts: what was heard since stands. `adult_on` is the coming of age that is
    known: another one makes a minor whatever else the row says, the same one was judged before.
    """
    changed = {
        name: value
        for name in (() if again else _OF_MOMENT)
        if (value := getattr(told, name)) is not None and value != getattr(known, name)
    }
    said = True if told.minor is None and minors.is_tagged(told.tags or ()) else told.minor
    said = True if told.adult_on not in (None, adult_on) else said
    if said is not None and minors.may_be_told(known.minor, said, by_staff=False):
        changed |= {"minor": said, **(minors.FORGOTTEN if said else {})}
    if told.joined_at is not None and told.joined_at != known.customer_since:
        changed["customer_since"] = told.joined_at
    if told.satisfaction is not None and known.surveyed_at is None and told.satisfaction != known.satisfaction:
        changed["satisfaction"] = told.satisfaction
    if told.last_order_at is not None and (known.last_order_at is None or told.last_order_at > known.last_order_at):
        changed["last_order_at"] = told.last_order_at
    if told.activity is not None and not again and (rank := scale.rank(told.activity)) != known.rank:
        changed["rank"] = rank
    return changed


def may_differ(known: Moment, told: Told) -> bool:
    """Whether a row says other than what the person, or another file, said about being written to."""
    said = _said(told)
    return known.consent in (Permission.GRANTED, Permission.REFUSED) and said not in (None, known.consent)


def answer(known: Moment, told: Told, *, heard_before: bool, own: bool) -> Answer | None:
    """The consent that a row adds to the history, None if it adds nothing.

    `heard_before`: this very row was taken in already; `own`: what is known was said by the person and not by a file.
    A file never turns a withdrawal, or the person's own no, into a yes.
    """
    said = _said(told)
    if said is None or said is known.consent or heard_before or known.consent is Permission.WITHDRAWN:
        return None
    if own and said is Permission.GRANTED and known.consent is Permission.REFUSED:
        return None
    return Answer(said.value)


def evidence(digest: str, line: int) -> str:
    """What stands for the row that a consent was told by: a hash of the file's SHA-256 and the line."""
    return sha256(f"file:{digest}:{line}".encode()).hexdigest()


def _said(told: Told) -> Permission | None:
    if told.consent is None:
        return None
    return Permission.GRANTED if told.consent else Permission.REFUSED
