"""What stands for one person: friends, thanks and reasons, as progress, `why` and the own page tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from referral.codes import Code
from referral.orders import Order, Outcome
from referral.referrals import Disclosure, Referral, ReferralStatus
from referral.rewards import Reward, RewardState, Side
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Friend:
    """One friend as the advocate may see them: `name` only with their yes; `state` is a key of the chat copy."""

    referral: Referral
    name: str | None
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that stands for one person. `friends` newest first."""

    codes: list[Code]
    friends: list[Friend]
    rewards: list[Reward]
    own_reasons: list[str]

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
        return min((r.due_at for r in self.rewards if r.state is RewardState.HELD and r.due_at), default=None)

    def _count(self, *states: RewardState) -> int:
        return sum(r.state in states for r in self.rewards)


def account_of(tx: Transaction, person: str) -> Account:
    """Gather what stands for a person, as an advocate and as a friend."""
    rewards = tx.rewards.of_person(person)
    friends = [_friend(tx, referral) for referral in reversed(tx.referrals.of_advocate(person))]
    return Account(
        codes=tx.codes.of_advocate(person),
        friends=friends,
        rewards=rewards,
        own_reasons=_own_reasons(tx.orders.of_person(person)),
    )


def _friend(tx: Transaction, referral: Referral) -> Friend:
    person = tx.people.get(referral.friend)
    named = referral.disclosed is Disclosure.YES and person is not None
    return Friend(
        referral=referral,
        name=(person.called or None) if named and person else None,
        state=_state(tx, referral),
        reason=referral.reason,
    )


def _state(tx: Transaction, referral: Referral) -> str:
    if referral.status in (ReferralStatus.REJECTED, ReferralStatus.REVERSED):
        return "left_out"
    if referral.status is not ReferralStatus.CREDITED:
        return "added" if referral.method == "add" else "seen"
    mine = [r for r in tx.rewards.of_referral(referral.id) if r.side is Side.ADVOCATE]
    return "done" if any(r.state is RewardState.GRANTED for r in mine) else "bought"


def _own_reasons(bought: list[Order]) -> list[str]:
    told = [o for o in bought if o.outcome is not Outcome.NO_REFERRAL]
    return [reason.value for order in told for reason in order.reasons[-1:]]
