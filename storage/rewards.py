"""Rewards, and the approvals that some of them wait for."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from referral.rewards import COUNTED, NEXT, Approval, Cause, Reward, RewardState, Side
from storage import tables as t
from storage.times import at, ms

_TIMES = ("created_at", "held_at", "due_at", "chosen_at", "granted_at", "reversed_at", "expires_at")
_FIELDS = tuple(field.name for field in fields(Reward))
_CHOSEN = ("kind", "unit", "amount", "cost_fen", "says", "value", "tax_class", "valid_days", "chosen_at")
_ADD = insert(t.rewards)
_STATES = [state.value for state in COUNTED]


class RewardsTable:
    """`referral.rewards.Rewards` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, reward: Reward) -> None:
        self._c.execute(_ADD, _values(reward))

    def get(self, reward: str) -> Reward | None:
        return next(iter(self._where(t.rewards.c.id == reward)), None)

    def of_referral(self, referral: str) -> list[Reward]:
        return self._where(t.rewards.c.referral == referral)

    def of_person(self, person: str) -> list[Reward]:
        return self._where(t.rewards.c.person == person)

    def of_story(self, story: str) -> list[Reward]:
        return self._where(t.rewards.c.story == story)

    def counted_friends(self, campaign: str, advocate: str | None, since: datetime | None) -> int:
        """How many friends' acts of a campaign, of one advocate or all, are thanked or to be thanked since a time."""
        r = t.rewards.c
        where = [r.campaign == campaign, r.cause == Cause.REFERRAL.value, r.state.in_(_STATES)]
        where += [r.held_at >= ms(since)] if since else []
        if advocate:
            where += [r.person == advocate, r.side == Side.ADVOCATE.value]
        return self._c.execute(select(func.count(r.friend.distinct())).where(*where)).scalar_one()

    def has_milestone(self, campaign: str, advocate: str, rule: str) -> bool:
        r = t.rewards.c
        where = (r.campaign == campaign, r.person == advocate, r.rule == rule, r.cause == Cause.MILESTONE.value)
        states = (*_STATES, RewardState.EXPIRED.value)
        return self._c.execute(select(r.id).where(*where, r.state.in_(states)).limit(1)).first() is not None

    def move(self, reward: Reward, to: RewardState, reason: str, now: datetime) -> Reward | None:
        """Change the state along `rewards.NEXT`, if it still is what `reward` says; None if someone was first."""
        if to not in NEXT[reward.state]:
            raise ValueError(f"a {reward.state} reward cannot become {to}")
        moved = replace(reward, state=to, reason=reason)
        if to is RewardState.REVERSED:
            moved = replace(moved, reversed_at=now)
        if to is RewardState.GRANTED:
            ends = now + timedelta(days=reward.valid_days) if reward.valid_days else None
            moved = replace(moved, granted_at=now, expires_at=ends)
        values = {name: value for name, value in _values(moved).items() if value != _values(reward)[name]}
        where = (t.rewards.c.id == reward.id, t.rewards.c.state == reward.state.value)
        changed = self._c.execute(update(t.rewards).where(*where).values(**values)).rowcount == 1
        return moved if changed else None

    def reassign(self, referral: str, order: str, due_at: datetime) -> None:
        """What is held for a referral was brought by this order, and is due then."""
        where = (t.rewards.c.referral == referral, t.rewards.c.state == RewardState.HELD.value)
        self._c.execute(update(t.rewards).where(*where).values(order=order, due_at=ms(due_at)))

    def explain(self, reward: str, reason: str) -> None:
        self._c.execute(update(t.rewards).where(t.rewards.c.id == reward).values(reason=reason))

    def note(self, reward: str, note: str) -> None:
        self._c.execute(update(t.rewards).where(t.rewards.c.id == reward).values(note=note))

    def choose(self, reward: Reward) -> bool:
        """Keep the form that its person chose, while it is held; False where it is too late."""
        values = {name: value for name, value in _values(reward).items() if name in _CHOSEN}
        where = (t.rewards.c.id == reward.id, t.rewards.c.state == RewardState.HELD.value)
        return self._c.execute(update(t.rewards).where(*where).values(**values)).rowcount == 1

    def ask(self, approval: Approval) -> None:
        self._c.execute(
            insert(t.approvals).values(
                reward=approval.reward, why=approval.why, asked_by=approval.asked_by, asked_at=ms(approval.asked_at)
            )
        )

    def approval(self, reward: str) -> Approval | None:
        row = self._c.execute(select(t.approvals).where(t.approvals.c.reward == reward)).first()
        return _approval(row) if row else None

    def answer(self, reward: str, answer: str, who: str, now: datetime) -> bool:
        """Keep the answer to an approval; False where there was one, or nobody had asked."""
        where = (t.approvals.c.reward == reward, t.approvals.c.answer.is_(None))
        values = {"answer": answer, "answered_by": who, "answered_at": ms(now)}
        return self._c.execute(update(t.approvals).where(*where).values(**values)).rowcount == 1

    def unanswered(self, limit: int) -> list[Reward]:
        """Those that wait for somebody's yes, the oldest first."""
        waiting = select(t.approvals.c.reward).where(t.approvals.c.answer.is_(None))
        return self._where(t.rewards.c.id.in_(waiting), t.rewards.c.state == RewardState.HELD.value)[:limit]

    def _where(self, *where: ColumnElement[bool]) -> list[Reward]:
        order = (t.rewards.c.created_at, t.rewards.c.side, t.rewards.c.rule, t.rewards.c.id)
        return [_reward(row) for row in self._c.execute(select(t.rewards).where(*where).order_by(*order))]


def _values(reward: Reward) -> dict[str, Any]:
    values = {name: getattr(reward, name) for name in _FIELDS}
    return (
        values
        | {name: ms(values[name]) for name in _TIMES}
        | {
            "side": reward.side.value,
            "cause": reward.cause.value,
            "state": reward.state.value,
        }
    )


def _reward(row: Any) -> Reward:
    values = {name: getattr(row, name) for name in _FIELDS}
    times = {name: at(values[name]) for name in _TIMES}
    states = {"side": Side(row.side), "cause": Cause(row.cause), "state": RewardState(row.state)}
    return Reward(**{**values, **times, **states})


def _approval(row: Any) -> Approval:
    return Approval(
        reward=row.reward,
        why=row.why,
        asked_by=row.asked_by,
        asked_at=at(row.asked_at),
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=at(row.answered_at),
    )
