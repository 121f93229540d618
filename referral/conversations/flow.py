"""The flow of a desk chat: from its state and what was heard to its next state and a list of actions.

Whoever performs the actions looks up codes, posters and counts; nothing here reads or sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from referral.conversations.actions import (
    Action,
    AddToAppeal,
    AskDisclosure,
    AskPermission,
    AskSurvey,
    AskWhich,
    AskWhichAppeal,
    CallPerson,
    CountMiss,
    Disclose,
    GivePoster,
    KeepPermission,
    KeepScore,
    LeaveInPeace,
    NoteAge,
    NoteDeclared,
    OpenAppeal,
    Say,
    SetByline,
    SetPersonal,
    ShowMenu,
    StopReminders,
    TellFriends,
    TellProgress,
    TellRules,
    TellWhen,
    TellWhy,
    TouchCode,
)
from referral.conversations.heard import (
    Answered,
    Appealed,
    AskedForPerson,
    AskedFriends,
    AskedProgress,
    AskedRules,
    AskedSigning,
    AskedSurvey,
    AskedToRecommend,
    AskedWhen,
    AskedWhy,
    ChoseByline,
    Claimed,
    Declared,
    GavePermission,
    Greeted,
    Heard,
    MistypedCode,
    Praised,
    PutOff,
    Resumed,
    SaidAge,
    SaidOther,
    Scored,
    SentMedia,
    Stopped,
    SwitchedPersonal,
    TypedCode,
    WasPolite,
)
from referral.conversations.story_flow import Noted, StoryDesk, follow
from referral.conversations.story_heard import OfStory
from referral.conversations.thanks_actions import ChooseForm, ChooseNamed, TellPoints
from referral.conversations.thanks_heard import NamedForm, OfThanks, TookForm
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
    was_asked: bool = False
    """Whether this customer was asked through the desk in the last 48 hours, and has not answered yet."""
    may_ask_permission: bool = False
    """Whether this customer may be asked if they want to hear of anything (`referral.floor`)."""
    has_something_to_rate: bool = False
    """Whether this customer got something lately and has not said since how it was."""
    story: StoryDesk = field(default_factory=StoryDesk)
    """What stands between this customer and a story of their own."""
    may_choose: bool = False
    """Whether a thanks is held of which this customer may still choose the form."""
    disputes: int = 0
    """How many things do not count that a colleague could look at again."""
    appealed: bool = False
    """Whether this customer asked for that within the last day, and nobody has answered yet."""
    says_much: bool = False
    """Whether they wrote more than a word or two."""
    is_minor: bool = False
    """Whether this customer is known to be a minor: nothing of ours is for them."""
    was_thanked: bool = False
    """Whether kind words of theirs were answered today."""


PERMISSION, SURVEY = "consent", "survey"
"""Questions that are not about a referral, as `Chat.question` names them."""

SURVEY_AGAIN = timedelta(days=30)
"""How long an unanswered survey is not asked again."""

ANSWERED_WITHIN = timedelta(hours=48)
"""For how long a typed word may answer the last question; a tapped one names what it answers."""

APPEALED_WITHIN = timedelta(hours=24)
"""For how long 人工 after an explanation means that a colleague is to look at what was explained."""

HANDED_FOR = timedelta(hours=24)
"""For how long a colleague is taken to be at it: meanwhile other talk gets no second polite line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Where one desk chat stands."""

    handed_at: datetime | None = None
    question: str | None = None
    just_asked: bool = False
    survey_at: datetime | None = None
    question_at: datetime | None = None
    noted: Noted | None = None
    explained_at: datetime | None = None
    which_at: datetime | None = None

    @classmethod
    def read(cls, kept: Mapping[str, object]) -> Chat:
        """The state as it was kept; anything unreadable is left out."""
        question = kept.get("question")
        return cls(
            handed_at=_moment(kept.get("handed_at")),
            question=question if isinstance(question, str) else None,
            just_asked=kept.get("just_asked") is True,
            survey_at=_moment(kept.get("survey_at")),
            question_at=_moment(kept.get("question_at")),
            noted=Noted.read(kept.get("noted")),
            explained_at=_moment(kept.get("explained_at")),
            which_at=_moment(kept.get("which_at")),
        )

    def keep(self) -> dict[str, object]:
        """The state as plain JSON."""
        handed = self.handed_at.isoformat() if self.handed_at else None
        survey = self.survey_at.isoformat() if self.survey_at else None
        return {
            "handed_at": handed,
            "question": self.question,
            "just_asked": self.just_asked,
            "survey_at": survey,
            "question_at": self.question_at.isoformat() if self.question_at else None,
            "noted": self.noted.keep() if self.noted else None,
            "explained_at": self.explained_at.isoformat() if self.explained_at else None,
            "which_at": self.which_at.isoformat() if self.which_at else None,
        }


class Chats(Protocol):
    """Where the state of each desk chat is kept, as plain JSON."""

    def get(self, desk: str, person: str) -> Mapping[str, object]: ...
    def save(self, desk: str, person: str, state: Mapping[str, object], now: datetime) -> None: ...


def step(chat: Chat, heard: Heard, situation: Situation, now: datetime) -> tuple[Chat, list[Action]]:
    """What follows from what was heard: the chat's next state, and what to do, in order."""
    if chat.question and (chat.question_at is None or now - chat.question_at >= ANSWERED_WITHIN):
        chat = replace(chat, question=None)
    before = chat.question
    answered = _told_more(chat, heard, situation, now) or _answer(chat, heard, situation, now)
    chat, actions = _asked(*answered, heard, situation, now)
    return (replace(chat, question_at=now) if chat.question and chat.question != before else chat), actions


