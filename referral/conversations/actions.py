"""What may follow from what was heard: plain values, performed by whoever runs the chat."""

from __future__ import annotations

from dataclasses import dataclass

from referral.conversations.story_actions import StoryAction
from referral.conversations.thanks_actions import ThanksAction
from referral.people import Byline


@dataclass(frozen=True, slots=True)
class Say:
    """Say a line of the chat copy; the values it names are looked up."""

    key: str


@dataclass(frozen=True, slots=True)
class GivePoster:
    """The poster, the words alone, and a short menu."""

    again: bool


@dataclass(frozen=True, slots=True)
class TellProgress:
    """Friends and thanks, counted and listed."""


@dataclass(frozen=True, slots=True)
class TellRules:
    """The rules in one bubble."""


@dataclass(frozen=True, slots=True)
class TellWhy:
    """The reasons of what stands, one sentence each."""


@dataclass(frozen=True, slots=True)
class TellFriends:
    """Where each friend stands, a few one by one."""


@dataclass(frozen=True, slots=True)
class TellWhen:
    """When the thanks come."""


@dataclass(frozen=True, slots=True)
class OpenAppeal:
    """A colleague is to look again at what was explained, and gets the chat.

    `about` is as in an `Explanation`, empty for all of it, None for the one thing that there is.
    """

    about: str | None = None


@dataclass(frozen=True, slots=True)
class AskWhichAppeal:
    """Ask which of several things that do not count a colleague is to look at."""


@dataclass(frozen=True, slots=True)
class AddToAppeal:
    """Keep what was written with the appeal that was made before it."""


@dataclass(frozen=True, slots=True)
class ShowMenu:
    """The main menu, or the choice of signature."""

    key: str


@dataclass(frozen=True, slots=True)
class SetByline:
    """Keep how the advocate wants to appear."""

    byline: Byline


@dataclass(frozen=True, slots=True)
class StopReminders:
    """Record the wish and empty the queue."""


@dataclass(frozen=True, slots=True)
class CallPerson:
    """Let a colleague know; `session` also passes the chat itself on."""

    session: bool


@dataclass(frozen=True, slots=True)
class TouchCode:
    """Record that this person met a code."""

    code: str


@dataclass(frozen=True, slots=True)
class CountMiss:
    """Count a wrong code against the throttle."""


@dataclass(frozen=True, slots=True)
class NoteDeclared:
    """Keep that the advocate says it was passed on."""


@dataclass(frozen=True, slots=True)
class AskWhich:
    """Ask which advocate is meant; candidates are never listed."""

    name: str


@dataclass(frozen=True, slots=True)
class Disclose:
    """Keep the friend's answer, and tell the advocate on a yes."""

    referral: str
    yes: bool


@dataclass(frozen=True, slots=True)
class AskDisclosure:
    """Ask whether the advocate may know."""

    referral: str


@dataclass(frozen=True, slots=True)
class AskPermission:
    """Ask, once, whether we may tell them good news (征询)."""


@dataclass(frozen=True, slots=True)
class KeepPermission:
    """Keep what they said to being written to unasked."""

    yes: bool


@dataclass(frozen=True, slots=True)
class AskSurvey:
    """Ask how satisfied they are, 0-10."""


@dataclass(frozen=True, slots=True)
class KeepScore:
    """Keep a survey's answer; a low one is told to the rep, after a high one it may be right to ask."""

    score: int


@dataclass(frozen=True, slots=True)
class LeaveInPeace:
    """The ask was put off."""


@dataclass(frozen=True, slots=True)
class SetPersonal:
    """Switch on or off that what is known of this customer may weigh in when to write to them."""

    on: bool


@dataclass(frozen=True, slots=True)
class NoteAge:
    """Keep that this customer says to be a minor, or an adult."""

    minor: bool


Action = (
    Say
    | GivePoster
    | TellProgress
    | TellRules
    | TellWhy
    | TellFriends
    | TellWhen
    | OpenAppeal
    | AskWhichAppeal
    | AddToAppeal
    | ShowMenu
    | SetByline
    | StopReminders
    | CallPerson
    | TouchCode
    | CountMiss
    | NoteDeclared
    | AskWhich
    | Disclose
    | AskDisclosure
    | AskPermission
    | KeepPermission
    | AskSurvey
    | KeepScore
    | LeaveInPeace
    | SetPersonal
    | NoteAge
    | StoryAction
    | ThanksAction
)
