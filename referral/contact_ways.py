"""Contact ways: the platform's contact QR, one per code when its page is first seen, one per rep as the stand-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from referral.ids import Bits, new_id
from referral.messages import MakeContactWay
from referral.outbox import Purpose, post

if TYPE_CHECKING:
    from referral.codes import Code
    from referral.tx import Tx

REMARK = "老朋友推荐"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWay:
    """`mark` is what the platform hands back with an add; `picture` names the mirrored QR, None until ready."""

    id: str
    code: str | None
    rep: str
    mark: str
    picture: str | None = None


class ContactWays(Protocol):
    """Where contact ways are kept."""

    def of_code(self, code: str) -> ContactWay | None: ...
    def of_rep(self, rep: str) -> ContactWay | None: ...
    def by_mark(self, mark: str) -> ContactWay | None: ...
    def ask(self, way: ContactWay, now: datetime) -> None: ...
    def ready(self, way: str, config: str, picture: str, now: datetime) -> None: ...


def for_code(tx: Tx, code: Code, *, now: datetime, rng: Bits) -> ContactWay | None:
    """The contact way of a code, asked for when there is none yet; None where no rep can take the friend."""
    way = tx.contact_ways.of_code(code.code)
    if way or code.rep is None:
        return way
    return _ask(tx, code.code, code.rep, now=now, rng=rng)


def for_rep(tx: Tx, rep: str, *, now: datetime, rng: Bits) -> ContactWay:
    """The rep's own contact way, shown until a code's own is ready."""
    return tx.contact_ways.of_rep(rep) or _ask(tx, None, rep, now=now, rng=rng)


def _ask(tx: Tx, code: str | None, rep: str, *, now: datetime, rng: Bits) -> ContactWay:
    way = ContactWay(id=new_id(rng, "q"), code=code, rep=rep, mark=new_id(rng, "s"))
    tx.contact_ways.ask(way, now)
    message = MakeContactWay(way=way.id, rep=rep, mark=way.mark, remark=REMARK)
    post(tx, message, lane=f"way:{way.id}", purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=f"way:{way.id}")
    return way
