"""What managers are told of connectors, in their own language."""

from __future__ import annotations

import re
from datetime import datetime

from referral import bills, connectors, managers
from referral.facts import Facts
from referral.fulfilment import Bill, BillState
from referral.ids import Bits
from referral.tx import Tx

_NOTES = {
    "": "",
    "broken_off": "对方中途断开",
    "busy": "对方太忙",
    "called_off": "客户的资料已经删除，或者这份谢礼已经收回",
    "failing": "连续 5 天没有成功",
    "forgotten": "对方那里已经查不到",
    "gone": "对方说不再接收（410）",
    "gave_up": "试了 8 次都没有成功",
    "no_answer_in_time": "没有按时回应",
    "no_connection": "连不上",
    "no_connector": "配置里没有这个接口了",
    "not_verified": "回应的签名不对",
    "over_limit": "超过单笔上限",
    "pool_empty": "券码用完了",
    "refunded": "订单已经退款",
    "unreadable": "回应读不懂",
}


def worded(note: str) -> str:
    """A note of ours as words; the platform's own codes stay as they are, for people who look them up."""
    return "，".join(_one(part) for part in note.split(":") if part)


def _one(note: str) -> str:
    if status := re.fullmatch(r"status_([0-9]{3})", note):
        return f"对方回应 {status[1]}"
    return _NOTES.get(note, note)


def trouble(tx: Tx, facts: Facts, connector: str, note: str, *, now: datetime, rng: Bits) -> None:
    """A connector does not do what it should: the managers hear of it once, until it works again."""
    stock: dict[str, object] = {"id": connector, "reason": worded(note)}
    connectors.trouble(tx, facts, connector, "rep.connector_trouble", stock, now=now, rng=rng)


def undecided(tx: Tx, facts: Facts, bill: Bill, *, now: datetime, rng: Bits) -> None:
    """A bill that may have arrived was called off: it is not sent again, and the managers are asked once to decide."""
    reward = tx.rewards.get(bill.reward)
    note = "refunded" if reward and bills.is_refunded(reward) else "called_off"
    tx.bills.move(bill, BillState.UNKNOWN, now, note=note)
    stock: dict[str, object] = {"id": bill.id, "reason": worded(note)}
    managers.tell(tx, facts, "rep.bill_undecided", stock, now=now, rng=rng, dedupe=f"bill.undecided:{bill.id}")
