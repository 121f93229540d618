"""Rewards, and the approvals that some of them wait for."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, text, update

from referral.attribution import Reason
from referral.rewards import COUNTED, NEXT, Approval, Cause, Reward, RewardState, Side
from storage import tables as t
from storage.prepared import PreparedSelect
from storage.times import at, ms
from storage.upsert import insert_row

_TIMES = ("created_at", "held_at", "due_at", "chosen_at", "granted_at", "reversed_at", "expires_at")
_FIELDS = tuple(field.name for field in fields(Reward))
_CHOSEN = ("kind", "unit", "amount", "cost_fen", "says", "value", "tax_class", "valid_days", "chosen_at")
_HAD = [state.value for state in (*COUNTED, RewardState.EXPIRED)]
_r = t.rewards.c
_ALL = select(t.rewards).order_by(_r.created_at, _r.side, _r.rule, _r.id)
_ONE = PreparedSelect(_ALL.where(_r.id == bindparam("which")))
_OF_REFERRAL = PreparedSelect(_ALL.where(_r.referral == bindparam("which")))
_OF_PERSON = PreparedSelect(_ALL.where(_r.person == bindparam("who")))
_FRIENDS = select(func.count(_r.friend.distinct())).where(
    _r.campaign == bindparam("which"),
    text(t.CAPPED),  # spelled out, as in the partial indexes, to use them
)
_OF_ADVOCATE = _FRIENDS.where(_r.advocate == bindparam("who"))
_SINCE = _r.held_at >= bindparam("since")
_COUNTS = {
    (of_one, since): PreparedSelect(query.where(_SINCE) if since else query)
    for of_one, query in ((False, _FRIENDS), (True, _OF_ADVOCATE))
    for since in (False, True)
}


class RewardsTable:
    """`referral.rewards.Rewards` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, reward: Reward) -> None:
        insert_row(self._c, t.rewards, **_values(reward))

    def get(self, reward: str) -> Reward | None:
        row = _ONE.first(self._c, {"which": reward})
        return _reward(row) if row else None

    def of_referral(self, referral: str) -> list[Reward]:
        return [_reward(row) for row in _OF_REFERRAL.all(self._c, {"which": referral})]

    def of_person(self, person: str) -> list[Reward]:
        return [_reward(row) for row in _OF_PERSON.all(self._c, {"who": person})]

    def of_story(self, story: str) -> list[Reward]:
        return self._where(t.rewards.c.story == story)

    def counted_friends(self, campaign: str, advocate: str | None, since: datetime | None) -> int:
        """How many friends' acts of a campaign, of one advocate or all, are thanked or to be thanked since a time."""
        values = {"which": campaign, "who": advocate, "since": ms(since)}
        count: int = _COUNTS[advocate is not None, since is not None].scalar(self._c, values)
        return count

    def has_milestone(self, campaign: str, advocate: str, rule: str) -> bool:
        r = t.rewards.c
        where = (r.campaign == campaign, r.person == advocate, r.rule == rule, r.cause == Cause.MILESTONE.value)
        had = r.state.in_(_HAD) | (r.reason == Reason.APPROVAL_REFUSED.value)
        return self._c.execute(select(r.id).where(*where, had).limit(1)).first() is not None

    def move(
        self, reward: Reward, to: RewardState, reason: str, now: datetime, *, reserved_fen: int | None = None
    ) -> Reward | None:
        """Change the state along `rewards.NEXT`, if it still is what `reward` says; None if someone was first.

        What it keeps of the budget is `reserved_fen` where given, else what it was, on a grant what it costs.
        """
        if to not in NEXT[reward.state]:
            raise ValueError(f"a {reward.state} reward cannot become {to}")
        keeps = reward.cost_fen if to is RewardState.GRANTED else reward.reserved_fen
        keeps = keeps if reserved_fen is None else reserved_fen
        moved = replace(reward, state=to, reason=reason, reserved_fen=keeps)
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

    def was_for(self, reward: str, friend: str) -> None:
        """The friend whose act a thanks was for is another than was thought; nothing where they have had the same."""
        mine, other = t.rewards, t.rewards.alias()
        alike = [other.c[name] == mine.c[name] for name in ("campaign", "rule", "side")]
        theirs = (other.c.friend == friend, other.c.id != mine.c.id, other.c.state.in_(_HAD))
        same = select(other.c.id).where(*alike, *theirs).exists()
        self._c.execute(update(mine).where(mine.c.id == reward, ~same).values(friend=friend))

    def remember_tier(self, reward: str, former: str) -> None:
        self._c.execute(update(t.rewards).where(t.rewards.c.id == reward).values(former=former))

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
