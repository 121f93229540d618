"""What stands for one person: codes, friends and thanks, as progress, `why` and the own page tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot import explaining
from referral.attribution import Reason
from referral.codes import Code
from referral.explain import Explanation, Reader
from referral.referrals import Referral
from referral.rewards import Cause, Reward, RewardState
from storage.transaction import Transaction

_UNDATED = (Reason.SUSPECT_REVIEW, Reason.APPROVAL_WAITING)
"""Why a thanks stays held beyond any date: somebody has still to look, or to say yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Friend:
    """One friend as the advocate may see them: `name` only with their yes; `state` is a key of the chat copy."""

    referral: Referral
    told: Explanation

    @property
    def name(self) -> str | None:
        return self.told.name

    @property
    def state(self) -> str:
        return self.told.state

    @property
    def reason(self) -> str:
        return self.told.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that stands for one person. `friends` newest first."""

    codes: list[Code]
    friends: list[Friend]
    rewards: list[Reward]

    @property
    def bought(self) -> int:
        return sum(f.state in ("bought", "done") for f in self.friends)

    @property
    def held(self) -> int:
        return self._count(RewardState.HELD, RewardState.APPROVED)

    @property
    def granted(self) -> int:
        return self._count(RewardState.GRANTED)

    @property
    def reversed(self) -> int:
        return self._count(RewardState.REVERSED)

    @property
    def next_due(self) -> datetime | None:
        """When the next held thanks is due; of what somebody has still to look at no date is promised."""
        held = [r for r in self.rewards if r.state is RewardState.HELD and r.reason not in _UNDATED]
        return min((r.due_at for r in held if r.due_at), default=None)

    @property
    def thanks(self) -> list[Reward]:
        """What was given or is to be: without what points were exchanged for."""
        return [reward for reward in self.rewards if reward.cause is not Cause.REDEMPTION]

    def _count(self, *states: RewardState) -> int:
        return sum(r.state in states for r in self.thanks)


def account_of(tx: Transaction, person: str, now: datetime) -> Account:
    """Gather what stands for a person, as an advocate and as a friend."""
    return Account(
        codes=tx.codes.of_advocate(person),
        friends=[_friend(tx, referral, now) for referral in reversed(tx.referrals.of_advocate(person))],
        rewards=tx.rewards.of_person(person),
    )


def _friend(tx: Transaction, referral: Referral, now: datetime) -> Friend:
    return Friend(referral=referral, told=explaining.referral(tx, referral, reader=Reader.ADVOCATE, now=now))
