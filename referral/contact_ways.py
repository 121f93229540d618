"""Contact ways: the platform's contact QR, one per code when its page is first seen, one per rep as the stand-in.

Of the other kind, acquisition links, the platform makes one per rep; each code has its own mark behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral.ids import Bits, new_id
from referral.messages import MakeContactWay
from referral.outbox import Purpose, post

if TYPE_CHECKING:
    from referral.codes import Code
    from referral.tx import Tx

REMARK = "老朋友推荐"
_PATIENCE = timedelta(minutes=2)


class WayKind(StrEnum):
    """A contact QR with a picture of its own, or a link that leads to the same."""

    QR = "qr"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWay:
    """`mark` is what the platform hands back with an add; `picture` names the mirrored QR, None until ready.

    `source` is where the platform shows the QR, None until it has made one; of a rep's link what a mark is put behind,
    empty where no poster has room for it.
    `payload` is what the QR says, None until known, empty where nobody can read it. `failed_at` is since when nothing
    came of the asking.
    """

    id: str
    code: str | None
    rep: str
    mark: str
    kind: WayKind = WayKind.QR
    source: str | None = None
    picture: str | None = None
    payload: str | None = None
    asked_at: datetime | None = None
    failed_at: datetime | None = None

    @property
    def is_made(self) -> bool:
        """Whether all is here that the platform gives."""
        return (self.source if self.kind is WayKind.LINK and self.code is None else self.payload) is not None

    @property
    def is_lost(self) -> bool:
        """Whether nobody should wait for it: the platform made none, or one that cannot be read."""
        of_no_use = self.source == "" if self.kind is WayKind.LINK and self.code is None else self.payload == ""
        return of_no_use or (self.failed_at is not None and not self.is_made)


class ContactWays(Protocol):
    """Where contact ways are kept."""

    def of_code(self, code: str, rep: str, kind: WayKind = WayKind.QR) -> ContactWay | None: ...
    def of_rep(self, rep: str, kind: WayKind = WayKind.QR) -> ContactWay | None: ...
    def by_mark(self, mark: str) -> ContactWay | None: ...
    def ask(self, way: ContactWay, now: datetime) -> None: ...
    def ask_again(self, way: str, now: datetime, *, asked_before: datetime) -> bool: ...
    def made(self, way: str, config: str, source: str) -> None: ...
    def ready(self, way: str, picture: str, payload: str, now: datetime) -> None: ...
    def failed(self, way: str, now: datetime) -> None: ...


def for_code(
    tx: Tx, code: Code, *, kind: WayKind = WayKind.QR, now: datetime, rng: Bits, lane: str = ""
) -> ContactWay | None:
    """The contact way of a code, asked for until there is one; None where no rep can take the friend.

    Of a link also while its rep has none. The platform is asked in `lane`, where one is given.
    """
    if code.rep is None:
        return None
    way = tx.contact_ways.of_code(code.code, code.rep, kind)
    if kind is WayKind.LINK:
        return way or _marked(tx, code.code, code.rep, now=now, rng=rng, lane=lane)
    if way:
        return _pressed(tx, way, now=now, rng=rng, lane=lane)
    return _ask(tx, code.code, code.rep, kind, now=now, rng=rng, lane=lane)


def for_rep(tx: Tx, rep: str, *, kind: WayKind = WayKind.QR, now: datetime, rng: Bits, lane: str = "") -> ContactWay:
    """The rep's own contact way, shown until a code's own is ready; the rep's link, that all codes of the rep share."""
    way = tx.contact_ways.of_rep(rep, kind)
    if way:
        return _pressed(tx, way, now=now, rng=rng, lane=lane)
    return _ask(tx, None, rep, kind, now=now, rng=rng, lane=lane)


def is_lost(tx: Tx, code: str, rep: str, kind: WayKind) -> bool:
    """Whether nobody should wait for a code's contact way of this kind now."""
    way = tx.contact_ways.of_rep(rep, kind) if kind is WayKind.LINK else tx.contact_ways.of_code(code, rep, kind)
    return way is not None and way.is_lost


def _marked(tx: Tx, code: str, rep: str, *, now: datetime, rng: Bits, lane: str) -> ContactWay | None:
    """A code's own mark behind its rep's link: nothing that the platform would have to make."""
    link = for_rep(tx, rep, kind=WayKind.LINK, now=now, rng=rng, lane=lane)
    if not link.source:
        return None
    mark = new_id(rng, "s")
    payload = link.source + mark
    way = ContactWay(id=new_id(rng, "q"), code=code, rep=rep, mark=mark, kind=WayKind.LINK, payload=payload)
    tx.contact_ways.ask(way, now)
    return way


def _ask(tx: Tx, code: str | None, rep: str, kind: WayKind, *, now: datetime, rng: Bits, lane: str = "") -> ContactWay:
    way = ContactWay(id=new_id(rng, "q"), code=code, rep=rep, mark=new_id(rng, "s"), kind=kind)
    tx.contact_ways.ask(way, now)
    _send_for(tx, way, now=now, rng=rng, lane=lane)
    return way


def _pressed(tx: Tx, way: ContactWay, *, now: datetime, rng: Bits, lane: str = "") -> ContactWay:
    """The same way; where its last asking came to nothing it is asked for once more, under the same mark."""
    if way.is_made:
        return way
    before = now - _PATIENCE
    if way.asked_at and way.asked_at <= before and way.picture is None and way.failed_at is None:
        tx.contact_ways.failed(way.id, now)
    if not tx.outbox.is_busy(_lane(way)) and tx.contact_ways.ask_again(way.id, now, asked_before=before):
        _send_for(tx, way, now=now, rng=rng, lane=lane)
    return way


def _send_for(tx: Tx, way: ContactWay, *, now: datetime, rng: Bits, lane: str = "") -> None:
    message = MakeContactWay(way=way.id, rep=way.rep, mark=way.mark, remark=REMARK, kind=way.kind.value)
    dedupe = f"way:{way.id}:{now.isoformat()}"
    post(tx, message, lane=lane or _lane(way), purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=dedupe)


def _lane(way: ContactWay) -> str:
    return f"way:{way.id}"
