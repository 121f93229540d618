"""Rewards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from referral.rewards import COUNTED, NEXT, Reward, RewardState, Side
from storage import tables as t
from storage.times import at, ms

_TIME_OF = {RewardState.GRANTED: "granted_at", RewardState.REVERSED: "reversed_at"}


class RewardsTable:
    """`referral.rewards.Rewards` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, reward: Reward) -> None:
        self._c.execute(
            insert(t.rewards).values(
                id=reward.id,
                campaign=reward.campaign,
                referral=reward.referral,
                friend=reward.friend,
                person=reward.person,
                side=reward.side.value,
                rule=reward.rule,
                kind=reward.kind,
                unit=reward.unit,
                amount=reward.amount,
                cost_fen=reward.cost_fen,
                state=reward.state.value,
                reason=reward.reason,
                order=reward.order,
                held_at=ms(reward.held_at),
                due_at=ms(reward.due_at),
            )
        )

    def get(self, reward: str) -> Reward | None:
        return next(iter(self._where(t.rewards.c.id == reward)), None)

    def of_referral(self, referral: str) -> list[Reward]:
        return self._where(t.rewards.c.referral == referral)

    def of_person(self, person: str) -> list[Reward]:
        return self._where(t.rewards.c.person == person)

    def counted_since(self, campaign: str, advocate: str, since: datetime) -> int:
        """How many thanks of this campaign an advocate holds or was granted since a time."""
        where = (
            t.rewards.c.campaign == campaign,
            t.rewards.c.person == advocate,
            t.rewards.c.side == Side.ADVOCATE.value,
            t.rewards.c.state.in_([s.value for s in COUNTED]),
            t.rewards.c.held_at >= ms(since),
        )
        return self._c.execute(select(func.count()).select_from(t.rewards).where(*where)).scalar_one()

    def move(self, reward: Reward, to: RewardState, reason: str, now: datetime) -> bool:
        """Change the state along `rewards.NEXT`, if it still is what `reward` says; False if someone was first."""
        if to not in NEXT[reward.state]:
            raise ValueError(f"a {reward.state} reward cannot become {to}")
        values: dict[str, Any] = {"state": to.value, "reason": reason}
        if to in _TIME_OF:
            values[_TIME_OF[to]] = ms(now)
        where = (t.rewards.c.id == reward.id, t.rewards.c.state == reward.state.value)
        return self._c.execute(update(t.rewards).where(*where).values(**values)).rowcount == 1

    def _where(self, *where: ColumnElement[bool]) -> list[Reward]:
        statement = select(t.rewards).where(*where).order_by(t.rewards.c.held_at, t.rewards.c.side, t.rewards.c.id)
        return [_reward(row) for row in self._c.execute(statement)]


def _reward(row: Any) -> Reward:
    return Reward(
        id=row.id,
        campaign=row.campaign,
        referral=row.referral,
        friend=row.friend,
        person=row.person,
        side=Side(row.side),
        rule=row.rule,
        kind=row.kind,
        unit=row.unit,
        amount=row.amount,
        cost_fen=row.cost_fen,
        state=RewardState(row.state),
        reason=row.reason,
        order=row.order,
        held_at=at(row.held_at),
        due_at=at(row.due_at),
        granted_at=at(row.granted_at),
        reversed_at=at(row.reversed_at),
    )
