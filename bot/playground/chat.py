"""The sandbox's log as one phone shows it: bubbles, notes and cards. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bot.sandbox.shop import OCCASIONS
from bot.sandbox.state import Line

SHOWN = 80  # bubbles when a phone is first looked at
_LINK = re.compile(r"https?://[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]+")
_ITEM = "· "
_LANDING = re.compile(r"/[iI]/[0-9A-Za-z]+")
_ORDER = re.compile(r"(?P<no>.+?) (?P<back>退 )?(?P<fen>\d+) 分", re.DOTALL)
_OCCASIONS = {occasion.word: act for act, occasion in OCCASIONS.items()}
_SAID = frozenset(("text", "image", "voice", "video", "file", "menu", "link", "card", "template_card", "news"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text; with `url` a link, which a phone opens or, where it leads to a landing page, scans."""

    text: str
    url: str = ""
    is_landing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One thing on the phone. `look` is mine, theirs, note, page or card; `items` are a menu's words to tap."""

    place: int
    look: str
    at: str
    who: str = ""
    note: str = ""
    values: Mapping[str, str] | None = None
    pieces: Sequence[Piece] = ()
    image: str = ""
    items: Sequence[str] = ()
    url: str = ""
    lead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the log does not say: people's nicknames, and the addresses at which the bot itself is reached."""

    names: Mapping[str, str]
    own: Sequence[str]

    def path(self, url: str) -> str:
        """An address of ours without its host, so that it opens under whatever name the page has; else nothing."""
        return next((f"/{url.removeprefix(base).lstrip('/')}" for base in self.own if url.startswith(f"{base}/")), "")


def bubbles(lines: Sequence[Line], first: int, persona: str, around: Around) -> list[Bubble]:
    """What of the lines, whose first has the place `first`, `persona` sees."""
    found = (_bubble(line, first + offset, persona, around) for offset, line in enumerate(lines))
    return [bubble for bubble in found if bubble]


def _bubble(line: Line, place: int, persona: str, around: Around) -> Bubble | None:
    if persona not in (line.speaker, line.to):
        return None
    at, mine = line.at[5:16].replace("T", " "), line.speaker == persona
    other = around.names.get(line.to if mine else line.speaker, "")
    if line.kind == "view":
        page = around.path(line.url) if line.to == "platform" else f"/sandbox/shown/{quote(persona)}"
        return Bubble(place=place, look="page", at=at, lead=line.text, url=page)
    if line.kind == "order":
        return Bubble(place=place, look="note", at=at, note="bought", values=_order(line.text))
    if line.kind in ("card", "template_card", "news"):
        title, _, rest = line.text.partition("\n")
        return Bubble(
            place=place, look="card", at=at, lead=title, pieces=(Piece(text=rest),), url=around.path(line.url)
        )
    if line.kind in _SAID or line.kind == "welcome":
        return _said(line, place, "mine" if mine else "theirs", at, other, around)
    return Bubble(place=place, look="note", at=at, note=_note(line.kind, mine=mine), values={"who": other or line.to})


def _said(line: Line, place: int, look: str, at: str, other: str, around: Around) -> Bubble:
    words = [each for each in line.text.split("\n") if each.startswith(_ITEM)] if line.kind == "menu" else []
    text = "\n".join(each for each in line.text.split("\n") if each not in words)
    picture = line.url if line.kind == "image" else ""
    return Bubble(
        place=place,
        look=look,
        at=at,
        who=other,
        pieces=_pieces(text or ("" if picture else f"[{line.kind}]"), around),
        image=around.path(picture),
        items=[each.removeprefix(_ITEM) for each in words],
    )


def _pieces(text: str, around: Around) -> tuple[Piece, ...]:
    found: list[Piece] = []
    done = 0
    for link in _LINK.finditer(text):
        found.append(Piece(text=text[done : link.start()]))
        url = around.path(link[0])
        found.append(Piece(text=link[0], url=url, is_landing=bool(_LANDING.fullmatch(url))))
        done = link.end()
    found.append(Piece(text=text[done:]))
    return tuple(piece for piece in found if piece.text)


def _order(text: str) -> Mapping[str, str]:
    word, _, what = text.partition("：")
    if word in _OCCASIONS:
        return {"kind": _OCCASIONS[word], "what": what}
    told = _ORDER.fullmatch(text)
    if told is None:
        return {"kind": "buy", "what": text}
    return {"kind": "refund" if told["back"] else "buy", "what": told["no"], "yuan": f"{int(told['fen']) / 100:g}"}


def _note(kind: str, *, mine: bool) -> str:
    if kind in ("add", "delete", "enter", "finish"):
        return f"{kind}.{'mine' if mine else 'theirs'}"
    return "other"
