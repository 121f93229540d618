"""What becomes of bills: taken up, sent, through, failed for good, and what a person decides where nobody can know."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import connectors, fulfilment, thanks
from referral.attribution import Reason
from referral.errors import NotFound, RuleViolation
from referral.fulfilment import FULFIL, OPEN, Bill, BillState
from referral.ids import Bits
from referral.jobs import Job
from referral.rewards import Reward, RewardState

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

GAVE_UP = "gave_up"
"""The note of a bill that was tried as often as it may be."""

NO_CONNECTOR = "no_connector"
"""The note of a bill whose connector is not configured any more."""

_NOT_OUT = (BillState.WAITING, BillState.NEEDS)


def take_up(tx: Tx, bill_id: str, *, now: datetime) -> tuple[Bill, Reward] | None:
    """A bill that can be worked on now, with its reward; None where it is through, or its connector is disabled.

    One whose thanks is not owed any more ends here, as long as it has not gone out.
    """
    bill = tx.bills.get(bill_id)
    if bill is None or bill.state not in OPEN:
        return None
    reward = tx.rewards.get(bill.reward)
    assert reward
    if reward.state is not RewardState.APPROVED and bill.state in _NOT_OUT:
        tx.bills.move(bill, BillState.CANCELLED, now)
        return None
    return None if tx.connectors.get(bill.connector).is_disabled else (bill, reward)


def goes_out(tx: Tx, bill: Bill, *, now: datetime) -> Bill | None:
    """Put on record, before it happens, that a bill is sent: from here on its fate is unknown until an answer comes.

    None where somebody else has moved it meanwhile.
    """
    return tx.bills.move(
        bill, BillState.UNKNOWN, now, tries=bill.tries + 1, sent_at=bill.sent_at or now, needs="", note=""
    )


def done(tx: Tx, facts: Facts, bill: Bill, *, external: str = "", now: datetime, rng: Bits) -> Bill | None:
    """The thanks is real: its person has it. One that was refunded meanwhile stays marked for staff."""
    moved = tx.bills.move(bill, BillState.DONE, now, needs="", note="", external=external or bill.external)
    if moved is None:
        return None
    connectors.worked(tx, bill.connector)
    reward = _owed(tx, bill)
    if reward and thanks.give(tx, facts, reward, now=now, rng=rng) and is_refunded(reward):
        tx.rewards.explain(reward.id, Reason.REFUND_AFTER_PAYMENT)
    return moved


def fail(tx: Tx, facts: Facts, bill: Bill, note: str, *, now: datetime, rng: Bits) -> Bill | None:
    """It is certain that the person will not get it this way: the thanks ends and its budget comes back."""
    moved = tx.bills.move(bill, BillState.FAILED, now, needs="", note=note)
    if moved:
        _end(tx, facts, bill, now=now, rng=rng)
    return moved


def came_back(tx: Tx, facts: Facts, bill: Bill, was: BillState, note: str, *, now: datetime, rng: Bits) -> Bill | None:
    """Nothing was done this time, so a bill is again what it `was`; one that was called off meanwhile ends here."""
    if was is not BillState.WAITING or not is_called_off(tx, bill):
        return tx.bills.move(bill, was, now, note=note)
    moved = tx.bills.move(bill, BillState.CANCELLED, now, needs="", note=note)
    if moved:
        _end(tx, facts, bill, now=now, rng=rng)
    return moved


def _end(tx: Tx, facts: Facts, bill: Bill, *, now: datetime, rng: Bits) -> None:
    """Its thanks, as long as it was owed, comes to nothing, for what it was called off or because it failed."""
    reward = _owed(tx, bill)
    if reward is None:
        return
    reason = Reason.ERASED if tx.erasures.find(reward.person) else Reason.FULFILMENT_FAILED
    if is_refunded(reward):
        reason = Reason.REFUND_BEFORE_GRANT
    thanks.fail(tx, facts, reward, reason, now=now, rng=rng)


def give_up(tx: Tx, bill: Bill, *, now: datetime) -> Bill | None:
    """It was tried often enough. What may have arrived stays unknown; both may be replayed, or decided by a person."""
    state = BillState.FAILED if bill.state is BillState.WAITING else bill.state
    return tx.bills.move(bill, state, now, note=f"{GAVE_UP}:{bill.note}" if bill.note else GAVE_UP)


def _owed(tx: Tx, bill: Bill) -> Reward | None:
    """The thanks of a bill, as long as it is owed: it may have ended otherwise, with its person erased for instance."""
    reward = tx.rewards.get(bill.reward)
    return reward if reward and reward.state is RewardState.APPROVED else None


def is_refunded(reward: Reward) -> bool:
    """Whether a refund came when the thanks might already have been on its way."""
    return reward.reason == Reason.REFUND_AFTER_PAYMENT


def is_called_off(tx: Tx, bill: Bill) -> bool:
    """Whether a bill must not be sent (again): its thanks was refunded or has ended, or its person was erased."""
    reward = _owed(tx, bill)
    return reward is None or is_refunded(reward) or tx.erasures.find(reward.person) is not None


def decide(tx: Tx, facts: Facts, bill_id: str, arrived: bool, why: str, *, by: str, now: datetime, rng: Bits) -> Bill:
    """A person has found out what nobody here can know: that it arrived, or that it never will."""
    bill = tx.bills.get(bill_id)
    if bill is None:
        raise NotFound(f"没有这张单子：{bill_id}")
    if _owed(tx, bill) is None and bill.state not in OPEN:
        raise RuleViolation("bill.decided", "这份谢礼已经有结果了。")
    settle = done(tx, facts, bill, now=now, rng=rng) if arrived else fail(tx, facts, bill, why, now=now, rng=rng)
    if settle is None:
        raise RuleViolation("bill.moved", "这张单子刚刚有了变化，请再看一次。")
    tx.jobs.cancel(FULFIL, bill.id)
    tx.audit.note(by, "bill.done" if arrived else "bill.fail", bill.id, why, now)
    return settle


def replay(tx: Tx, connector: str, since: datetime | None, *, now: datetime) -> int:
    """Give a connector once more what it has not done, as often as if it were new; how many bills that are.

    A parcel that stands on our own list waits for staff, and for nothing else.
    """
    count = 0
    wanted = (BillState.WAITING, BillState.UNKNOWN, BillState.SENT, BillState.FAILED)
    for bill in tx.bills.of_connector(connector, wanted, since):
        if _owed(tx, bill) is None or fulfilment.is_listed(tx, bill):
            continue
        to = BillState.WAITING if bill.state is BillState.FAILED else bill.state
        if tx.bills.move(bill, to, now, tries=0, note=""):
            tx.jobs.put(Job(kind=FULFIL, key=bill.id, due_at=now))
            count += 1
    return count


def resume(tx: Tx, connector: str, *, now: datetime) -> int:
    """Go on with all that waited for a connector; how many bills that are."""
    states = (BillState.WAITING, BillState.NEEDS, BillState.UNKNOWN, BillState.SENT)
    waiting = tx.bills.of_connector(connector, states, None)
    for bill in waiting:
        tx.jobs.put(Job(kind=FULFIL, key=bill.id, due_at=now))
    return len(waiting)


def enable(tx: Tx, connector: str, *, by: str, now: datetime) -> int:
    """A person has put right what was wrong: the connector is used again, and what waited goes out."""
    known = tx.connectors.get(connector)
    tx.connectors.save(replace(known, failing_since=None, told_at=None, disabled_at=None, why=""))
    tx.audit.note(by, "connector.enable", connector, known.why, now)
    return resume(tx, connector, now=now)
