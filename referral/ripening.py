"""What asks came to, once it can be told: they ripen, are learned from, and the model goes on from them.

Whoever takes a poster does so soon; by `Model.ripe_days` nine in ten of them have, so that an ask that led to nothing
by then counts as one (delayed labels, science §2). Those that were taken wait as long: heard of before the others of
their day they would tell of a company where everybody takes one. Each ask teaches once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import copies, due_rows, learning
from referral.learning import Example, Model
from referral.moments import DAY, Moment
from referral.nudges import Nudge
from referral.scoring import Weights
from referral.times import days

if TYPE_CHECKING:
    from referral.tx import Tx

TOGETHER = 400
"""Asks learned from at once."""


Totals = tuple[int, int, tuple[int, ...]]
"""The company's, as `Models.sums` tells them: to add them up looks through all, so that a night does it once."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What some asks teach: the model that follows version `since`, and who was asked, with their own numbers now."""

    since: int
    model: Model
    own: dict[str, tuple[float, float]]
    nudges: tuple[str, ...]


def lesson(tx: Tx, *, now: datetime, sums: Totals | None = None) -> Lesson | None:
    """What the asks that are ripe teach, None where there are none. It only reads: it takes its time."""
    model = _counted(tx, now, sums or tx.models.sums())
    ripe = _one_each(tx.nudges.ripe(now - days(model.ripe_days), TOGETHER))
    if not ripe:
        return None
    found = tx.moments.find(sorted(nudge.person for nudge in ripe))
    known = {person: moment for person, moment in found.items() if moment.may_be_learned}
    telling = [nudge for nudge in ripe if nudge.features and nudge.person in known]
    examples = [_example(nudge, known[nudge.person]) for nudge in telling]
    learned, own = learning.learn(model, examples, now) if examples else (model, {})
    learned = replace(learned, delays=_delays(model, telling))
    return Lesson(model.version, learned, own, tuple(nudge.id for nudge in ripe))


def take_in(tx: Tx, found: Lesson, *, now: datetime) -> bool:
    """Put what was learned into use; False if another version came in between, and it is to be learned anew."""
    if tx.models.current().version != found.since:
        return False
    if found.model.version != found.since:
        tx.models.save(found.model, f"asks:{len(found.nudges)}", now)
    for person, (number, seen) in found.own.items():
        due_rows.hurry(tx, tx.moments.get(person).but(own=number, own_seen=seen))
    tx.nudges.learned(found.nudges, now)
    return True


def reset(tx: Tx, *, now: datetime) -> Model:
    """Forget what asks have taught: the next version is the prior again, with the company's sums as they are.

    What single customers have answered, their own rows forget.
    """
    before = tx.models.current()
    model = replace(
        before,
        version=before.version + 1,
        learned_at=now,
        examples=0,
        took=0,
        mean=Model.mean,
        precision=Model.precision,
        delays=Model.delays,
    )
    tx.models.save(model, "reset", now)
    return model


def moved(scored: Sequence[float], now: Weights) -> bool:
    """Whether scores are worth making anew: since they were made, a weight has moved by more than keeps the order."""
    fresh = now.all
    return len(scored) != len(fresh) or any(abs(a - b) > _MOVED for a, b in zip(scored, fresh, strict=True))


_MOVED = 0.02


def _counted(tx: Tx, now: datetime, sums: Totals) -> Model:
    """The model with the company's sums as of now."""
    model = tx.models.current()
    posters, visitors, hours = sums
    return replace(model, posters=posters, visitors=visitors, hours=hours, since=model.since or now)


def _one_each(ripe: Sequence[Nudge]) -> list[Nudge]:
    """The oldest of each person: what they answered next is learned from what this one made of their own number."""
    first: dict[str, Nudge] = {}
    for nudge in ripe:
        first.setdefault(nudge.person, nudge)
    return list(first.values())


def _delays(model: Model, nudges: Sequence[Nudge]) -> tuple[int, ...]:
    """The delays that are counted, and those of the posters that were taken after these asks."""
    counts = list(model.delays)
    for nudge in nudges:
        if nudge.took_at and nudge.sent_at:
            counts[min(len(counts) - 1, max(0, (nudge.took_at - nudge.sent_at) // DAY))] += 1
    return tuple(counts)


def _example(nudge: Nudge, moment: Moment) -> Example:
    return Example(
        person=nudge.person,
        sight=nudge.features,
        arm=copies.framing_of(nudge.copy),
        took=nudge.took_at is not None,
        own=moment.own,
        own_seen=moment.own_seen,
    )
