"""The transfer connector: cash by way of a merchant's platform, under one number from the first try to the last.

What is not known is asked about, never repeated under another number (reliability §0.8, B 18, 19). A number that the
platform does not know is tried again as it is. The platform can be asked for 30 days; after 25 a person is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.fulfilment.books import Books, later
from bot.fulfilment.given import Given
from bot.fulfilment.said import trouble, worded
from bot.fulfilment.transfer import Order, Transfer, Transfers, TransferState, Unclear
from referral import bills, connectors, managers
from referral.fulfilment import CONFIRM, NAME, OPENID, Bill, BillState
from referral.identities import IdentityKind
from referral.jobs import Job
from referral.rewards import Reward
from storage.transaction import Transaction

log = structlog.get_logger()

NAME_FROM_FEN = 200_000
"""From this amount on the platform wants the real name (reliability §0.8)."""

SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=6)
TELL_AFTER, ASK_UNTIL = timedelta(days=25), timedelta(days=30)
CERTAIN_AFTER = timedelta(minutes=10)
"""A number that the platform does not know so long after the last try has not reached it."""

UNRESOLVED = "bill.unresolved"
OVER_LIMIT = "over_limit"
FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A bill in hand. `order` is None where it must or can not be made (any more); `first` where it was never sent.

    `off` says that it was called off: refunded, or its person erased.
    """

    bill: Bill
    order: Order | None
    first: bool = False
    off: bool = False


