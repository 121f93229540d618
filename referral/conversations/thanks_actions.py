"""What may follow from what was heard about thanks: plain values, performed by whoever runs the chat."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThanksAction:
    """Anything that concerns a thanks of their own."""


@dataclass(frozen=True, slots=True)
class TellPoints(ThanksAction):
    """How many points there are, what lapses next, and where they can be used."""


@dataclass(frozen=True, slots=True)
class ChooseNamed(ThanksAction):
    """Take the form that a word means."""

    word: str


@dataclass(frozen=True, slots=True)
class ChooseForm(ThanksAction):
    """Take the form of this number, counted from 0."""

    reward: str
    number: int
