"""Suspicions: what looks made up waits for a person; nobody is ever turned down by a rule alone (reliability F 61-64).

A credited act is looked at by the cheap rules at once, everything anew every night. Above `fraud.SUSPECT` what is held
for it stays held until somebody has cleared or confirmed it. What was cleared is not raised again by the same evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import grafting, managers
from referral.attribution import Reason
from referral.errors import NotFound, RuleViolation
from referral.fraud import SUSPECT, Act, Rates, Sign, conversions, judge
from referral.fraud import Suspect as Found
from referral.ids import Bits
from referral.jobs import Job
from referral.referrals import ReferralStatus
from referral.rewards import RewardState
from referral.thanks import GRANT, overrule
from referral.times import SHANGHAI

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.orders import Order
    from referral.touches import Touch
    from referral.tx import Tx

NOTED = 0.1
"""From this probability on what was found is kept, so that staff can see it."""

RULE = "rule"
"""Who raises a suspicion, for the audit."""


class SuspicionState(StrEnum):
    """`NOTED` holds nothing up; `OPEN` waits for a person, who clears or confirms it."""

    NOTED = "noted"
    OPEN = "open"
    CLEARED = "cleared"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """How one referral looks: `chance` that it is made up, and the evidence, the strongest first.

    `at` is when it was first kept, `weighed_at` when `chance` was made. `note` is why somebody decided as they did.
    """

    referral: str
    advocate: str
    friend: str
    code: str
    chance: float
    evidence: tuple[Sign, ...]
    state: SuspicionState
    at: datetime
    weighed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str = ""

    @property
    def is_decided(self) -> bool:
        """Whether a person has looked at it."""
        return self.state in (SuspicionState.CLEARED, SuspicionState.CONFIRMED)


class Suspicions(Protocol):
    """Where suspicions are kept, one per referral, and the acts and rates that they come from."""

    def get(self, referral: str) -> Suspicion | None: ...
    def of_advocate(self, advocate: str) -> list[Suspicion]: ...
    def save(self, suspicion: Suspicion) -> None: ...
    def is_open(self, referral: str) -> bool: ...
    def count_open(self) -> int: ...
    def open_of(self, advocate: str) -> int: ...
    def doubted(self, advocate: str) -> set[str]: ...
    def lay_aside(self, referral: str) -> None: ...
    def looks_odd(self, advocate: str, friend: str) -> bool: ...
    def acts_of(self, advocate: str) -> list[Act]: ...
    def rates(self) -> Rates: ...
    def keep_rates(self, rates: Rates) -> None: ...


def look(tx: Tx, order: Order, touch: Touch, *, now: datetime) -> None:
    """An order was credited to a touch: the cheap rules at once, by the rates of last night.

    An act from a device of the advocate's, or through somebody who is suspected, is weighed, with how soon it came,
    beside all that its advocate brought; any other waits for the night: having come soon is nothing by itself.
    """
    assert order.person
    if not tx.suspicions.looks_odd(touch.advocate, order.person):
        return
    rates, acts = tx.suspicions.rates(), tx.suspicions.acts_of(touch.advocate)
    cases, _ = conversions(acts, now=now, busiest=rates.busiest)
    note(tx, acts, judge(cases, rates).conversions.values(), now=now)


def note(tx: Tx, acts: Sequence[Act], found: Iterable[Found], *, now: datetime) -> int:
    """Keep what was found about acts, and hold up what a person must see; how many were raised."""
    by_referral = {act.referral: act for act in acts}
    return sum([_noted(tx, by_referral[each.conversion.id], each, now=now) for each in found])


def clear(tx: Tx, referral: str, who: str, why: str, *, now: datetime) -> Suspicion:
    """Somebody has looked, and it is in order: what was held up goes on.

    Raises `NotFound`, and `RuleViolation` where somebody has decided already.
    """
    decided = _decided(tx, referral, SuspicionState.CLEARED, who, why, now=now)
    held = [r for r in tx.rewards.of_referral(referral) if r.state is RewardState.HELD]
    for reward in held:
        if reward.reason == Reason.SUSPECT_REVIEW:
            tx.rewards.explain(reward.id, Reason.HOLD_RUNNING)
    if any(reward.due_at and reward.due_at <= now for reward in held):
        tx.jobs.put(Job(kind=GRANT, key=referral, due_at=now))
    grafting.reckon(tx, decided.advocate)
    return decided


def confirm(tx: Tx, facts: Facts, referral: str, who: str, why: str, *, now: datetime, rng: Bits) -> Suspicion:
    """Somebody has looked, and it is made up: its thanks end, with a reason that both sides may appeal against.

    Raises `NotFound`, and `RuleViolation` where somebody has decided already.
    """
    decided = _decided(tx, referral, SuspicionState.CONFIRMED, who, why, now=now)
    overrule(tx, facts, referral, Reason.SUSPECT_CONFIRMED, now=now, rng=rng)
    grafting.reckon(tx, decided.advocate)
    return decided


def tell(tx: Tx, facts: Facts, *, now: datetime, rng: Bits) -> None:
    """Tell managers how many wait for them, at most once a day."""
    if count := tx.suspicions.count_open():
        once = f"suspicions:{now.astimezone(SHANGHAI).date()}"
        managers.tell(tx, facts, "rep.suspicions_wait", {"count": count}, now=now, rng=rng, dedupe=once)


def _noted(tx: Tx, act: Act, found: Found, *, now: datetime) -> bool:
    """Keep what was found about one act; whether it was raised."""
    known = tx.suspicions.get(act.referral)
    if (known and known.is_decided) or (known is None and found.chance < NOTED):
        return False
    waits = known is not None and known.state is SuspicionState.OPEN
    stands = (waits or found.chance > SUSPECT) and is_credited(tx, act.referral)
    raised = stands and not waits and _is_new(tx, act, found)
    state = SuspicionState.OPEN if raised or (waits and stands) else SuspicionState.NOTED
    tx.suspicions.save(
        Suspicion(
            referral=act.referral,
            advocate=act.advocate,
            friend=act.friend,
            code=act.code,
            chance=found.chance,
            evidence=found.evidence,
            state=state,
            at=known.at if known else now,
            weighed_at=now,
        )
    )
    if raised:
        tx.audit.note(RULE, "suspicion.open", act.referral, " ".join(found.evidence), now)
        hold_up(tx, act.referral)
        grafting.reckon(tx, act.advocate)
    return raised


def _is_new(tx: Tx, act: Act, found: Found) -> bool:
    """Whether it says more than what somebody has cleared of the same advocate."""
    before = [s for s in tx.suspicions.of_advocate(act.advocate) if s.state is SuspicionState.CLEARED]
    return not any(set(found.evidence) <= set(each.evidence) for each in before)


def is_credited(tx: Tx, referral: str) -> bool:
    """Whether it counts: only then is there anything to decide."""
    known = tx.referrals.get(referral)
    return known is not None and known.status is ReferralStatus.CREDITED


def hold_up(tx: Tx, referral: str) -> None:
    """What is held says why it will stay so; what has gone further cannot be held up any more."""
    for reward in tx.rewards.of_referral(referral):
        if reward.state is RewardState.HELD:
            tx.rewards.explain(reward.id, Reason.SUSPECT_REVIEW)


def _decided(tx: Tx, referral: str, to: SuspicionState, who: str, why: str, *, now: datetime) -> Suspicion:
    known = tx.suspicions.get(referral)
    if known is None:
        raise NotFound(f"没有这一条：{referral}")
    if known.is_decided:
        raise RuleViolation("suspicion.decided", "这一条已经有同事核对过了。")
    if not why.strip():
        raise RuleViolation("suspicion.reason", "请写明核对的依据。")
    decided = replace(known, state=to, decided_by=who, decided_at=now, note=why.strip())
    tx.suspicions.save(decided)
    tx.audit.note(who, f"suspicion.{to.value}", referral, decided.note, now)
    return decided
