"""What may follow from what was heard about a story: plain values, performed by whoever runs the chat."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoryAction:
    """Anything that concerns a story."""


@dataclass(frozen=True, slots=True)
class BeginStory(StoryAction):
    """Begin a draft, or go on with the one there is."""


@dataclass(frozen=True, slots=True)
class WriteDown(StoryAction):
    """Add a piece to the draft."""

    text: str


@dataclass(frozen=True, slots=True)
class TakePhoto(StoryAction):
    """Add a photo to the draft."""

    media: str


@dataclass(frozen=True, slots=True)
class TellStory(StoryAction):
    """Say a line about the draft, with how much there is, and how to finish."""

    key: str


@dataclass(frozen=True, slots=True)
class AskLicence(StoryAction):
    """Ask for the licence, in full or, a second time, for the choice alone."""

    key: str


@dataclass(frozen=True, slots=True)
class HandIn(StoryAction):
    """Keep the licence and hand the draft in."""

    signed: bool


@dataclass(frozen=True, slots=True)
class DropStory(StoryAction):
    """Throw the draft away."""


@dataclass(frozen=True, slots=True)
class TakeBack(StoryAction):
    """Take down what was handed in: one story, all of them, or whichever it is."""

    story: str
