"""People whom nobody knew before: made from what a row tells of them. Pure, so that another process can do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from bot.intake.batches import Found, Verdict
from referral import due_rows, intake, lessons
from referral.consent import Answer
from referral.floor import Policy
from referral.holdout import is_held_out
from referral.identities import Identity
from referral.ids import Bits, new_id
from referral.intake import Profile, Told
from referral.moments import Moment, Permission, Thresholds
from referral.scoring import PRIOR, Weights
from storage.intake import NewRows, new_rows

_ID_BITS = 80
_NOTHING, _NOBODY = Profile(), Moment(person="")
_ROWS = msgspec.json.Decoder(list[Told])


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a row changes: `profile` only the changes; `known` and `moment` as they are afterwards, and whether the
    moment has `moved`."""

    person: str
    verdict: Verdict
    profile: dict[str, Any]
    known: Profile
    moment: Moment
    moved: bool
    answer: tuple[str, Answer, str] | None
    attached: tuple[Identity, ...]

    @property
    def is_new(self) -> bool:
        """Whether the person was made."""
        return self.verdict is Verdict.NEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What people of one file are made by: the file's SHA-256, the scale of activity, the rules of the house, and what
    its history and its asks have taught."""

    digest: str
    scale: Thresholds
    policy: Policy
    holdout: float
    now: datetime
    lesson: lessons.Lesson | None = None
    weights: Weights = PRIOR

    def effect(self, moment: Moment, known: Profile) -> float:
        """What the company's history makes of a customer."""
        return self.lesson.effect(told(moment, known, self.now)) if self.lesson and moment.may_be_learned else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Rows of which none is about anybody known, ready to be kept as long as that is so: who they are about, what was
    found, and the rows of the tables."""

    names: list[str]
    found: list[Found]
    rows: NewRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """What a batch says, behind the first `place` of `of`; `chance` has `CHANCE` random bytes for each person."""

    place: int
    of: int
    bodies: Sequence[bytes]
    chance: bytes


CHANCE = 14
"""Bytes: ten for an id, four for the draw of the holdout."""


def told(moment: Moment, known: Profile, now: datetime) -> lessons.Profile:
    """What the company's table tells of a customer, for a lesson."""
    return lessons.profile_of(moment, tier=known.tier, rep=known.rep, tags=known.tags, now=now)


class _Drawn:
    """Chance that was drawn before, since a source of chance cannot go to another process."""

    def __init__(self, drawn: bytes) -> None:
        self._drawn = memoryview(drawn)

    def getrandbits(self, bits: int, /) -> int:
        """As many bits, never twice the same ones."""
        size = -(-bits // 8)
        taken, self._drawn = self._drawn[:size], self._drawn[size:]
        assert len(taken) == size
        return int.from_bytes(taken, "big") >> (size * 8 - bits)


class InOrder:
    """Chance whose draws for ids ascend over a whole file.

    People of one file then lie side by side in every index: at a million people a batch touches a tenth of the pages.
    """

    def __init__(self, rng: Bits, place: int, of: int) -> None:
        self._rng = rng
        self._place = place
        self._of = of

    def getrandbits(self, bits: int, /) -> int:
        """As many bits; in draws of 80 the upper ones say the place, and at least 40 are chance."""
        drawn = self._rng.getrandbits(bits)
        if bits < _ID_BITS:
            return drawn
        self._place += 1
        return ((self._place << bits) + drawn) // (self._of + 1)


def stranger(row: Told, making: Making, rng: Bits) -> Learned:
    """The person whom a row makes."""
    person = new_id(rng, "p")
    of_moment = intake.moment_news(_NOBODY, row, making.scale)
    said = intake.answer(_NOBODY, row, heard_before=False, own=False)
    if said:
        of_moment |= {"consent": Permission(said), "consent_at": making.now}
    profile = intake.news(_NOTHING, row)
    known = msgspec.structs.replace(_NOTHING, **profile)
    moment = Moment(person=person, holdout=is_held_out(person, making.holdout), **of_moment)
    return Learned(
        person=person,
        verdict=Verdict.NEW,
        profile=profile,
        known=known,
        moment=moment.but(profile=making.effect(moment, known)) if making.lesson else moment,
        moved=True,
        answer=(person, said, intake.evidence(making.digest, row.line)) if said else None,
        attached=row.identities,
    )


def rows_of(learned: Sequence[Learned], making: Making) -> NewRows:
    """Everything to be kept of new people."""
    policy, now = making.policy, making.now
    return new_rows(
        people=[(each.person, each.moment.holdout, each.profile) for each in learned],
        identities=[(identity, each.person) for each in learned for identity in each.attached],
        moments=[(each.moment, due_rows.outlook(each.moment, policy, now, making.weights)) for each in learned],
        answers=[each.answer for each in learned if each.answer],
        now=now,
    )


def preparer(setting: tuple[Making, dict[str, str]]) -> Callable[[Bodies], Prepared]:
    """What prepares batches; `setting` is how people are made, and the reps by name."""
    making, reps = setting

    def prepare(batch: Bodies) -> Prepared:
        rows = named_reps(decoded(batch.bodies), reps)
        ordered = InOrder(_Drawn(batch.chance), batch.place, batch.of)
        learned = [stranger(row, making, ordered) for row in rows]
        return Prepared(
            names=[str(identity) for row in rows for identity in row.identities],
            found=[(Verdict.NEW, each.moment.consent) for each in learned],
            rows=rows_of(learned, making),
        )

    return prepare


def decoded(bodies: Sequence[bytes]) -> list[Told]:
    """Rows from their bodies."""
    return _ROWS.decode(b"[" + b",".join(bodies) + b"]")


def named_reps(rows: Sequence[Told], reps: dict[str, str]) -> list[Told]:
    """Rows with the reps' ids where they give a name."""
    return [msgspec.structs.replace(row, rep=reps[row.rep]) if row.rep in reps else row for row in rows]
