"""Contact ways: the platform's contact QR, one per code when its page is first seen, one per rep as the stand-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from referral.ids import Bits, new_id
from referral.messages import MakeContactWay
from referral.outbox import Purpose, post

if TYPE_CHECKING:
    from referral.codes import Code
    from referral.tx import Tx

REMARK = "老朋友推荐"
_PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWay:
    """`mark` is what the platform hands back with an add; `picture` names the mirrored QR, None until ready.

    `source` is where the platform shows the QR, None until it has made one.
    """

    id: str
    code: str | None
    rep: str
    mark: str
    source: str | None = None
    picture: str | None = None


class ContactWays(Protocol):
    """Where contact ways are kept."""

    def of_code(self, code: str, rep: str) -> ContactWay | None: ...
    def of_rep(self, rep: str) -> ContactWay | None: ...
    def by_mark(self, mark: str) -> ContactWay | None: ...
    def ask(self, way: ContactWay, now: datetime) -> None: ...
    def ask_again(self, way: str, now: datetime, *, asked_before: datetime) -> bool: ...
    def made(self, way: str, config: str, source: str) -> None: ...
    def ready(self, way: str, picture: str, now: datetime) -> None: ...


def for_code(tx: Tx, code: Code, *, now: datetime, rng: Bits) -> ContactWay | None:
    """The contact way of a code, asked for until there is one; None where no rep can take the friend."""
    if code.rep is None:
        return None
    way = tx.contact_ways.of_code(code.code, code.rep)
    return _pressed(tx, way, now=now, rng=rng) if way else _ask(tx, code.code, code.rep, now=now, rng=rng)


def for_rep(tx: Tx, rep: str, *, now: datetime, rng: Bits) -> ContactWay:
    """The rep's own contact way, shown until a code's own is ready."""
    way = tx.contact_ways.of_rep(rep)
    return _pressed(tx, way, now=now, rng=rng) if way else _ask(tx, None, rep, now=now, rng=rng)


def _ask(tx: Tx, code: str | None, rep: str, *, now: datetime, rng: Bits) -> ContactWay:
    way = ContactWay(id=new_id(rng, "q"), code=code, rep=rep, mark=new_id(rng, "s"))
    tx.contact_ways.ask(way, now)
    _send_for(tx, way, now=now, rng=rng)
    return way


def _pressed(tx: Tx, way: ContactWay, *, now: datetime, rng: Bits) -> ContactWay:
    """The same way; where its last asking came to nothing it is asked for once more, under the same mark."""
    wanted = way.picture is None and not tx.outbox.is_busy(_lane(way))
    if wanted and tx.contact_ways.ask_again(way.id, now, asked_before=now - _PATIENCE):
        _send_for(tx, way, now=now, rng=rng)
    return way


def _send_for(tx: Tx, way: ContactWay, *, now: datetime, rng: Bits) -> None:
    message = MakeContactWay(way=way.id, rep=way.rep, mark=way.mark, remark=REMARK)
    dedupe = f"way:{way.id}:{now.isoformat()}"
    post(tx, message, lane=_lane(way), purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=dedupe)


def _lane(way: ContactWay) -> str:
    return f"way:{way.id}"
