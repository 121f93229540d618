"""Bringing in reps, customers and tags from the platform, one page a step.

How far it came is kept in the database with each page, so that it goes on where it was broken off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from bot.channels.errors import ChannelError, RateLimited, Refused
from bot.channels.wecom.customers import Customer, CustomerPage
from bot.channels.wecom.effects import Lines
from bot.channels.wecom.errands import rep_names, reps_told
from bot.phone_hash import noted_phones
from referral import sync
from referral.errors import ReferralError
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.ids import Bits
from referral.sync import Met, Told
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

SYNC = "sync.step"
_MARK = "sync"
_STALE = timedelta(days=1)
_LONGEST_WAIT = 60.0  # seconds


class SyncBroken(ReferralError):
    """The platform did not answer, or may not be asked."""


class _Progress(msgspec.Struct, kw_only=True):
    """How far a sync is: `reps` in their order, `place` that of the rep at work, `cursor` how far into them."""

    began: float
    reps: list[str]
    place: int = 0
    cursor: str = ""
    customers: int = 0
    new: int = 0
    changed: int = 0
    tags: int = 0

    @property
    def is_over(self) -> bool:
        return self.place >= len(self.reps)

    def turn(self, cursor: str) -> None:
        """Go on to the next page, or to the next rep."""
        self.cursor = cursor
        self.place += not cursor


@dataclass(kw_only=True)
class _Told:
    """What was fetched for one step."""

    rep: str
    page: CustomerPage
    tags: Mapping[str, str] = field(default_factory=dict)


class Syncing:
    """One sync at a time per database, whoever steps it."""

    def __init__(self, store: Store, lines: Lines, *, facts: Facts, phone_key: bytes, clock: Clock, rng: Bits) -> None:
        self._store = store
        self._lines = lines
        self._facts = facts
        self._phone_key = phone_key
        self._clock = clock
        self._rng = rng
        self._tags: tuple[float, Mapping[str, str]] | None = None

    async def step(self) -> dict[str, Any]:
        """Bring in one page, or begin; a sync broken off within a day is taken up.

        Returns `done`, `place` and `of` (reps), `wait_s` (the platform wants a pause), and the counts so far. Raises
        `SyncBroken` with what stands in the way; what was brought in stays.
        """
        if self._lines.contact is None:
            raise SyncBroken('没有应用可用：[[wecom.apps]] 里要有一个 uses 含 "contact"')
        written = await self._store.read(lambda tx: tx.marks.get(_MARK)) or ""
        try:
            return await self._go_on(written)
        except RateLimited as error:
            progress = _read(written)
            return _shown(progress, wait_s=min(error.retry_after, _LONGEST_WAIT))
        except ChannelError as error:
            log.warning("sync.broken", reason=error.reason, call=error.call, code=error.code)
            raise SyncBroken(f"企业微信没有给出数据（{error}）；再运行一次就从这里接着来") from error

    async def _go_on(self, written: str) -> dict[str, Any]:
        now = self._clock()
        progress = _read(written)
        if progress is None or now.timestamp() - progress.began >= _STALE.total_seconds():
            return await self._begin(written, now)
        if progress.is_over:
            return await self._finish(written, progress)
        names = await self._tag_names(progress)
        rep = progress.reps[progress.place]
        told = _Told(rep=rep, page=await self._page(rep, progress.cursor), tags=names)
        return await self._store.write(lambda tx: self._keep(tx, written, told, now))

    async def _begin(self, written: str, now: datetime) -> dict[str, Any]:
        assert self._lines.contact
        names = await rep_names(self._lines.contact)
        progress = _Progress(began=now.timestamp(), reps=sorted(names))
        progress.tags = len(await self._tag_names(progress))

        def unit(tx: Transaction) -> None:
            if (tx.marks.get(_MARK) or "") == written:
                reps_told(tx, names, now=now, rng=self._rng)
                tx.marks.set(_MARK, msgspec.json.encode(progress).decode())

        await self._store.write(unit)
        return _shown(progress)

    async def _finish(self, written: str, progress: _Progress) -> dict[str, Any]:
        def unit(tx: Transaction) -> None:
            if tx.marks.get(_MARK) == written:
                tx.marks.set(_MARK, "")
                tx.moments.hurry("channel.none")  # now there may be a rep who can ask them

        await self._store.write(unit)
        return _shown(progress, done=True)

    async def _tag_names(self, progress: _Progress) -> Mapping[str, str]:
        """The company's tags by id, asked for once a sync and process."""
        assert self._lines.contact
        if self._tags is None or self._tags[0] != progress.began:
            self._tags = progress.began, await self._lines.contact.customers.tags()
        return self._tags[1]

    async def _page(self, rep: str, cursor: str) -> CustomerPage:
        """A page of a rep's customers. A rep whom the platform does not serve any more has none.

        A cursor from a broken sync may have grown too old: then the rep is begun anew.
        """
        assert self._lines.contact
        try:
            return await self._lines.contact.customers.page(rep, cursor)
        except Refused as error:
            log.warning("sync.rep_refused", rep=rep, reason=error.reason)
            return await self._page(rep, "") if cursor else CustomerPage(customers=(), cursor="")

    def _keep(self, tx: Transaction, written: str, told: _Told, now: datetime) -> dict[str, Any]:
        """Take a page in, unless another sync has moved on meanwhile."""
        found = tx.marks.get(_MARK) or ""
        progress = _read(found)
        if progress is None or found != written:
            return _shown(progress)
        before = set(progress.reps[: progress.place])
        for customer in told.page.customers:
            self._take_in(tx, progress, before, told, customer, now)
        progress.turn(told.page.cursor)
        tx.marks.set(_MARK, msgspec.json.encode(progress).decode())
        return _shown(progress)

    def _take_in(
        self, tx: Transaction, progress: _Progress, before: set[str], told: _Told, customer: Customer, now: datetime
    ) -> None:
        of_rep = self._told(customer, told.tags)
        person = tx.people.find(of_rep.who)
        is_counted = person is not None and any(
            contact.rep in before and contact.left_at is None for contact in tx.reps.contacts_of(person.id)
        )
        met = sync.take_in(tx, self._facts, told.rep, of_rep, now=now, rng=self._rng)
        progress.customers += not is_counted
        progress.new += met is Met.NEW
        progress.changed += met is Met.CHANGED

    def _told(self, customer: Customer, tags: Mapping[str, str]) -> Told:
        unionid = [Identity(IdentityKind.UNIONID, customer.unionid)] if customer.unionid else []
        phones = noted_phones(customer.phones, self._phone_key)
        return Told(
            who=Identity(IdentityKind.WECOM, customer.who),
            nickname=customer.nickname,
            avatar=customer.avatar,
            remark=customer.remark,
            also=(*unionid, *phones),
            tags=tuple(dict.fromkeys(tags[tag] for tag in customer.tags if tag in tags)),
            mark=customer.mark,
            added_at=customer.added_at,
        )


def _read(written: str) -> _Progress | None:
    """How far the sync is that a mark tells of, None where none goes on."""
    return msgspec.json.decode(written, type=_Progress) if written else None


def _shown(progress: _Progress | None, *, done: bool = False, wait_s: float = 0.0) -> dict[str, Any]:
    at = progress or _Progress(began=0, reps=[])
    counts = {"customers": at.customers, "new": at.new, "changed": at.changed, "tags": at.tags}
    counts = {"reps": len(at.reps)} | counts
    return {"done": done, "place": at.place, "of": len(at.reps), "wait_s": wait_s, "counts": counts}
