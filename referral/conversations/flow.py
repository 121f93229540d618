"""The flow of a desk chat: from its state and what was heard to its next state and a list of actions.

Whoever performs the actions looks up codes, posters and counts; nothing here reads or sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from referral.conversations.actions import (
    Action,
    AskDisclosure,
    AskWhich,
    CallPerson,
    CountMiss,
    Disclose,
    GivePoster,
    NoteDeclared,
    Say,
    SetByline,
    ShowMenu,
    StopReminders,
    TellProgress,
    TellRules,
    TellWhy,
    TouchCode,
)
from referral.conversations.heard import (
    Answered,
    AskedForPerson,
    AskedProgress,
    AskedRules,
    AskedSigning,
    AskedToRecommend,
    AskedWhy,
    ChoseByline,
    Claimed,
    Declared,
    Greeted,
    Heard,
    MistypedCode,
    SaidOther,
    SentMedia,
    Stopped,
    TypedCode,
    WasPolite,
)
from referral.people import Byline


class Standing(StrEnum):
    """What a typed code turned out to be for the person who typed it."""

    GOOD = "good"
    ALREADY = "already"
    CUSTOMER = "customer"
    OWN = "own"
    UNKNOWN = "unknown"
    NEAR = "near"
    ENDED = "ended"
    EARLY = "early"
    PAUSED = "paused"
    TRIES = "tries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the chat must know to answer: whether a campaign runs, and what a typed code is."""

    campaign_runs: bool
    has_code: bool = False
    standing: Standing | None = None
    question: str | None = None
    """The referral whose friend this person is, and who was never asked whether the advocate may know."""


HANDED_FOR = timedelta(hours=24)
"""For how long a colleague is taken to be at it: meanwhile other talk gets no second polite line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Where one desk chat stands."""

    handed_at: datetime | None = None
    question: str | None = None
    just_asked: bool = False

    @classmethod
    def read(cls, kept: Mapping[str, object]) -> Chat:
        """The state as it was kept; anything unreadable is left out."""
        handed, question = kept.get("handed_at"), kept.get("question")
        return cls(
            handed_at=datetime.fromisoformat(handed) if isinstance(handed, str) else None,
            question=question if isinstance(question, str) else None,
            just_asked=kept.get("just_asked") is True,
        )

    def keep(self) -> dict[str, object]:
        """The state as plain JSON."""
        handed = self.handed_at.isoformat() if self.handed_at else None
        return {"handed_at": handed, "question": self.question, "just_asked": self.just_asked}


def step(chat: Chat, heard: Heard, situation: Situation, now: datetime) -> tuple[Chat, list[Action]]:
    """What follows from what was heard: the chat's next state, and what to do, in order."""
    chat, actions = _answer(chat, heard, situation, now)
    if situation.question and not isinstance(heard, Stopped | Answered | AskedForPerson):
        asked = replace(chat, question=situation.question, just_asked=True)
        return asked, [*actions, AskDisclosure(situation.question)]
    return replace(chat, just_asked=False), actions


def _answer(chat: Chat, heard: Heard, situation: Situation, now: datetime) -> tuple[Chat, list[Action]]:
    match heard:
        case Stopped():
            return Chat(), [StopReminders(), Say("optout.done")]
        case AskedToRecommend():
            return chat, [GivePoster(again=situation.has_code)] if situation.campaign_runs else [Say("campaign.none")]
        case AskedRules():
            return chat, [TellRules()] if situation.campaign_runs else [Say("campaign.none")]
        case AskedForPerson():
            return replace(chat, handed_at=now), [Say("person.handed"), CallPerson(session=True)]
        case ChoseByline(byline=byline):
            return chat, [SetByline(byline), Say(_SIGNED[byline])]
        case TypedCode(code=code, otherwise=otherwise):
            standing = situation.standing or Standing.UNKNOWN
            if otherwise and standing in _NOT_A_CODE:
                return _answer(chat, otherwise, situation, now)
            return chat, _met(code, standing)
        case MistypedCode():
            return chat, _met("", situation.standing or Standing.UNKNOWN)
        case Claimed(name=name):
            return chat, [AskWhich(name)]
        case Answered(yes=yes, referral=referral, clear=clear):
            last = chat.question if clear or chat.just_asked else None
            return _disclosed(chat, referral or last, yes, now)
        case AskedProgress() | AskedWhy() | AskedSigning() | Declared() | Greeted() | WasPolite():
            return chat, list(_AT_ONCE[type(heard)])
        case SentMedia(kind=kind):
            return chat, [Say("person.voice" if kind == "voice" else "person.picture")]
        case SaidOther():
            return _hand_over(chat, now)


_AT_ONCE: dict[type, tuple[Action, ...]] = {
    AskedProgress: (TellProgress(),),
    AskedWhy: (TellWhy(),),
    AskedSigning: (ShowMenu("poster.sign_ask"),),
    Declared: (NoteDeclared(), Say("poster.declared")),
    Greeted: (ShowMenu("menu.head"),),
    WasPolite: (),
}
_SIGNED = {
    Byline.FACE: "poster.sign_face",
    Byline.NICKNAME: "poster.sign_name",
    Byline.NONE: "poster.sign_none",
}
_MET: dict[Standing, str] = {
    Standing.ALREADY: "code.already",
    Standing.CUSTOMER: "code.customer",
    Standing.OWN: "code.own",
    Standing.UNKNOWN: "code.unknown",
    Standing.NEAR: "code.suggestion",
    Standing.ENDED: "code.ended",
    Standing.EARLY: "code.early",
    Standing.PAUSED: "campaign.paused",
    Standing.TRIES: "code.tries",
}


_NOT_A_CODE = (Standing.UNKNOWN, Standing.NEAR, Standing.TRIES)


def _met(code: str, standing: Standing) -> list[Action]:
    if standing is Standing.GOOD:
        return [TouchCode(code), Say("code.accepted")]
    if standing is Standing.CUSTOMER:
        return [TouchCode(code), Say("code.customer")]
    if standing is Standing.ALREADY:
        return [TouchCode(code), Say("code.already")]
    said: list[Action] = [Say(_MET[standing])]
    return [CountMiss(), *said] if standing in (Standing.UNKNOWN, Standing.NEAR) else said


def _disclosed(chat: Chat, referral: str | None, yes: bool, now: datetime) -> tuple[Chat, list[Action]]:
    if referral is None:
        return (chat, []) if yes else _hand_over(chat, now)
    answered: list[Action] = [Disclose(referral, yes), Say("privacy.yes" if yes else "privacy.no")]
    return replace(chat, question=None), answered


def _hand_over(chat: Chat, now: datetime) -> tuple[Chat, list[Action]]:
    """Other talk goes to a person, once, politely; while a colleague is at it the bot keeps quiet."""
    if chat.handed_at and now - chat.handed_at < HANDED_FOR:
        return chat, []
    return replace(chat, handed_at=now), [Say("person.handed"), CallPerson(session=False)]
