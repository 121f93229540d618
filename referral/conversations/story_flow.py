"""The telling of a story as a pure function: what is heard while one is written, and what follows.

Nothing is published by what happens here: handing a story in is asked for in so many words, and only a clear choice of
how it is to be signed counts as the licence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from referral.conversations import story_heard
from referral.conversations.actions import Action, Say
from referral.conversations.heard import (
    Answered,
    AskedForPerson,
    AskedProgress,
    AskedRules,
    AskedToRecommend,
    AskedWhy,
    Greeted,
    Heard,
    Stopped,
    TypedCode,
    hear,
    plain,
)
from referral.conversations.story_actions import (
    AskLicence,
    BeginStory,
    DropStory,
    HandIn,
    TakeBack,
    TakePhoto,
    TellStory,
    WriteDown,
)
from referral.conversations.story_heard import (
    AskedToWrite,
    Dropped,
    Licensed,
    NotYet,
    OfStory,
    SentElse,
    SentPhoto,
    TookBack,
    Unclear,
    WroteOn,
)
from referral.stories import LEAST_LETTERS, MOST_LETTERS, MOST_PHOTOS, MOST_WAITING

QUIET_FOR = timedelta(seconds=10)
"""Pieces that come one after another are not each answered: nine photos get one line."""

_SHORT = 8
"""Letters of words that may still be meant for the chat; what is longer belongs to the story."""

_FOR_THE_CHAT = (AskedToRecommend, AskedProgress, AskedRules, AskedWhy, AskedForPerson, Greeted, TypedCode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How far somebody's draft is; `asked` while the question of the licence is open."""

    letters: int
    photos: int
    asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryDesk:
    """What the chat must know to talk of stories: the draft, how many wait to be read, and whether there may be any."""

    writing: Writing | None = None
    waiting: int = 0
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What was last said of a piece that came, and when."""

    key: str
    at: datetime

    @classmethod
    def read(cls, kept: object) -> Noted | None:
        """What was kept; None for anything unreadable."""
        match kept:
            case {"key": str(key), "at": str(at)}:
                return cls(key=key, at=datetime.fromisoformat(at))
            case _:
                return None

    def keep(self) -> dict[str, str]:
        """As plain JSON."""
        return {"key": self.key, "at": self.at.isoformat()}


def hear_writing(text: str, *, menu: str | None, kind: str, media: str, asked: bool) -> Heard:
    """What somebody means who is writing a story: mostly the story. A wish for silence wins here too."""
    if kind != "text":
        return SentPhoto(media) if kind == "image" and media else SentElse()
    meant, said = hear(text, menu=menu), plain(text)
    if menu or isinstance(meant, Stopped | OfStory):
        return meant
    if short := story_heard.meant_while_writing(said, asked=asked):
        return short
    if asked and isinstance(meant, Answered):
        return Unclear() if meant.yes else NotYet()
    if isinstance(meant, _FOR_THE_CHAT) and len(said) <= _SHORT:
        return meant
    return WroteOn(text)


def follow(heard: OfStory, desk: StoryDesk, noted: Noted | None, now: datetime) -> tuple[Noted | None, list[Action]]:
    """What follows from words about a story, and what was last said of a piece."""
    if isinstance(heard, TookBack):
        return noted, [TakeBack(heard.story)]
    if isinstance(heard, AskedToWrite):
        return None, _begin(desk)
    if desk.writing is None:
        return noted, [Say("story.none")]
    if isinstance(heard, WroteOn | SentPhoto | SentElse):
        return _take(heard, desk.writing, noted, now)
    return noted, _finish(heard, desk.writing)


def _begin(desk: StoryDesk) -> list[Action]:
    if desk.closed:
        return [Say("story.closed")]
    if desk.writing is None and desk.waiting >= MOST_WAITING:
        return [Say("story.enough")]
    return [BeginStory(), TellStory("story.resume" if desk.writing else "story.begin")]


def _take(
    heard: WroteOn | SentPhoto | SentElse, writing: Writing, noted: Noted | None, now: datetime
) -> tuple[Noted | None, list[Action]]:
    """Keep a piece if there is room for it, and say so, unless it was said a moment ago."""
    kept: list[Action] = []
    match heard:
        case SentElse():
            key = "story.media"
        case SentPhoto(media=media):
            key = "story.noted" if writing.photos < MOST_PHOTOS else "story.photos_full"
            kept = [TakePhoto(media)]
        case WroteOn(text=text):
            key = "story.noted" if writing.letters + len(text) <= MOST_LETTERS else "story.full"
            kept = [WriteDown(text)]
    if key != "story.noted":
        kept = []
    if noted and noted.key == key and now - noted.at < QUIET_FOR:
        return noted, kept
    return Noted(key=key, at=now), [*kept, TellStory(key)]


def _finish(heard: OfStory, writing: Writing) -> list[Action]:
    match heard:
        case Dropped():
            return [DropStory(), Say("story.dropped")]
        case NotYet():
            return [Say("story.waits")]
        case Licensed(signed=signed) if writing.asked:
            return [HandIn(signed), Say("story.sent")]
        case Unclear():
            return [AskLicence("story.choose")]
        case _ if writing.letters < LEAST_LETTERS:
            return [TellStory("story.short")]
        case _:
            return [AskLicence("story.licence")]