class Cash:
    """Transfers to openids of one app, each at most `most_fen`."""

    def __init__(
        self, name: str, books: Books, platform: Transfers, given: Given, *, app_id: str, most_fen: int
    ) -> None:
        self._name = name
        self._books = books
        self._platform = platform
        self._given = given
        self._app_id = app_id
        self._most_fen = most_fen

    async def fulfil(self, job: Job) -> None:
        """Send a transfer, or ask what became of it. That it goes out is on record before it does."""
        store = self._books.store
        taken = await store.write(lambda tx: self._take(tx, job))
        if taken is None:
            return
        try:
            stands = await self._ask(taken)
        except Unclear as error:
            note = error.note
            log.warning("transfer.unclear", connector=self._name, bill=job.key, note=note)
            await store.write(lambda tx: self._unclear(tx, job, taken.bill, note))
            return
        log.info("transfer.stands", bill=job.key, state=stands.state.value if stands else "unheard_of")
        await store.write(lambda tx: self._stands(tx, job, taken, stands))

    # ---- taking a bill up ----------------------------------------------------------------------------------------

    def _take(self, tx: Transaction, job: Job) -> _Taken | None:
        now = self._books.clock()
        found = bills.take_up(tx, job.key, now=now)
        if found is None:
            return None
        bill, reward = found
        order, off = self._order(tx, bill, reward), bills.is_called_off(tx, bill)
        if bill.state in (BillState.SENT, BillState.UNKNOWN):
            again = None if off or _age(bill, now) >= ASK_UNTIL else order
            return _Taken(bill=bill, order=again if isinstance(again, Order) else None, off=off)
        if isinstance(order, str):
            self._wait_for(tx, job, bill, order, now)
            return None
        if order.amount_fen > self._most_fen:
            self._too_much(tx, bill, now)
            return None
        ready = tx.bills.move(bill, BillState.WAITING, now, needs="")
        sent = bills.goes_out(tx, ready, now=now) if ready else None
        return _Taken(bill=sent, order=order, first=True) if sent else None

    def _wait_for(self, tx: Transaction, job: Job, bill: Bill, needs: str, now: datetime) -> None:
        """Wait for what the person has still to give. An openid comes along with something else, so we look for it."""
        if bill.state is BillState.WAITING:
            tx.bills.move(bill, BillState.NEEDS, now, needs=needs)
        if needs == OPENID:
            later(tx, job, LATEST, now)

    def _order(self, tx: Transaction, bill: Bill, reward: Reward) -> Order | str:
        """What to transfer, or what the person has still to give for it."""
        openid = self._openid(tx, reward.person)
        if openid is None:
            return OPENID
        name = self._given.real_name(tx, reward) if reward.amount >= NAME_FROM_FEN else None
        if reward.amount >= NAME_FROM_FEN and not name:
            return NAME
        return Order(number=bill.id, openid=openid, amount_fen=reward.amount, name=name)

    def _openid(self, tx: Transaction, person: str) -> str | None:
        for identity in sorted(tx.people.identities(person), key=str):
            app, _, openid = identity.value.partition("/")
            if identity.kind is IdentityKind.OPENID and app == self._app_id:
                return openid
        return None

    def _too_much(self, tx: Transaction, bill: Bill, now: datetime) -> None:
        facts, rng = self._books.facts, self._books.rng
        tx.bills.move(bill, BillState.FAILED, now, note=OVER_LIMIT)
        managers.tell(tx, facts, "rep.bill_over", {"id": bill.id}, now=now, rng=rng)

    # ---- asking the platform -------------------------------------------------------------------------------------

    async def _ask(self, taken: _Taken) -> Transfer | None:
        """Make it if it is new; else ask, and make it again under its number where the platform does not know it.

        A transfer that was called off meanwhile is asked back, and never made again; nor is one that the platform may
        have forgotten.
        """
        bill = taken.bill
        if taken.first and taken.order:
            return await self._platform.create(taken.order)
        if taken.off and bill.needs == CONFIRM:
            await self._platform.cancel(bill.id)
        found = await self._platform.query(bill.id)
        lacks = found is None or (found.state is TransferState.WAIT_USER_CONFIRM and not bill.external)
        if lacks and taken.order:
            return await self._platform.create(taken.order)
        return found

    # ---- what came of it -----------------------------------------------------------------------------------------

    def _stands(self, tx: Transaction, job: Job, taken: _Taken, found: Transfer | None) -> None:
        facts, now, rng = self._books.facts, self._books.clock(), self._books.rng
        bill = taken.bill
        if found is None:
            self._unheard_of(tx, job, taken, now)
        elif found.state is TransferState.SUCCESS:
            bills.done(tx, facts, bill, external=found.external, now=now, rng=rng)
        elif found.state.is_over_without_money:
            self._came_to_nothing(tx, taken, found, now)
        else:
            needs = CONFIRM if found.state is TransferState.WAIT_USER_CONFIRM else ""
            external = found.package or bill.external
            tx.bills.move(bill, BillState.SENT, now, needs=needs, external=external, note="")
            connectors.worked(tx, self._name)
            self._look_again(tx, job, bill, now)

    def _unheard_of(self, tx: Transaction, job: Job, taken: _Taken, now: datetime) -> None:
        """The platform does not know the number: nothing went out, unless the last try is still on its way.

        After the time for which it can be asked that says nothing: a person has to find out.
        """
        bill = taken.bill
        if _age(bill, now) >= ASK_UNTIL:
            tx.bills.move(bill, BillState.UNKNOWN, now, needs="", note=FORGOTTEN)
            self._look_again(tx, job, bill, now)
        elif taken.off and now - bill.changed_at >= CERTAIN_AFTER:
            facts, rng = self._books.facts, self._books.rng
            bills.came_back(tx, facts, bill, BillState.WAITING, "", now=now, rng=rng)
        else:
            self._look_again(tx, job, bill, now)

    def _came_to_nothing(self, tx: Transaction, taken: _Taken, found: Transfer, now: datetime) -> None:
        facts, rng = self._books.facts, self._books.rng
        why = found.why or found.state.value
        connectors.worked(tx, self._name)
        failed = bills.fail(tx, facts, taken.bill, why, now=now, rng=rng)
        if failed and not taken.off:
            stock: dict[str, object] = {"id": failed.id, "reason": worded(why)}
            managers.tell(tx, facts, "rep.bill_failed", stock, now=now, rng=rng)

    def _unclear(self, tx: Transaction, job: Job, bill: Bill, note: str) -> None:
        facts, now, rng = self._books.facts, self._books.clock(), self._books.rng
        if tx.bills.move(bill, bill.state, now, note=note) is None:
            return
        standing = connectors.failed(tx, facts, self._name, now=now, rng=rng)
        trouble(tx, facts, self._name, note, now=now, rng=rng)
        if not standing.is_disabled:
            self._look_again(tx, job, bill, now)

    def _look_again(self, tx: Transaction, job: Job, bill: Bill, now: datetime) -> None:
        """Ask less often the older it gets; a person hears of it before the platform forgets it."""
        age = _age(bill, now)
        if age >= TELL_AFTER and not tx.audit.knows(UNRESOLVED, bill.id):
            facts, rng = self._books.facts, self._books.rng
            stock: dict[str, object] = {"id": bill.id, "count": age.days}
            managers.tell(tx, facts, "rep.bill_unresolved", stock, now=now, rng=rng)
            tx.audit.note("fulfilment", UNRESOLVED, bill.id, bill.note, now)
        if age < ASK_UNTIL:
            later(tx, job, min(max(age / 4, SOONEST), LATEST), now)


def _age(bill: Bill, now: datetime) -> timedelta:
    """How long ago it first went out."""
    return now - (bill.sent_at or now)
