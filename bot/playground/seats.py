"""Who holds which of the three phones, as the page's address says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.pages.look import drop_unseen
from bot.sandbox.people import NAME, RESERVED

LANGUAGES = ("zh", "en")
NEWCOMERS = ("小周", "小吴", "小郑", "小何")
UNHAPPY = "小雨"
REP, CUSTOMER = "lin", "mei"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """The customer, the friend and the member of staff, by persona, and the language of the page around them."""

    customer: str
    friend: str
    rep: str
    lang: str = "zh"

    @property
    def query(self) -> str:
        """The address that says so."""
        names = {"customer": self.customer, "friend": self.friend, "rep": self.rep, "lang": self.lang}
        return urlencode(names)

    @property
    def phones(self) -> Mapping[str, str]:
        """Who holds each phone."""
        return {"customer": self.customer, "friend": self.friend, "rep": self.rep}


def seats(asked: Mapping[str, str], staff: Sequence[str], known: Sequence[str]) -> Seats:
    """The seats that an address asks for; what it does not say, or what nobody can be called, is filled in."""
    friend, rep, lang = asked.get("friend", ""), asked.get("rep", ""), asked.get("lang", "")
    return Seats(
        customer=_customer(asked.get("customer", ""), staff, CUSTOMER),
        friend=_customer(friend, staff, newcomer(known)),
        rep=rep if rep in staff else REP if REP in staff else staff[0],
        lang=lang if lang in LANGUAGES else LANGUAGES[0],
    )


def newcomer(known: Sequence[str]) -> str:
    """Somebody whom nobody knows yet."""
    names = (*NEWCOMERS, *(f"小陈{number}" for number in range(1, len(known) + 2)))
    return next(name for name in names if name not in known)


def _customer(name: str, staff: Sequence[str], otherwise: str) -> str:
    can_be = NAME.fullmatch(name) and drop_unseen(name) == name and name not in RESERVED and name not in staff
    return name if can_be else otherwise
