"""Thanks that wait for a manager's yes: how chat names them, and that managers hear of them, once a day.

A handle is the beginning of the thanks' own id, long enough that no other that waits begins so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from referral import drafts, hours
from referral.drafts import HANDLE
from referral.ids import Bits
from referral.jobs import Job
from referral.messages import RepText
from referral.outbox import Purpose, post
from referral.rewards import Approval, Reward
from referral.times import SHANGHAI

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

TELL = "approvals.tell"
"""The job that tells managers what waits for them; its key is the day."""

_MOST = 1_000  # that are looked at, the oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A thanks that waits, the yes that it needs, and how chat names it."""

    reward: Reward
    approval: Approval
    handle: str


def waiting_for(tx: Tx, manager: str) -> list[Waiting]:
    """What a manager may answer, the oldest first: everything but what they asked for themselves."""
    return [each for each in waiting(tx) if not is_own(tx, each.approval, manager)]


def waiting(tx: Tx) -> list[Waiting]:
    """Every thanks that waits, the oldest first."""
    found = tx.rewards.unanswered(_MOST)
    taken = [draft.handle for draft in tx.drafts.waiting()]
    names = [_name(reward) for reward in found]
    return [
        Waiting(reward=reward, approval=approval, handle=_handle(name, [*taken, *names]))
        for reward, name in zip(found, names, strict=True)
        if (approval := tx.rewards.approval(reward.id))
    ]


def by_handle(tx: Tx, handle: str) -> Waiting | None:
    """The only one that waits whose handle begins so; a handle given out when fewer waited is good as long as it is
    clear."""
    if len(handle) < HANDLE:
        return None
    found = [each for each in waiting(tx) if _name(each.reward).startswith(handle)]
    return found[0] if len(found) == 1 else None


def is_own(tx: Tx, approval: Approval, manager: str) -> bool:
    """Whether this manager asked for it, under their id or their name."""
    asked = approval.asked_by, drafts.name_of(tx, approval.asked_by)
    answers = manager, drafts.name_of(tx, manager)
    return any(drafts.is_same(one, other) for one in asked for other in answers)


def tell(tx: Tx, facts: Facts, *, now: datetime, rng: Bits) -> int:
    """Tell every manager how many thanks wait for them, at most once a day; how many managers were told."""
    day, told = now.astimezone(SHANGHAI).date(), 0
    for manager in facts.managers:
        if count := len(waiting_for(tx, manager)):
            message = RepText(rep=manager, text=facts.words.say("rep.approvals_wait", count=count))
            dedupe = f"approvals:{day}:{manager}"
            post(tx, message, lane=f"rep:{manager}", purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=dedupe)
            told += 1
    return told


def tell_again(tx: Tx, facts: Facts, after: datetime) -> None:
    """Have managers told on the next working morning."""
    due = hours.coming_working_morning(facts.hours, after, facts.workdays)
    tx.jobs.put(Job(kind=TELL, key=due.astimezone(SHANGHAI).date().isoformat(), due_at=due))


def _name(reward: Reward) -> str:
    return reward.id[1:].upper()


def _handle(name: str, taken: Sequence[str]) -> str:
    """The shortest beginning of a name that is no draft's handle and no other name's beginning."""
    others = [each for each in taken if each != name]
    clear = (name[:end] for end in range(HANDLE, len(name)))
    return next((part for part in clear if not any(each.startswith(part) for each in others)), name)
