"""Merging and parting people because a member of staff says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import due_rows, grafting, merges, orders, taught, thanks
from referral.attribution import Reason
from referral.errors import NotFound, RuleViolation
from referral.ids import Bits
from referral.merges import Merge
from referral.referrals import ReferralStatus
from referral.touches import point_again

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


def merge(tx: Tx, facts: Facts, kept: str, gone: str, *, why: str, who: str, now: datetime, rng: Bits) -> Merge:
    """Merge two people by hand; raises where they are one already, or nobody gave a reason."""
    one, other = tx.people.get(kept), tx.people.get(gone)
    if one is None or other is None:
        raise NotFound("没有找到要合并的客户。")
    if one.id == other.id:
        raise RuleViolation("person.same", "这两个已经是同一位客户。")
    if not why.strip():
        raise RuleViolation("person.why", "合并要写明原因。")
    made = merges.merge(tx, facts, one.id, other.id, why=why.strip(), who=who, now=now, rng=rng)
    orders.reexamine(tx, facts, one.id, now=now, rng=rng)
    return made


def part(tx: Tx, facts: Facts, merge_id: str, *, who: str, now: datetime, rng: Bits) -> Merge:
    """Undo a wrong merge: what was the one's is the one's again, and no ids bring the two together again by themselves.

    What came after the merge stays with the person kept, but for orders, which follow the ids that they named. Raises
    `RuleViolation` where the one kept was part of a later merge: that has to be undone first.
    """
    found = tx.merges.get(merge_id)
    if found is None:
        raise NotFound(f"没有这次合并：{merge_id}")
    if found.undone_at:
        raise RuleViolation("merge.undone", "这次合并已经撤销了。")
    standing = [m for m in tx.merges.of_person(found.kept) if m.undone_at is None]
    if standing[0].id != found.id:
        raise RuleViolation("merge.later", f"之后又合并过一次（{standing[0].id}），请先撤销那一次。")
    if tx.erasures.find(found.kept):
        raise RuleViolation("person.erased", "这位客户的资料已经删除，合并前的两份分不开了。")
    rewards = tx.merges.moved_rewards(found)
    near = grafting.around(tx, (found.kept,))
    tx.merges.unfold(found, who, now)
    taught.refresh(tx, (found.kept, found.gone), now)
    back = merges.to_give_back(tx, found, rewards)
    merges.move_balances(tx, found.kept, found.gone, back, found.id, now=now, rng=rng)
    _part_orders(tx, found)
    tx.audit.note(who, "person.part", found.kept, found.gone, now)
    for person in (found.kept, found.gone):
        _open_again(tx, facts, person, now=now, rng=rng)
    grafting.unite(tx, facts, near | grafting.around(tx, (found.kept, found.gone)), now=now)
    for person in (found.kept, found.gone):
        point_again(tx, person)
        orders.reexamine(tx, facts, person, now=now, rng=rng)
        thanks.review_milestones(tx, facts, person, now=now, rng=rng)
        due_rows.hurry(tx, tx.moments.get(person))
    return found


def _open_again(tx: Tx, facts: Facts, person: str, *, now: datetime, rng: Bits) -> None:
    """A credit by an order that is the other's now was none; and what was turned down may have been for their sake."""
    for referral in tx.referrals.of_friend(person):
        order = tx.orders.get(referral.order) if referral.order else None
        others = [r for r in tx.rewards.of_referral(referral.id) if r.was_had and r.friend != person]
        if referral.status is ReferralStatus.PENDING or (order and order.person == person and not others):
            continue
        if referral.status is ReferralStatus.CREDITED:
            if not thanks.is_open(tx, referral):  # whoever had it keeps it; what it was for is this one's now
                for reward in others:
                    tx.rewards.was_for(reward.id, person)
                continue
            thanks.correct(tx, facts, referral, Reason.CORRECTED, now=now, rng=rng)
            if order:
                tx.orders.reopen(order.id)
        tx.referrals.save(replace(referral, status=ReferralStatus.PENDING, reason=Reason.WAITING, order=None))


def _part_orders(tx: Tx, found: Merge) -> None:
    """Orders that came after the merge belong to whom their ids name now."""
    for order in tx.orders.of_person(found.kept):
        named = {p.id for identity in tx.orders.buyer(order.id) if (p := tx.people.find(identity))}
        if named == {found.gone}:
            tx.orders.save(replace(order, person=found.gone))