def _asked(
    chat: Chat, actions: list[Action], heard: Heard, situation: Situation, now: datetime
) -> tuple[Chat, list[Action]]:
    """The question of ours that goes along with an answer, if there is one to ask; nobody is asked while they write."""
    if isinstance(heard, OfStory):
        return replace(chat, just_asked=False), actions
    if situation.question and not isinstance(heard, Stopped | Answered | AskedForPerson | Appealed):
        asked = replace(chat, question=situation.question, just_asked=True)
        return asked, [*actions, AskDisclosure(situation.question)]
    if _is_with_colleague(chat, now):
        return replace(chat, just_asked=False), actions
    if situation.may_ask_permission and _is_pleased(heard):
        return replace(chat, question=PERMISSION, just_asked=True), [*actions, AskPermission()]
    if situation.has_something_to_rate and isinstance(heard, _IDLE_TALK) and _may_survey(chat, now):
        return replace(chat, question=SURVEY, just_asked=True, survey_at=now), [*actions, AskSurvey()]
    return replace(chat, just_asked=False), actions


def _answer(chat: Chat, heard: Heard, situation: Situation, now: datetime) -> tuple[Chat, list[Action]]:
    match heard:
        case Stopped():
            return Chat(), [StopReminders(), Say("optout.done")]
        case Resumed() | GavePermission() | AskedSurvey() | Scored() | PutOff():
            return _of_writing(chat, heard, now)
        case AskedToRecommend():
            return chat, [_poster(situation)]
        case AskedRules():
            return chat, [TellRules()] if situation.campaign_runs else [Say("campaign.none")]
        case AskedForPerson() | Appealed():
            return _to_a_person(chat, heard, situation, now)
        case AskedWhy() | AskedFriends() | AskedWhen():
            return replace(chat, explained_at=now), [_EXPLAINS[type(heard)]]
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
            if situation.was_asked and not (referral or last):
                return _to_the_ask(chat, situation, yes=yes)
            return _answered(chat, referral or last, yes, now)
        case AskedProgress() | AskedSigning() | Declared() | Greeted() | WasPolite():
            return chat, list(_AT_ONCE[type(heard)])
        case SentMedia(kind=kind):
            return chat, [Say("person.voice" if kind == "voice" else "person.picture")]
        case OfStory() | OfThanks() | SwitchedPersonal() | SaidAge() | Praised():
            return _of_their_own(chat, heard, situation, now)
        case SaidOther():
            return _hand_over(chat, now)


def _poster(situation: Situation) -> Action:
    if situation.is_minor:
        return Say("age.adults_only")
    return GivePoster(again=situation.has_code) if situation.campaign_runs else Say("campaign.none")


def _of_their_own(
    chat: Chat, heard: OfStory | OfThanks | SwitchedPersonal | SaidAge | Praised, situation: Situation, now: datetime
) -> tuple[Chat, list[Action]]:
    match heard:
        case OfThanks():
            return _of_thanks(chat, heard, situation, now)
        case SwitchedPersonal(on=on):
            return chat, [SetPersonal(on), Say("personal.on" if on else "personal.off")]
        case SaidAge(minor=minor):
            return chat, [NoteAge(minor), Say("age.minor" if minor else "age.adult")]
        case Praised():
            return chat, [] if situation.was_thanked or _is_with_colleague(chat, now) else [Say("person.praised")]
        case OfStory():
            noted, actions = follow(heard, situation.story, chat.noted, now)
            return replace(chat, noted=noted), actions


def _of_thanks(chat: Chat, heard: OfThanks, situation: Situation, now: datetime) -> tuple[Chat, list[Action]]:
    """A form or points; 选… where nothing is to be chosen from is other talk."""
    match heard:
        case TookForm(reward=reward, number=number):
            return chat, [ChooseForm(reward, number)]
        case NamedForm(word=word):
            return (chat, [ChooseNamed(word)]) if situation.may_choose else _hand_over(chat, now)
        case _:
            return chat, [TellPoints()]


_AT_ONCE: dict[type, tuple[Action, ...]] = {
    AskedProgress: (TellProgress(),),
    AskedSigning: (ShowMenu("poster.sign_ask"),),
    Declared: (NoteDeclared(), Say("poster.declared")),
    Greeted: (ShowMenu("menu.head"),),
    WasPolite: (),
}
_EXPLAINS: dict[type, Action] = {AskedWhy: TellWhy(), AskedFriends: TellFriends(), AskedWhen: TellWhen()}
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


