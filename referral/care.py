"""Care beyond asking: its kinds, what is known for it, and what to do about a weak gate. Pure.

Care asks for nothing and never speaks of recommending. What wins hearts at our own wish (`MARKETING`) keeps to consent
and to all the caps of asks. The holdout gets none of that, so that the two groups differ by everything that is said
unasked, and not by asks less greetings. What a customer's own act calls for (a thank-you, the question how it went,
putting something right) is service, and the holdout gets it like everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from referral.decisions import Gate, Route, Send, Verdict

TO_CARE, CARED = "to_care", "cared"
"""Why a customer is left in peace around care (`Moment.rest_why`), one that is to be said and one that was.

A care and an ask are never said on one day.
"""

AROUND_CARE = (TO_CARE, CARED)


class Action(StrEnum):
    """What to do about a customer now: ask, or what helps at the first weak gate (design §2 "Ask"), or wait."""

    REPAIR = "repair"
    RECOGNISE = "recognise"
    EASIER = "easier"
    CARE = "care"
    ASK = "ask"
    WAIT = "wait"


_ACTIONS: Mapping[Gate, Action] = {
    Gate.EXPERIENCE: Action.REPAIR,
    Gate.RECOGNITION: Action.RECOGNISE,
    Gate.TOOL: Action.EASIER,
    Gate.INTERACTION: Action.CARE,
}

_LEFT_ALONE = frozenset({"opted_out", "consent.refused", "consent.unknown", "holdout", "minor", "minor.unknown"})
"""Who gets no care at our own wish, only service."""


def action_of(verdict: Verdict) -> Action:
    """What to do about a customer: never an ask where the decision is none, nor care for who may not have it."""
    if isinstance(verdict.decision, Send):
        return Action.ASK
    action = _ACTIONS[verdict.gate] if verdict.gate else Action.WAIT
    uncared = action is not Action.REPAIR and any(each.code in _LEFT_ALONE for each in verdict.why)
    return Action.WAIT if uncared else action


class CareKind(StrEnum):
    """The kinds of care, the most important first."""

    REPAIR = "repair"
    BIRTHDAY = "birthday"
    THANKS = "thanks"
    ANNIVERSARY = "anniversary"
    RECOGNISE = "recognise"
    SURVEY = "survey"
    EASIER = "easier"
    EARLY = "early"
    SILENCE = "silence"

    @property
    def action(self) -> Action:
        """What it does for a customer."""
        return _DOES.get(self, Action.CARE)


_DOES: Mapping[CareKind, Action] = {
    CareKind.REPAIR: Action.REPAIR,
    CareKind.RECOGNISE: Action.RECOGNISE,
    CareKind.EASIER: Action.EASIER,
}
MARKETING = frozenset(CareKind) - {CareKind.REPAIR, CareKind.THANKS, CareKind.SURVEY}
"""Care that we wish to give, so that it needs consent and is not for the holdout; the rest is service."""

UNCOUNTED = frozenset({CareKind.REPAIR, CareKind.THANKS})
"""What we owe: no cap stands against it, nor does it use one up."""

DATED = frozenset({CareKind.BIRTHDAY, CareKind.ANNIVERSARY})
"""What is for one day, and over with it."""


class CareState(StrEnum):
    """On a rep's list, in the desk's queue, said or done, or over without it."""

    LISTED = "listed"
    QUEUED = "queued"
    SENT = "sent"
    ENDED = "ended"


OPEN = (CareState.LISTED, CareState.QUEUED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """One care for one person: nobody gets two of a `kind` for the same `ref`, nor has two that are open.

    `day` is the day in Shanghai that it is about, `value` the years or the score that its reason names; `outcome` tells
    what came of it.
    """

    id: str
    person: str
    kind: CareKind
    ref: str
    day: date
    state: CareState
    route: Route
    created_at: datetime
    planned_at: datetime
    value: str = ""
    rep: str | None = None
    words: str = ""
    expires_at: datetime | None = None
    sent_at: datetime | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What care knows of a customer besides what a decision does.

    `birthday` is `MM-DD`; `credited` are the referrals of theirs of which a friend bought lately and nobody has said a
    word to them, the oldest first; `early` is a campaign with something for them to see early; `had` are their cares.
    """

    birthday: str = ""
    credited: tuple[tuple[str, datetime], ...] = ()
    early: str | None = None
    had: tuple[Care, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that calls for care; `kind` and `ref` together come once."""

    kind: CareKind
    ref: str
    day: date
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Care that is due, how it travels, not before when, and when it is too late."""

    occasion: Occasion
    route: Route
    at: datetime
    until: datetime | None


class Cares(Protocol):
    """Where cares are kept, with who was born when, and when to look at whom (`look_at` only ever makes it earlier)."""

    def get(self, care: str) -> Care | None: ...
    def add(self, care: Care) -> bool: ...
    def save(self, care: Care) -> None: ...
    def open_of(self, person: str) -> list[Care]: ...
    def of_person(self, person: str) -> list[Care]: ...
    def lives(self, people: Sequence[str], since: datetime) -> Mapping[str, Life]: ...
    def on_list(self, rep: str, now: datetime) -> list[Care]: ...
    def listed_since(self, since: datetime) -> Mapping[str, int]: ...
    def reps_waiting(self, at: datetime) -> list[str]: ...
    def run_out(self, now: datetime, limit: int) -> list[Care]: ...
    def due(self, now: datetime, limit: int) -> list[str]: ...
    def born_on(self, birthdays: Sequence[str], after: str, limit: int) -> list[str]: ...
    def look_at(self, person: str, at: datetime) -> None: ...
    def looked(self, person: str, again: datetime) -> None: ...
