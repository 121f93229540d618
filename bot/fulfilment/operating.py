"""What an operator may do about connectors: look, enable one, replay what it missed, decide what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from bot.config.sections import Connector as Section
from bot.config.sections import WebhookConnector
from bot.fulfilment import shipping
from bot.fulfilment.said import worded
from referral import announcements, bills
from referral.connectors import Standing
from referral.errors import BadInput, NotFound
from referral.facts import Facts
from referral.fulfilment import Bill, BillState
from referral.ids import Bits
from referral.times import SHANGHAI, Clock
from storage.store import Store
from storage.times import iso
from storage.transaction import Transaction

LONGEST_REASON = 200  # characters
OUTCOMES = ("done", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilling:
    """Writing commands by name; each returns what `--json` prints. `who` decides, by the audit's name."""

    store: Store
    facts: Facts
    clock: Clock
    rng: Bits
    who: str

    async def run(self, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`enable`, `replay`, `decide` or `sent`. Raises a `ReferralError` that says what is wrong."""
        units = {"enable": self._enable, "replay": self._replay, "decide": self._decide, "sent": self._sent}
        if command not in units:
            raise BadInput("command", f"没有这个命令：fulfilment.{command}")
        return await self.store.write(lambda tx: units[command](tx, args))

    def _enable(self, tx: Transaction, args: Mapping[str, Any]) -> dict[str, Any]:
        name, now = self._name(tx, str(args["name"])), self.clock()
        count = bills.enable(tx, name, by=self.who, now=now)
        told = announcements.resume(tx, name, now=now)
        return {"connector": name, "bills": count, "announcements": told}

    def _replay(self, tx: Transaction, args: Mapping[str, Any]) -> dict[str, Any]:
        name, now, since = self._name(tx, str(args["name"])), self.clock(), _since(args.get("since"))
        count = bills.replay(tx, name, since, now=now)
        told = announcements.replay(tx, name, since, now=now)
        tx.audit.note(self.who, "connector.replay", name, f"{count}+{told}", now)
        return {"connector": name, "bills": count, "announcements": told}

    def _decide(self, tx: Transaction, args: Mapping[str, Any]) -> dict[str, Any]:
        outcome, why = str(args["outcome"]), _reason(str(args["why"]))
        if outcome not in OUTCOMES:
            raise BadInput("--outcome", f"请写 {' 或 '.join(OUTCOMES)}")
        arrived, now = outcome == "done", self.clock()
        decided = bills.decide(tx, self.facts, str(args["bill"]), arrived, why, by=self.who, now=now, rng=self.rng)
        return bill_as_json(decided)

    def _sent(self, tx: Transaction, args: Mapping[str, Any]) -> dict[str, Any]:
        bill, number = str(args["bill"]), str(args["number"])
        return shipping.sent(tx, self.facts, bill, number, by=self.who, now=self.clock(), rng=self.rng)

    def _name(self, tx: Transaction, name: str) -> str:
        told = {each for names in self.facts.listeners.values() for each in names}
        if name not in {*self.facts.connectors.values(), *told, *tx.bills.counts()}:
            raise NotFound(f"没有这个接口：{name}")
        return name


def listed(tx: Transaction, sections: Mapping[str, Section]) -> list[dict[str, Any]]:
    """Every connector that is configured, or was and still has bills: how it stands, as `--json` prints it."""
    counts = tx.bills.counts()
    names = dict.fromkeys([*sections, *counts])
    return [_as_json(tx, name, sections.get(name), tx.connectors.get(name), counts.get(name, {})) for name in names]


def _as_json(
    tx: Transaction, name: str, section: Section | None, standing: Standing, counts: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "name": name,
        "kind": section.kind if section else None,
        "gives": list(section.gives) if section else [],
        "events": list(section.events) if isinstance(section, WebhookConnector) else [],
        "state": _state(section, standing),
        "why": standing.why,
        "disabled_at": iso(standing.disabled_at),
        "failing_since": iso(standing.failing_since),
        "bills": {state.value: counts[state] for state in BillState if state in counts},
        "announcements": tx.announcements.counts(name),
        "trouble": [bill_as_json(bill) for bill in _troubled(tx, name)],
    }


def _state(section: Section | None, standing: Standing) -> str:
    if section is None:
        return "missing"
    if standing.is_disabled:
        return "disabled"
    return "on" if section.enabled else "off"


def _troubled(tx: Transaction, name: str, most: int = 20) -> list[Bill]:
    """The bills that somebody should look at, the oldest first: tried in vain, unknown, or failed while owed."""
    found = tx.bills.of_connector(name, (BillState.FAILED, BillState.UNKNOWN, BillState.WAITING), None)
    return [bill for bill in found if bill.note and (bill.state is BillState.UNKNOWN or _is_owed(tx, bill))][:most]


def _is_owed(tx: Transaction, bill: Bill) -> bool:
    reward = tx.rewards.get(bill.reward)
    return reward is not None and reward.state.value == "approved"


def bill_as_json(bill: Bill) -> dict[str, Any]:
    """A bill, as `--json` prints it."""
    return {
        "bill": bill.id,
        "reward": bill.reward,
        "connector": bill.connector,
        "state": bill.state.value,
        "needs": bill.needs,
        "note": bill.note,
        "says": worded(bill.note),
        "tries": bill.tries,
        "created_at": iso(bill.created_at),
        "sent_at": iso(bill.sent_at),
    }


def _since(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(0), tzinfo=SHANGHAI)
    except ValueError:
        raise BadInput("--since", f"{text} 不是日期，请写成 2026-11-22") from None


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise BadInput("--why", "请写明是怎么查到的")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise BadInput("--why", f"最多 {LONGEST_REASON} 个字，不能含有控制字符")
    return reason
