"""What a rep may write to the app, and how it is understood: `read` turns a message into one command.

Width, case, spaces, quotes and invisible characters do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from referral.rep_notes import Noted


@dataclass(frozen=True, slots=True)
class WantsList:
    """名单: whom to ask today."""


@dataclass(frozen=True, slots=True)
class WantsCampaigns:
    """活动: what runs."""


@dataclass(frozen=True, slots=True)
class WantsResults:
    """业绩: her own figures."""


@dataclass(frozen=True, slots=True)
class WantsHelp:
    """帮助."""


@dataclass(frozen=True, slots=True)
class WantsCampaign:
    """新活动 OFFER: a campaign is to begin; an empty offer asks which there are."""

    offer: str


@dataclass(frozen=True, slots=True)
class AskedAbout:
    """客户 NAME: how a customer stands; the name may be empty."""

    name: str


@dataclass(frozen=True, slots=True)
class WantsPoster:
    """海报 NAME: a customer has asked for a poster; the name may be empty."""

    name: str


@dataclass(frozen=True, slots=True)
class NotesDown:
    """记好评 NAME, 记投诉 NAME, 投诉了结 NAME: what a customer said to the rep; the name may be empty."""

    what: Noted
    name: str


@dataclass(frozen=True, slots=True)
class Answered:
    """同意 HANDLE, 不同意 HANDLE REASON: the handle as `handle_of` reads it, empty where none was written."""

    yes: bool
    handle: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WantsApprovals:
    """待批: what waits for a manager's yes."""


@dataclass(frozen=True, slots=True)
class WantsClaims:
    """介绍: which friends say who introduced them."""


@dataclass(frozen=True, slots=True)
class ConfirmsClaim:
    """确认 HANDLE: who is meant, by place on the list, code or name; all that follows the word."""

    rest: str


@dataclass(frozen=True, slots=True)
class RefusesClaim:
    """不算 HANDLE REASON; all that follows the word."""

    rest: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Anything else."""


Command = (
    WantsList
    | WantsCampaigns
    | WantsResults
    | WantsHelp
    | WantsCampaign
    | AskedAbout
    | WantsPoster
    | NotesDown
    | Answered
    | WantsApprovals
    | WantsClaims
    | ConfirmsClaim
    | RefusesClaim
    | NotUnderstood
)

_AROUND = " \t\r\n「」『』《》〈〉【】<>()[]{}“”‘’\"'`:,.。、，！!?？~～;；·-—"
_ALONE: dict[str, Command] = {
    "名单": WantsList(),
    "活动": WantsCampaigns(),
    "业绩": WantsResults(),
    "介绍": WantsClaims(),
    "待批": WantsApprovals(),
    "待审批": WantsApprovals(),
    "帮助": WantsHelp(),
    "help": WantsHelp(),
    "?": WantsHelp(),
}
_SENTENCE = re.compile(r"[,。;!?]")
NOTES = {Noted.PRAISE: "记好评", Noted.COMPLAINT: "记投诉", Noted.RESOLVED: "投诉了结"}
"""The word that notes each of them down."""

_NOTED = {word: what for what, word in NOTES.items()}
_SPACED = r"\s*".join
_WITH_MORE = re.compile(
    rf"^({'|'.join(map(_SPACED, ('新活动', '客户', '海报', *_NOTED, '不同意', '同意', '确认', '不算')))})(.*)$",
    re.DOTALL,
)
_HANDLED = re.compile(r"[0-9A-Za-z]{4}(?![0-9A-Za-z])")
_ANSWERED = re.compile(r"([0-9A-Za-z]{4,16})(?![0-9A-Za-z])(.*)", re.DOTALL)
_MISREAD = str.maketrans("OIL", "011")


def read(text: str) -> Command:
    """What a rep means by a text message."""
    said = visible(text)
    whole = _without_spaces(_bare(said))
    if alone := _ALONE.get(whole.casefold()):
        return alone
    found = _WITH_MORE.match(said.lstrip(_AROUND))
    if found is None:
        return NotUnderstood()
    word, rest = _without_spaces(found[1]), found[2]
    named = word == "不同意" and _ANSWERED.match(rest)
    return NotUnderstood() if not named and _goes_on(rest) else _command(word, rest)


def _goes_on(rest: str) -> bool:
    """Whether the word only begins a sentence, as in 客户说今天来不了，改到明天: nobody is called so."""
    return rest[:1] not in (*_AROUND, "") and _SENTENCE.search(_bare(rest)) is not None


def visible(text: str) -> str:
    """The text in its plain width, line breaks as spaces, without what cannot be seen."""
    plain = unicodedata.normalize("NFKC", " ".join(text.split()))
    return "".join(each for each in plain if unicodedata.category(each) not in {"Cc", "Cf", "Cs"})


def handle_of(text: str) -> str:
    """A handle as it was given out: capitals and digits only, `O` read as 0, `I` and `L` as 1."""
    return "".join(each for each in visible(text).upper() if each.isalnum()).translate(_MISREAD)


def _command(word: str, rest: str) -> Command:
    match word:
        case "新活动":
            return WantsCampaign(_bare(rest))
        case "客户":
            return AskedAbout(_bare(rest))
        case "海报":
            return WantsPoster(_bare(rest))
        case "记好评" | "记投诉" | "投诉了结":
            return NotesDown(_NOTED[word], _bare(rest))
        case "确认" | "不算":
            return _of_claim(word, rest.strip(_AROUND))
        case _:
            return _answer(word == "同意", rest.strip(_AROUND))


def _answer(yes: bool, rest: str) -> Command:
    """A handle, and after a no the reason; a yes with more words is none. Spaces within a handle do not matter."""
    found = None if yes else _ANSWERED.fullmatch(rest)
    if found:
        return Answered(yes=yes, handle=handle_of(found[1]), reason=found[2].strip(_AROUND))
    return Answered(yes=yes, handle=handle_of(rest))


def _of_claim(word: str, rest: str) -> Command:
    """Without a handle it is talk, as in 确认收到; the word alone asks what there is."""
    if not rest:
        return WantsClaims()
    if not _HANDLED.match(rest):
        return NotUnderstood()
    return ConfirmsClaim(rest) if word == "确认" else RefusesClaim(rest)


def _bare(text: str) -> str:
    """Without quotes and marks around it, unless it consists of nothing else."""
    return text.strip(_AROUND) or text.strip()


def _without_spaces(text: str) -> str:
    return "".join(text.split())
