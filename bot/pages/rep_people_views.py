"""What the rep's pages about customers show: finding one, one customer, and who introduced a friend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.pages.thanks_views import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One customer found; `note` tells them from others of the same name."""

    id: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One friend who says who introduced them; `said` is the name they said."""

    id: str
    friend: str
    said: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order of nobody yet: what it is called, how its buyer was named (masked), how long it waits and has left."""

    name: str
    buyer: str
    waits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advocate:
    """Somebody who may have introduced a friend; `note` tells whose customer they are."""

    id: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepFindView:
    """Finding a customer of the rep's own. `orders` are the first that wait for their buyer, of `waiting` in all."""

    company: str
    asked: str = ""
    rows: tuple[PersonRow, ...] = ()
    more: int = 0
    orders: tuple[OrderRow, ...] = ()
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RepPersonView:
    """One customer: how they came, who may be named as having introduced them, their phone, and whether staff.

    `came` is a line for each campaign, with its state; `complains` while a complaint is open; `age` says what is known
    of being of age (`minor adult unknown`); `told` says what has just been done, `problem` why it was not.
    """

    company: str
    id: str
    name: str
    note: str = ""
    came: tuple[tuple[str, str, Tone], ...] = ()
    claims: tuple[ClaimRow, ...] = ()
    asked: str = ""
    advocates: tuple[Advocate, ...] = ()
    has_phone: bool = False
    complains: bool = False
    age: Literal["minor", "adult", "unknown"] = "unknown"
    staff: bool = False
    told: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepClaimView:
    """What a friend said of who introduced them, and who may be meant. `over` says what became of it, if something did.

    `refusals` are the reasons to turn it down, key and words.
    """

    company: str
    row: ClaimRow
    words: str
    friend_id: str
    until: str = ""
    asked: str = ""
    advocates: tuple[Advocate, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()
    over: str = ""
    problem: str = ""
