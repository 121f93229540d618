"""The shipping connector: parcels that staff send, and the list that they work from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.fulfilment.books import Books
from bot.fulfilment.given import Given
from referral import bills, fulfilment, notices
from referral.errors import BadInput, NotFound, RuleViolation
from referral.facts import Facts
from referral.fulfilment import ADDRESS, BillState
from referral.ids import Bits
from referral.jobs import Job
from storage.times import iso
from storage.transaction import Transaction

LONGEST_NUMBER = 40  # characters
COLUMNS = ("bill", "reward", "goods", "name", "phone", "address", "waiting_since")


class Shipping:
    """Puts gifts on the list once their person has said where they live."""

    def __init__(self, name: str, books: Books, given: Given) -> None:
        self._name = name
        self._books = books
        self._given = given

    async def fulfil(self, job: Job) -> None:
        """Have an address, and stand on the list until staff say that the parcel is on its way."""
        await self._books.store.write(lambda tx: self._list(tx, job.key))

    def _list(self, tx: Transaction, key: str) -> None:
        now = self._books.clock()
        found = bills.take_up(tx, key, now=now)
        if found is None or found[0].state is not BillState.WAITING:
            return
        bill, reward = found
        if self._given.address(tx, reward):
            tx.bills.move(bill, BillState.SENT, now, note="")
        else:
            tx.bills.move(bill, BillState.NEEDS, now, needs=ADDRESS)
            notices.ask_address(tx, self._books.facts, reward, now=now, rng=self._books.rng)


def to_send(tx: Transaction, facts: Facts, given: Given, names: Sequence[str]) -> list[dict[str, Any]]:
    """The parcels that these connectors have still to send, the one that has waited longest first."""
    rows: list[dict[str, Any]] = []
    for name in names:
        for bill in tx.bills.of_connector(name, (BillState.SENT,), None):
            reward = tx.rewards.get(bill.reward)
            address = given.address(tx, reward) if reward else None
            if reward and address:
                goods = facts.words.thanks(reward.form)
                cells = (bill.id, reward.id, goods, address.name, address.phone, address.address, iso(bill.changed_at))
                rows.append(dict(zip(COLUMNS, cells, strict=True)))
    return rows


def sent(
    tx: Transaction, facts: Facts, bill_id: str, number: str, *, by: str, now: datetime, rng: Bits
) -> dict[str, Any]:
    """A parcel is on its way, under the courier's number: the thanks is granted."""
    bill = tx.bills.get(bill_id)
    if bill is None:
        raise NotFound(f"寄送单里没有这一件：{bill_id}")
    if bill.state is BillState.CANCELLED:
        raise RuleViolation("shipping.called_back", "这一件已经收回：订单退款了，或者客户的资料已经删除。请不要寄出。")
    if not fulfilment.is_listed(tx, bill):
        raise RuleViolation("shipping.state", "这一件不在待寄的单子里：可能已经寄出，也可能还没有地址。")
    number = _number(number)
    bills.done(tx, facts, bill, external=number, now=now, rng=rng)
    tx.audit.note(by, "shipping.sent", bill.id, number, now)
    return {"bill": bill.id, "reward": bill.reward, "number": number}


def _number(text: str) -> str:
    number = text.strip()
    if not number or len(number) > LONGEST_NUMBER or not number.isprintable():
        raise BadInput("--number", f"请写快递单号，最多 {LONGEST_NUMBER} 个字符")
    return number
