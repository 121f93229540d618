"""What a rep may write to the app, and how it is understood: `read` turns a message into one command.

Width, case, spaces, quotes and invisible characters do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass


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
class Answered:
    """同意 HANDLE, 不同意 HANDLE: the handle as `handle_of` reads it, empty where none was written."""

    yes: bool
    handle: str


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
    | Answered
    | NotUnderstood
)

_AROUND = " \t\r\n「」『』《》〈〉【】<>()[]{}“”‘’\"'`:,.。、，！!?？~～;；·-—"
_ALONE: dict[str, Command] = {
    "名单": WantsList(),
    "活动": WantsCampaigns(),
    "业绩": WantsResults(),
    "帮助": WantsHelp(),
    "help": WantsHelp(),
    "?": WantsHelp(),
}
_SENTENCE = re.compile(r"[,。;!?]")
_SPACED = r"\s*".join
_WITH_MORE = re.compile(rf"^({'|'.join(map(_SPACED, ('新活动', '客户', '海报', '不同意', '同意')))})(.*)$", re.DOTALL)
_MISREAD = str.maketrans("OIL", "011")


def read(text: str) -> Command:
    """What a rep means by a text message."""
    said = visible(text)
    whole = _without_spaces(_bare(said))
    if alone := _ALONE.get(whole.casefold()):
        return alone
    found = _WITH_MORE.match(said.lstrip(_AROUND))
    if found is None or _goes_on(found[2]):
        return NotUnderstood()
    return _command(_without_spaces(found[1]), found[2])


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
        case _:
            return Answered(yes=word == "同意", handle=handle_of(rest))


def _bare(text: str) -> str:
    """Without quotes and marks around it, unless it consists of nothing else."""
    return text.strip(_AROUND) or text.strip()


def _without_spaces(text: str) -> str:
    return "".join(text.split())