def _to_a_person(
    chat: Chat, heard: AskedForPerson | Appealed, situation: Situation, now: datetime
) -> tuple[Chat, list[Action]]:
    """人工; after an explanation it means that a colleague is to look at what was explained, of several at which."""
    asked = _lately(chat.which_at, now)
    if not (asked or _lately(chat.explained_at, now) or isinstance(heard, Appealed)):
        return replace(chat, handed_at=now, explained_at=None), [Say("person.handed"), CallPerson(session=True)]
    about = heard.about if isinstance(heard, Appealed) else None
    if about is None and situation.disputes > 1:
        return _appeal(chat, "", now) if asked else (replace(chat, which_at=now), [AskWhichAppeal()])
    return _appeal(chat, about, now)


def _appeal(chat: Chat, about: str | None, now: datetime) -> tuple[Chat, list[Action]]:
    return replace(chat, handed_at=now, explained_at=None, which_at=None), [OpenAppeal(about)]


def _told_more(chat: Chat, heard: Heard, situation: Situation, now: datetime) -> tuple[Chat, list[Action]] | None:
    """Words for the colleague who is to look again, rather than a question to us; None for anything else."""
    if not (isinstance(heard, SaidOther) or (situation.says_much and isinstance(heard, _OF_THE_MATTER))):
        return None
    if _lately(chat.which_at, now):
        return _appeal(chat, "", now)
    return (chat, [AddToAppeal()]) if situation.appealed else None


_OF_THE_MATTER = (AskedWhy, AskedFriends, AskedWhen, Claimed)


def _lately(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at < APPEALED_WITHIN


def _disclosed(chat: Chat, referral: str | None, yes: bool, now: datetime) -> tuple[Chat, list[Action]]:
    if referral is None:
        return (chat, []) if yes else _hand_over(chat, now)
    answered: list[Action] = [Disclose(referral, yes), Say("privacy.yes" if yes else "privacy.no")]
    return replace(chat, question=None), answered


def _of_writing(
    chat: Chat, heard: Resumed | GavePermission | AskedSurvey | Scored | PutOff, now: datetime
) -> tuple[Chat, list[Action]]:
    """What concerns our own asking: permission, surveys, and not now."""
    match heard:
        case Resumed():
            return replace(chat, question=None), [KeepPermission(yes=True), Say("consent.resumed")]
        case GavePermission(yes=yes):
            return _permitted(chat, yes)
        case AskedSurvey():
            return replace(chat, question=SURVEY, survey_at=now), [AskSurvey()]
        case Scored(score=score, clear=clear):
            return _scored(chat, score, now) if clear or chat.question == SURVEY else _hand_over(chat, now)
        case PutOff():
            return chat, [LeaveInPeace(), Say("nudge.put_off")]


def _to_the_ask(chat: Chat, situation: Situation, *, yes: bool) -> tuple[Chat, list[Action]]:
    """好的 or 不用, to whether they would like a poster."""
    if not yes:
        return chat, [LeaveInPeace(), Say("nudge.put_off")]
    return chat, [_poster(situation)]


def _answered(chat: Chat, question: str | None, yes: bool, now: datetime) -> tuple[Chat, list[Action]]:
    """A yes or no, to the question that it answers."""
    if question == PERMISSION:
        return _permitted(chat, yes)
    if question == SURVEY:
        return replace(chat, question=None), []
    return _disclosed(chat, question, yes, now)


def _permitted(chat: Chat, yes: bool) -> tuple[Chat, list[Action]]:
    return replace(chat, question=None), [KeepPermission(yes), Say("consent.granted" if yes else "consent.refused")]


def _scored(chat: Chat, score: int, now: datetime) -> tuple[Chat, list[Action]]:
    """A survey's answer: thanked alike whatever it is (reliability R12)."""
    if not 0 <= score <= 10:
        return replace(chat, question=SURVEY, survey_at=now), [Say("survey.again")]
    return replace(chat, question=None), [Say("survey.thanks"), KeepScore(score)]


def _is_pleased(heard: Heard) -> bool:
    """Whether this is a contact at which a question of ours is no burden."""
    if isinstance(heard, Scored):
        return 7 <= heard.score <= 10
    return isinstance(heard, AskedToRecommend | AskedProgress | Greeted | Praised)


_IDLE_TALK = (Greeted, AskedProgress)


def _may_survey(chat: Chat, now: datetime) -> bool:
    return chat.survey_at is None or now - chat.survey_at >= SURVEY_AGAIN


def _moment(kept: object) -> datetime | None:
    return datetime.fromisoformat(kept) if isinstance(kept, str) else None


def _is_with_colleague(chat: Chat, now: datetime) -> bool:
    return chat.handed_at is not None and now - chat.handed_at < HANDED_FOR


def _hand_over(chat: Chat, now: datetime) -> tuple[Chat, list[Action]]:
    """Other talk goes to a person, once, politely; while a colleague is at it the bot keeps quiet."""
    if _is_with_colleague(chat, now):
        return chat, []
    return replace(chat, handed_at=now), [Say("person.handed"), CallPerson(session=False)]
