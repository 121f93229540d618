"""What staff decide about thanks: say yes or no to one that waits for it, owe somebody one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.adjusting import form_of
from bot.hooks.reading import Naming
from bot.merging import worded
from bot.naming import colleague, person_named
from referral import approvals, thanks
from referral.errors import BadInput, NotFound, RuleViolation
from referral.facts import Facts
from referral.ids import Bits
from referral.rewards import Approval, Reward
from referral.times import Clock
from storage import listings
from storage import tables as t
from storage.store import Store, Unit
from storage.times import iso
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Thanking:
    """Writing commands by name; each returns the thanks as `--json` prints it.

    Whoever decides says so by name; `door` is where it was done, for the audit.
    """

    store: Store
    facts: Facts
    naming: Naming
    clock: Clock
    rng: Bits
    door: str

    async def run(self, command: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`approve`, `refuse` or `adjust`. Raises a `ReferralError` that says what is wrong."""
        by = str(args["by"])
        if command == "approve":
            return await self.store.write(self.approving(str(args["id"]), by))
        if command == "refuse":
            return await self.store.write(self.refusing(str(args["id"]), str(args["reason"]), by))
        if command == "adjust":
            return await self.store.write(self.adjusting(args, by))
        raise BadInput("command", f"没有这个命令：reward.{command}")

    def approving(self, reward: str, by: str) -> Unit[dict[str, Any]]:
        """What lets a thanks go on to its person."""
        now, name = self.clock(), colleague(by)

        def unit(tx: Transaction) -> dict[str, Any]:
            if self.door.startswith("api:") and tx.audit.did(self.door, "reward.adjust", reward):
                raise RuleViolation("approval.second", "这份谢礼就是用这把钥匙申请的，请由另一位同事从别处审批。")
            thanks.approve(tx, reward, _as_known(tx, reward, name), now=now)
            tx.audit.note(self.door, "reward.approve", reward, name, now)
            return self._shown(tx, reward)

        return unit

    def refusing(self, reward: str, reason: str, by: str) -> Unit[dict[str, Any]]:
        """What ends a thanks that waits."""
        now, name, why = self.clock(), colleague(by), worded(reason)

        def unit(tx: Transaction) -> dict[str, Any]:
            thanks.refuse(tx, self.facts, reward, _as_known(tx, reward, name), why, now=now, rng=self.rng)
            tx.audit.note(self.door, "reward.refuse", reward, name, now)
            return self._shown(tx, reward)

        return unit

    def adjusting(self, args: Mapping[str, Any], by: str) -> Unit[dict[str, Any]]:
        """What owes a person something by decision, as soon as a second one says yes."""
        now, name, why = self.clock(), colleague(by), worded(str(args["reason"]))

        def unit(tx: Transaction) -> dict[str, Any]:
            person = person_named(tx, str(args["person"]), self.naming)
            if person.staff:
                raise RuleViolation("staff", "这位是本公司的同事，谢礼只给客户和朋友。")
            campaign = tx.campaigns.get(str(args["campaign"]))
            if campaign is None:
                raise NotFound(f"没有这个活动：{args['campaign']}")
            form = form_of(tx.campaigns.terms(campaign.id, campaign.version), args, self.facts.industry)
            made = thanks.adjust(tx, self.facts, campaign.id, person.id, form, why, name, now=now, rng=self.rng)
            tx.audit.note(self.door, "reward.adjust", made.id, name, now)
            return self._shown(tx, made.id)

        return unit

    def _shown(self, tx: Transaction, reward: str) -> dict[str, Any]:
        found = tx.rewards.get(reward)
        assert found
        return as_json(tx, self.facts, found)


def listed(tx: Transaction, facts: Facts, *, waiting: bool, limit: int) -> list[dict[str, Any]]:
    """Thanks that wait for somebody's yes, the oldest first, or any, the latest first."""
    found = tx.rewards.unanswered(limit) if waiting else _latest(tx, limit)
    return [as_json(tx, facts, reward) for reward in found]


def _latest(tx: Transaction, limit: int) -> list[Reward]:
    rows = listings.latest(tx, listings.REWARDS, t.rewards.c.created_at, limit)
    return [reward for row in rows if (reward := tx.rewards.get(row.id))]


def as_json(tx: Transaction, facts: Facts, reward: Reward) -> dict[str, Any]:
    """A thanks in words, and what is known of the yes that it needs, null where it needs none."""
    person, order = tx.people.get(reward.person), tx.orders.get(reward.order) if reward.order else None
    return {
        "id": reward.id,
        "campaign": reward.campaign,
        "person": {"id": reward.person, "name": (person.called or person.name) if person else ""},
        "side": reward.side.value,
        "cause": reward.cause.value,
        "kind": reward.kind,
        "unit": reward.unit,
        "amount": reward.amount,
        "what": facts.words.thanks(reward.form),
        "cost_fen": reward.cost_fen,
        "tax_class": reward.tax_class,
        "state": reward.state.value,
        "reason": {"code": str(reward.reason), "text": facts.words.reason(str(reward.reason), audience="staff")},
        "note": reward.note,
        "order": order.name if order else None,
        "due_at": iso(reward.due_at),
        "granted_at": iso(reward.granted_at),
        "approval": approval_as_json(tx.rewards.approval(reward.id)),
    }


def approval_as_json(approval: Approval | None) -> dict[str, Any] | None:
    """Why a thanks needs somebody's yes (`confirm`, `amount` or `manual`), who asked, and the answer."""
    if approval is None:
        return None
    return {
        "why": approval.why,
        "asked_by": approval.asked_by,
        "asked_at": iso(approval.asked_at),
        "answer": approval.answer,
        "answered_by": approval.answered_by,
        "answered_at": iso(approval.answered_at),
    }


def _as_known(tx: Transaction, reward: str, name: str) -> str:
    """A name as it was written when this thanks was asked for: in capitals, or by its account, it is nobody else's."""
    approval = tx.rewards.approval(reward)
    return approval.asked_by if approval and approvals.is_own(tx, approval, name) else name
